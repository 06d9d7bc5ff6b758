"""Galleries: every photo as if it were edited alone, in order, and none at the expense of another."""

from contextlib import closing
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix import (
    EditError,
    EditRequest,
    EditSession,
    InvalidImage,
    InvalidRequest,
    Outcome,
    PhotoStep,
    Result,
)
from pix2pix.editing import gallery
from pix2pix.photo import open_photo, to_canvas

REQUEST = EditRequest("make it snowy", num_inference_steps=3, seed=4)


def difference(first, second) -> int:
    return int(np.abs(np.asarray(first, int) - np.asarray(second, int)).max())


def mixed_files(folder, scene) -> list:
    """Twenty files: orientations, modes, formats and sizes; three of them are no photos."""
    exif = Image.Exif()
    exif[0x0112] = 6
    grey16 = Image.fromarray(np.asarray(scene.convert("L")).astype(np.uint16) * 257)
    saved = {
        **{f"{mode}.png": (scene.convert(mode), {}) for mode in ("L", "LA", "P", "RGBA", "1")},
        **{f"{side}.jpg": (scene.resize((side, 60)), {}) for side in (40, 60, 200, 333)},
        **{f"{side}.webp": (scene.resize((60, side)), {}) for side in (40, 60, 200)},
        "cmyk.jpg": (scene.convert("CMYK"), {}),
        "grey16.png": (grey16, {}),
        "moving.gif": (scene, {}),
        "turned.jpg": (scene, {"exif": exif}),
        "one.png": (scene.resize((9, 9)), {}),
    }
    for name, (image, options) in saved.items():
        image.save(folder / name, **options)
    (folder / "broken.png").write_bytes((folder / "RGBA.png").read_bytes()[:500])
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("no photo")
    return sorted(folder.iterdir())


@pytest.mark.parametrize("number", [1, 4])
def test_twenty_mixed_files(tiny_editor, scene, tmp_path, micro_batch, number):
    micro_batch(number)
    paths, calls = mixed_files(tmp_path, scene), []
    hook = tiny_editor.pipeline.text_encoder.register_forward_pre_hook(lambda *_: calls.append(1))
    outcomes = list(tiny_editor.edit_gallery(paths, REQUEST))
    assert calls == [1]  # the instruction and the empty one beside it
    hook.remove()
    assert [outcome.index for outcome in outcomes] == list(range(20))
    assert [outcome.source for outcome in outcomes] == paths
    bad = {outcome.source.name: outcome.error for outcome in outcomes if outcome.error}
    assert list(bad) == ["broken.png", "empty.png", "text.jpg"]
    assert all(isinstance(error, InvalidImage) for error in bad.values())
    for outcome in outcomes:
        if outcome.error is None:
            alone = tiny_editor.edit(outcome.source, REQUEST)
            assert outcome.result.image.mode == alone.image.mode
            assert outcome.result.image.size == alone.image.size
            assert difference(outcome.result.image, alone.image) <= 1
            assert outcome.result.request == alone.request
            assert outcome.result.source == outcome.source


def test_equals_a_batch_of_diffusers(tiny_editor, many, micro_batch):
    same_size = [image for image in many if image.width > image.height]
    micro_batch(len(same_size))
    requests = list(islice(replace(REQUEST, seed=7).numbered(), len(same_size)))
    ours = [outcome.result.canvas_image for outcome in tiny_editor.edit_gallery(same_size, requests)]
    stock = tiny_editor.pipeline(
        ["make it snowy"] * len(same_size),
        image=[to_canvas(open_photo(image), 32, tiny_editor.grid).image for image in same_size],
        num_inference_steps=3,
        guidance_scale=3.0,
        image_guidance_scale=1.5,
        generator=[torch.Generator().manual_seed(7 + k) for k in range(len(same_size))],
    ).images
    assert max(map(difference, ours, stock)) <= 1


