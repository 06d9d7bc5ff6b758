"""The studio: editors by the name of their model, and edits where a GPU is lent to another process."""

import logging
import pickle
import subprocess
import sys
import threading
from contextlib import closing
from itertools import islice
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from PIL import ImageChops

from pix2pix import EditRequest, EditSession
from pix2pix.errors import CheckpointError, InvalidImage, InvalidRequest
from pix2pix.events import Outcome, PhotoStep, Result
from pix2pix.serving import turns, zero_gpu
from pix2pix.serving.studio import Studio
from pix2pix.serving.turns import TURN_SECONDS, portions, seconds_of_work
from tests.house.test_imports import ROOT

REQUEST = EditRequest("make it night", num_inference_steps=3, seed=1)


def through_a_pipe(value):
    return pickle.loads(pickle.dumps(value))


def lending(task, duration):
    """Stands for ``spaces.GPU``: what goes to the other process and what comes back is pickled."""

    def lent(*arguments):
        assert 0 < duration(*arguments) <= zero_gpu.MAX_SECONDS
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

    def stream(photo, request, *, session, model, mask):
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

    def stream(photos, requests, *, session, model, mask):
        yield from pocket.stream_gallery(photos, requests, session=session)

    (tmp_path / "broken.png").write_bytes(b"no picture")
    session = EditSession()
    stream = zero_gpu.lend_gpu(stream)([photos[0], tmp_path / "broken.png"], [REQUEST] * 2, session=session)
    *steps, first, second = stream
    assert [event.step.index for event in steps] == [1, 2, 3]
    assert first.result.image.tobytes() == pocket.edit(photos[0], REQUEST).image.tobytes()
    assert isinstance(second.error, InvalidImage)
    assert session.conditionings.misses == 1


@pytest.mark.parametrize("steps", [1, 10, 30, 150])
def test_portions_hold_all_photos_once_and_fit_a_turn(steps):
    requests = [EditRequest("x", steps, resolution=256)] * 100
    found = list(portions(requests))
    assert [index for portion in found for index in portion] == list(range(100))
    for portion in found:
        assert len(portion) == 1 or sum(seconds_of_work(requests[index]) for index in portion) <= TURN_SECONDS
    assert list(portions([])) == []


