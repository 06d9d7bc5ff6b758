"""The studio: editors by the name of their model, and edits where a GPU is lent to another process."""

import pickle
import sys
from types import SimpleNamespace

import pytest
from PIL import ImageChops

from pix2pix import EditRequest, EditSession
from pix2pix.errors import CheckpointError, InvalidImage, InvalidRequest
from pix2pix.events import Result
from pix2pix.serving import zero_gpu
from pix2pix.serving.studio import Studio

REQUEST = EditRequest("make it night", num_inference_steps=3, seed=1)


def through_a_pipe(value):
    return pickle.loads(pickle.dumps(value))


def lending(task, duration):
    """Stands for ``spaces.GPU``: what goes to the other process and what comes back is pickled."""

    def lent(*arguments):
        assert 0 < duration(*arguments) <= zero_gpu.MOST_SECONDS
        stream = task(*through_a_pipe(arguments))
        try:
            for event in stream:
                yield through_a_pipe(event)
        finally:
            stream.close()

    return lent


@pytest.fixture
def lent_stream(pocket, monkeypatch):
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lending))

    def stream(photo, request, *, session, model):
        yield from pocket.stream(photo, request, session=session)

    return zero_gpu.lend_gpu(stream)


def test_a_lent_gpu_gives_the_same_edit(lent_stream, pocket, photos):
    session = EditSession()
    *steps, result = lent_stream(photos[0], REQUEST, session=session)
    assert [step.index for step in steps] == [1, 2, 3]
    assert steps[0].preview.size == steps[2].preview.size
    assert ImageChops.difference(result.image, pocket.edit(photos[0], REQUEST).image).getbbox() is None
    assert session.history == (result,)


def test_what_is_learnt_with_a_lent_gpu_is_remembered(lent_stream, photos):
    session = EditSession()
    for expected in (1, 1):
        *_, result = lent_stream(photos[0], REQUEST, session=session)
        assert isinstance(result, Result)
        assert session.conditionings.misses == session.image_latents.misses == expected
    assert session.conditionings.hits == 1


def test_errors_come_back_as_themselves(lent_stream, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InvalidImage):
        list(lent_stream(tmp_path / "broken.png", REQUEST, session=EditSession()))


def test_closing_ends_the_work_there_too(lent_stream, pocket, photos):
    calls = []
    hook = pocket.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    stream = lent_stream(photos[0], REQUEST, session=EditSession())
    next(stream)
    stream.close()
    hook.remove()
    assert len(calls) == 1


def test_a_gallery_goes_there_and_back(pocket, photos, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lending))

    def stream(photos, requests, *, session, model):
        yield from pocket.stream_gallery(photos, requests, session=session)

    (tmp_path / "broken.png").write_bytes(b"no picture")
    session = EditSession()
    stream = zero_gpu.lend_gpu(stream)([photos[0], tmp_path / "broken.png"], [REQUEST] * 2, session=session)
    *steps, first, second = stream
    assert [event.step.index for event in steps] == [1, 2, 3]
    assert first.result.image.tobytes() == pocket.edit(photos[0], REQUEST).image.tobytes()
    assert isinstance(second.error, InvalidImage)
    assert session.conditionings.misses == 1


def test_a_longer_edit_borrows_for_longer(photos):
    few, many = (
        zero_gpu.seconds_needed(photos[0], EditRequest("x", steps), EditSession(), None) for steps in (10, 100)
    )
    assert few < many <= zero_gpu.MOST_SECONDS


def test_the_first_model_and_the_known_ones_can_be_chosen(photos):
    studio = Studio("pocket")
    assert studio.models() == ("pocket", "timbrooks/instruct-pix2pix")
    assert studio.editor() is studio.editor("pocket")
    with pytest.raises(InvalidRequest):
        studio.editor("../../somewhere")
    *_, result = studio.stream(photos[0], REQUEST, session=EditSession(), model="pocket")
    assert result.checkpoint == "pocket"


def test_a_model_that_cannot_be_loaded_is_tried_again(monkeypatch):
    studio = Studio("pocket")
    first = studio.editor()
    tried = []

    def load(model):
        tried.append(model)
        raise CheckpointError("It is not there.")

    monkeypatch.setattr("pix2pix.editing.editor.Editor.load", load)
    for _ in range(2):
        with pytest.raises(CheckpointError):
            studio.editor("timbrooks/instruct-pix2pix")
    assert len(tried) == 2
    assert studio.editor() is first


def test_a_first_model_that_cannot_be_loaded_says_why():
    with pytest.raises(CheckpointError):
        Studio("no such folder").editor()