def test_photos_of_one_size_go_together_and_outcomes_stay_in_order(tiny_editor, many, micro_batch, batches):
    outcomes = list(tiny_editor.edit_gallery(many, REQUEST))
    assert batches == [3, 3, 3] * 2 + [1, 1, 1] * 2
    assert [outcome.index for outcome in outcomes] == list(range(8))
    for photo, outcome in zip(many, outcomes, strict=True):
        assert difference(outcome.result.image, tiny_editor.edit(photo, REQUEST).image) <= 1


def test_steps_name_their_photos(tiny_editor, many, micro_batch):
    events = list(tiny_editor.stream_gallery(many[:3], REQUEST))
    steps = [(event.index, event.step.index) for event in events if isinstance(event, PhotoStep)]
    assert steps == [(photo, step) for photos in ((0,), (1, 2)) for step in (1, 2, 3) for photo in photos]
    first = next(event for event in events if isinstance(event, PhotoStep))
    assert first.step.preview.width > first.step.preview.height
    assert isinstance(events[3], Outcome)  # the first, before the others begin


def test_one_seed_for_all_or_seed_plus_index(tiny_editor, scene):
    def seeds(request):
        return [outcome.result.request.seed for outcome in tiny_editor.edit_gallery([scene] * 3, request)]

    assert seeds(REQUEST) == [4, 4, 4]
    assert seeds(REQUEST.numbered()) == [4, 5, 6]
    assert len(set(seeds(replace(REQUEST, seed=None)))) == 1
    drawn = seeds(replace(REQUEST, seed=None).numbered())
    assert drawn == [drawn[0] + k for k in range(3)]
    assert seeds(replace(REQUEST, seed=2**32 - 1).numbered()) == [2**32 - 1, 0, 1]


def test_settings_may_differ_from_photo_to_photo(tiny_editor, scene, micro_batch):
    requests = [replace(REQUEST, num_inference_steps=1 + k % 2, instruction=f"make it {k}") for k in range(4)]
    for request, outcome in zip(requests, tiny_editor.edit_gallery([scene] * 4, requests), strict=True):
        assert difference(outcome.result.image, tiny_editor.edit(scene, request).image) <= 1


def test_photos_are_opened_when_their_turn_comes(tiny_editor, many, micro_batch, monkeypatch):
    opened = []

    def photos():
        for number in range(100):
            opened.append(number)
            yield many[number % 2]

    micro_batch(1)
    with closing(tiny_editor.edit_gallery(photos(), REQUEST)) as outcomes:
        for outcome in islice(outcomes, 5):
            assert len(opened) == outcome.index + 1
    opened.clear()
    micro_batch(1000)
    monkeypatch.setattr(gallery, "LOOKAHEAD_PIXELS", 10 * many[0].width * many[0].height)
    with closing(tiny_editor.edit_gallery(photos(), REQUEST)) as outcomes:
        for outcome in islice(outcomes, 30):
            assert len(opened) <= outcome.index + 11 + 8  # those that are opened ahead of need


def test_photos_opened_ahead_count_in_what_is_in_memory(tiny_editor, many, micro_batch, monkeypatch):
    """Waiting, finished before their turn, and opened ahead of need: all together, with one over the edge."""
    opened = []

    def photos():
        for number in range(40):
            opened.append(number)
            yield many[number % 8]

    micro_batch(8)
    monkeypatch.setattr(gallery, "LOOKAHEAD_PIXELS", 4 * many[0].width * many[0].height)
    with closing(tiny_editor.edit_gallery(photos(), REQUEST)) as outcomes:
        for outcome in outcomes:
            assert len(opened) <= outcome.index + 1 + 5
    assert len(opened) == 40


def test_stopping_keeps_what_is_finished_and_frees_the_model(tiny_editor, many, micro_batch, batches):
    session = EditSession()
    with closing(tiny_editor.edit_gallery(many, REQUEST, session=session)) as outcomes:
        finished = [next(outcomes), next(outcomes)]
    assert [outcome.index for outcome in finished] == [0, 1]
    done = sum(batches) // 3
    batches.clear()
    tiny_editor.edit(many[0], REQUEST, session=session)  # the lock is free
    batches.clear()
    again = list(tiny_editor.edit_gallery(many, REQUEST, session=session))
    assert [outcome.index for outcome in again] == list(range(8))
    assert sum(batches) // 3 == 8 - done
    assert difference(again[0].result.image, finished[0].result.image) == 0
    batches.clear()
    list(tiny_editor.edit_gallery(many, REQUEST, session=session))
    assert batches == []
    list(tiny_editor.edit_gallery(many[:1], replace(REQUEST, seed=5), session=session))
    assert batches == [1, 1, 1]


