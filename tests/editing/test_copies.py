"""The autoencoder's own copy of a photo: what an edit is compared with, drawn once, and only where it is needed."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pix2pix import EditRequest, EditSession
from pix2pix.detail.upsampling import transfer
from pix2pix.photo import open_photo, to_canvas

REQUEST = EditRequest("make it snowy", num_inference_steps=1, seed=4)
PLAIN = replace(REQUEST, detail=False)


@pytest.fixture
def copied(monkeypatch):
    """How many photos were copied in each call of the decoder that draws copies."""
    from pix2pix.editing import batch

    numbers, redraw = [], batch.redraw

    def count(pipeline, image_latents, vae):
        numbers.append(len(image_latents))
        return redraw(pipeline, image_latents, vae)

    monkeypatch.setattr(batch, "redraw", count)
    return numbers


def test_a_photo_is_copied_once(tiny_editor, scene, copied):
    session = EditSession()
    first = tiny_editor.edit(scene, REQUEST, session=session)
    assert copied == [1]
    tiny_editor.edit(scene, replace(REQUEST, instruction="make it night"), session=session)
    assert tiny_editor.edit(scene, REQUEST, session=session).image.tobytes() == first.image.tobytes()
    assert copied == [1]
    tiny_editor.edit(scene.transpose(Image.Transpose.ROTATE_180), REQUEST, session=session)
    assert copied == [1, 1]


def test_without_detail_nothing_is_copied(tiny_editor, scene, copied):
    session = EditSession()
    tiny_editor.edit(scene, PLAIN, session=session)
    list(tiny_editor.edit_gallery([scene], PLAIN, session=session))
    assert copied == []
    assert len(session.copies) == 0


def test_new_photos_of_a_batch_are_copied_together(tiny_editor, scene, many, micro_batch, copied):
    session, alike = EditSession(), [photo for photo in many if photo.width > photo.height]
    tiny_editor.edit(alike[0], REQUEST, session=session)
    photos = [*alike[:3], alike[2], alike[2]]
    outcomes = list(tiny_editor.edit_gallery(photos, REQUEST, session=session))
    assert copied == [1, 2]
    for photo, outcome in zip(photos, outcomes, strict=True):
        alone = tiny_editor.edit(photo, REQUEST)
        assert np.abs(np.asarray(outcome.result.image, int) - np.asarray(alone.image, int)).max() <= 1


def test_a_gallery_that_is_remembered_copies_nothing_again(tiny_editor, many, micro_batch, copied):
    session = EditSession()
    first = list(tiny_editor.edit_gallery(many, REQUEST, session=session))
    assert sum(copied) == 8
    copied.clear()
    again = list(tiny_editor.edit_gallery(many, REQUEST, session=session))
    assert copied == []
    for one, other in zip(first, again, strict=True):
        assert one.result.image.tobytes() == other.result.image.tobytes()


def test_detail_that_is_asked_for_later_is_that_of_an_edit_alone(tiny_editor, scene):
    session = EditSession()
    list(tiny_editor.edit_gallery([scene], PLAIN, session=session))
    (outcome,) = tiny_editor.edit_gallery([scene], REQUEST, session=session)
    assert outcome.result.image.tobytes() == tiny_editor.edit(scene, REQUEST).image.tobytes()


def test_a_session_takes_its_copies_to_another_process(tiny_editor, scene, copied):
    session = EditSession()
    tiny_editor.edit(scene, REQUEST, session=session)
    there = pickle.loads(pickle.dumps(session.without_results()))
    tiny_editor.edit(scene, REQUEST, session=there)
    assert copied == [1]


def test_what_copies_weigh_is_bounded(tiny_editor, many):
    session = EditSession(max_drawing_bytes=2 * 40 * 28 * 3)
    for photo in many:
        tiny_editor.edit(photo, REQUEST, session=session)
    assert 1 <= len(session.copies) <= 2


def test_an_autoencoder_that_loses_nothing_leaves_the_transfer_from_the_canvas(tiny_editor, scene, monkeypatch):
    canvas = to_canvas(open_photo(scene), 32, tiny_editor.grid)
    monkeypatch.setattr("pix2pix.editing.batch.redraw", lambda pipeline, latents, vae: [canvas.image] * len(latents))
    result = tiny_editor.edit(scene, REQUEST)
    before, after = canvas.image.crop(canvas.box), result.canvas_image.crop(canvas.box)
    assert result.image.tobytes() == transfer(scene, before, after).tobytes()