class Lender:
    """Stands for ``spaces.GPU`` and writes down for how long it was asked, and for how many photos."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def GPU(self, task, duration):
        def lent(photos, *arguments):
            self.asked.append((duration(photos, *arguments), len(photos)))
            yield from task(photos, *arguments)

        return lent


@pytest.fixture
def lender(monkeypatch):
    lender = Lender()
    monkeypatch.setitem(sys.modules, "spaces", lender)
    monkeypatch.setattr(zero_gpu, "ACTIVE", True)
    monkeypatch.setattr(turns, "STEP_SECONDS", 256.0)  # one second for a step of the tiny model, at its size of 32
    return lender


def test_many_times_one_photo_goes_together(tiny_editor, scene, tmp_path):
    scene.save(tmp_path / "scene.png")
    sizes, requests = [], [EditRequest("make it snowy", 1, seed=seed) for seed in range(4)]
    hook = tiny_editor.pipeline.unet.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    studio = Studio("tiny", lambda name: tiny_editor)
    for photos in (["scene.png"] * 4, ["scene.png"]):
        files = [tmp_path / photo for photo in photos]
        stream = studio.stream_gallery(files, requests[: len(files)], session=EditSession())
        assert [event.error for event in stream if isinstance(event, Outcome)] == [None] * len(files)
    hook.remove()
    assert sizes == [2 * sizes[-1], 2 * sizes[-1], sizes[-1]]


def test_a_gallery_borrows_for_one_turn_at_a_time(lender, tiny_editor, scene):
    """Not two minutes for a turn of five seconds; and however many photos, none is cut off."""
    studio = Studio("tiny", lambda model: tiny_editor)
    requests = list(islice(EditRequest("make it snowy", 2, seed=1, resolution=32).numbered(), 25))
    with closing(studio.stream_gallery([scene] * 25, requests, session=EditSession())) as stream:
        events = list(stream)
    outcomes = [event for event in events if isinstance(event, Outcome)]
    assert [outcome.index for outcome in outcomes] == list(range(25))
    assert [outcome.result.request.seed for outcome in outcomes] == list(range(1, 26))
    assert {event.index for event in events if isinstance(event, PhotoStep)} == set(range(25))
    assert sum(photos for _, photos in lender.asked) == 25
    assert {photos for _, photos in lender.asked} == {2, 1}
    assert all(seconds <= zero_gpu.START_SECONDS + TURN_SECONDS for seconds, _ in lender.asked)


def test_a_gallery_that_is_closed_borrows_no_more(lender, tiny_editor, scene):
    studio = Studio("tiny", lambda model: tiny_editor)
    requests = [EditRequest("make it snowy", 2, seed=1, resolution=32)] * 5
    with closing(studio.stream_gallery([scene] * 5, requests, session=EditSession())) as stream:
        assert next(event for event in stream if isinstance(event, Outcome)).index == 0
    assert [photos for _, photos in lender.asked] == [2]


def test_a_longer_edit_borrows_for_longer(photos):
    few, many = (
        zero_gpu.seconds_needed(photos[0], EditRequest("x", steps), EditSession(), None) for steps in (10, 100)
    )
    assert few < many <= zero_gpu.MAX_SECONDS


def test_the_first_model_and_the_known_ones_can_be_chosen(photos):
    studio = Studio("pocket")
    assert studio.models() == ("pocket", "timbrooks/instruct-pix2pix")
    assert studio.editor() is studio.editor("pocket")
    with pytest.raises(InvalidRequest):
        studio.editor("../../somewhere")
    *_, result = studio.stream(photos[0], REQUEST, session=EditSession(), model="pocket")
    assert result.checkpoint == "pocket"


def test_without_others_nobody_can_make_it_load_one(pocket):
    shelf = Shelf(pocket=pocket)
    studio = Studio("pocket", shelf, others=False)
    assert studio.models() == ("pocket",)
    with pytest.raises(InvalidRequest):
        studio.editor("timbrooks/instruct-pix2pix")
    assert shelf.asked == ["pocket"]


def test_a_model_that_cannot_be_loaded_is_tried_again(monkeypatch):
    studio = Studio("pocket")
    first = studio.editor()
    tried = []

    def load(model, device):
        tried.append(model)
        raise CheckpointError("It is not there.")

    monkeypatch.setattr("pix2pix.editing.editor.Editor.load", load)
    for _ in range(2):
        with pytest.raises(CheckpointError):
            studio.editor("timbrooks/instruct-pix2pix")
    assert len(tried) == 2
    assert studio.editor() is first


def test_whether_the_first_model_is_there_is_told_without_waiting():
    loaded, editor = threading.Event(), object()

    def load(model):
        loaded.wait()
        return editor

    studio = Studio("pocket", load)
    assert not studio.is_loaded()
    loaded.set()
    assert studio.editor() is editor
    assert studio.is_loaded()


def test_a_first_model_that_cannot_be_loaded_says_why():
    studio = Studio("no such folder")
    with pytest.raises(CheckpointError):
        studio.editor()
    with pytest.raises(CheckpointError):
        studio.is_loaded()


class Shelf:
    """Loads what there is; the rest raises, and all that was asked for is written down."""

    def __init__(self, **there) -> None:
        self.there = there
        self.asked: list[str] = []

    def __call__(self, model: str):
        self.asked.append(model)
        if model not in self.there:
            raise CheckpointError("It cannot be reached.")
        return self.there[model]


@pytest.mark.parametrize(
    ("first", "models"),
    [
        ("timbrooks/instruct-pix2pix", ("timbrooks/instruct-pix2pix", "pocket")),
        ("nobody/nothing", ("nobody/nothing", "pocket", "timbrooks/instruct-pix2pix")),
        ("auto", ("pocket", "timbrooks/instruct-pix2pix")),
        ("no such folder", ("pocket", "timbrooks/instruct-pix2pix")),
    ],
)
def test_when_the_first_model_failed_others_can_be_chosen(first, models, pocket, photos):
    shelf = Shelf(pocket=pocket)
    studio = Studio(first, shelf)
    assert studio.models() == models
    with pytest.raises(CheckpointError):
        studio.editor()
    assert studio.editor("pocket") is pocket
    *_, result = studio.stream(photos[0], REQUEST, session=EditSession(), model="pocket")
    assert result.checkpoint == "pocket"
    with pytest.raises(InvalidRequest):
        studio.editor("../../somewhere")
    assert shelf.asked == [first, "pocket"]


def test_a_first_model_that_failed_is_tried_again_when_it_is_chosen(pocket):
    shelf = Shelf()
    studio = Studio("pocket", shelf)
    for _ in range(3):
        with pytest.raises(CheckpointError):
            studio.editor()
    assert shelf.asked == ["pocket"]  # asking for whatever is there, as at every key pressed, loads nothing
    shelf.there["pocket"] = pocket
    assert studio.editor("pocket") is studio.editor() is pocket
    assert shelf.asked == ["pocket", "pocket"]


def test_what_kept_the_first_model_away_may_pass(pocket, monkeypatch, caplog):
    monkeypatch.setattr("pix2pix.serving.studio.RETRY_SECONDS", 0)
    shelf = Shelf()
    studio = Studio("pocket", shelf)
    with pytest.raises(CheckpointError):
        studio.editor()
    assert "It cannot be reached." in caplog.text
    shelf.there["pocket"] = pocket
    assert studio.editor() is pocket
    assert studio.is_loaded()


def test_an_unexpected_error_while_loading_is_one_sentence_and_logged(caplog):
    def load(model):
        raise RuntimeError("a library broke")

    with caplog.at_level(logging.ERROR), pytest.raises(CheckpointError, match="the log of this program says why"):
        Studio("pocket", load).editor()
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "a library broke" in str(record.exc_info[1])
    assert "pocket" not in record.getMessage()


def test_the_app_opens_without_torch():
    code = "import app, sys; assert not {'torch', 'diffusers', 'transformers'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize(("value", "model"), [(None, "auto"), ("", "auto"), (" ", "auto"), ("pocket", "pocket")])
def test_the_app_takes_no_model_for_auto(value, model, monkeypatch):
    import app

    chosen = []
    monkeypatch.delenv("PIX2PIX_MODEL", raising=False)
    if value is not None:
        monkeypatch.setenv("PIX2PIX_MODEL", value)
    monkeypatch.setattr("pix2pix.serving.studio.Studio", lambda model, load, others: chosen.append(model))
    monkeypatch.setattr("pix2pix.ui.build_page", MagicMock())
    monkeypatch.setattr("pix2pix.serving.start.read_port", lambda environment: 7860)
    app.main()
    assert chosen == [model]