def test_detail_is_put_in_and_left_out_without_the_model(tiny_editor, many, batches):
    session = EditSession()
    list(tiny_editor.edit_gallery(many[:2], REQUEST, session=session))
    batches.clear()
    plain = replace(REQUEST, detail=False)
    ours = [outcome.result.image for outcome in tiny_editor.edit_gallery(many[:2], plain, session=session)]
    assert batches == []
    assert [image.tobytes() for image in ours] == [tiny_editor.edit(photo, plain).image.tobytes() for photo in many[:2]]


def test_stopping_inside_a_batch_makes_no_further_call(tiny_editor, many, micro_batch, batches):
    with closing(tiny_editor.stream_gallery(many, REQUEST)) as events:
        next(events)
    assert len(batches) == 1
    assert isinstance(tiny_editor.edit(many[0], REQUEST), Result)


def test_another_edit_comes_between(tiny_editor, many, micro_batch):
    for outcome in tiny_editor.edit_gallery(many[:4], REQUEST):
        assert isinstance(tiny_editor.edit(many[outcome.index], REQUEST), Result)


def test_the_instruction_is_not_read_again_for_photos_that_come_later(tiny_editor, many):
    session, calls = EditSession(), []
    tiny_editor.pipeline.text_encoder.register_forward_pre_hook(lambda *_: calls.append(1))
    for photo in many:
        list(tiny_editor.edit_gallery([photo], REQUEST, session=session))
    tiny_editor.edit(many[0], REQUEST, session=session)
    assert calls == [1]
    assert len(session.history) == 1  # only the single edit


def test_what_a_session_keeps_of_galleries_is_bounded(tiny_editor, many):
    session = EditSession(max_drawing_bytes=3 * 2 * 40 * 28 * 3)  # a drawing and a copy of each of three
    list(tiny_editor.edit_gallery(many, REQUEST, session=session))
    assert 1 <= len(session.drawings) <= 3


def test_fewer_requests_than_photos(tiny_editor, scene):
    outcomes = list(tiny_editor.edit_gallery([scene] * 3, [REQUEST] * 2))
    assert [type(outcome.error) for outcome in outcomes] == [type(None), type(None), InvalidRequest]


def test_no_photos_at_all(tiny_editor):
    assert list(tiny_editor.edit_gallery([], REQUEST)) == []


def test_a_wrong_kind_of_photo_is_an_outcome_too(tiny_editor, scene):
    outcomes = list(tiny_editor.edit_gallery([scene, None, 7, b"", scene], REQUEST))
    assert [isinstance(outcome.error, EditError) for outcome in outcomes] == [False, True, True, True, False]


def test_pocket_together_draws_what_it_draws_alone(pocket, photos, micro_batch):
    micro_batch(2)
    request = EditRequest("make it night", seed=1)
    for outcome in pocket.edit_gallery(photos[:3], request):
        assert difference(outcome.result.image, pocket.edit(photos[outcome.index], request).image) <= 1


def test_a_result_read_again_is_not_the_first_to_be_forgotten(tiny_editor, many):
    session, alike = EditSession(max_drawing_bytes=2 * 2 * 40 * 28 * 3), many[::2]
    for photo in (alike[0], alike[1], alike[0], alike[2], alike[0]):
        (outcome,) = tiny_editor.edit_gallery([photo], REQUEST, session=session)
        assert outcome.error is None
    assert len(session.drawings) == 2
    calls = []
    tiny_editor.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    list(tiny_editor.edit_gallery([alike[0]], REQUEST, session=session))
    assert not calls
