"""Every handler of the page, called as gradio calls it while the index, the disk or the service breaks."""

import contextlib
import inspect
import logging
import re
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.blocks import Blocks
from gradio.state_holder import SessionState
from PIL import Image

from pix2pix import EditFailed, EditRequest
from pix2pix.events import Explanation, Outcome
from pix2pix.serving.store import Store
from pix2pix.serving.visitors import Visitors
from pix2pix.serving.workspace import new_key
from pix2pix.ui import build_page
from pix2pix.ui.gallery.board import Board
from tests.running import in_a_loop_of_its_own
from tests.ui.test_edit_tab import Service, add_result

ERRORS = [OSError(28, "inside"), MemoryError("inside"), RuntimeError("inside")]
BREAKING = {  # what breaks
    "the workspace": (Visitors, ["workspace"]),
    "the index": (Store, ["rows", "writing"]),
    "what is noted": (Store, ["writing"]),
    "the disk": (Store, ["new_folder"]),
    "memory": (Visitors, ["session", "boards"]),
    "the service": (Service, ["editor", "models"]),
    "the model": (Service, ["stream", "stream_gallery", "explain"]),
}
GIVES_BUTTONS_BACK = (
    "EditTab.edit",
    "Choices.vary",
    "Choices.try_strengths",
    "EditTab.stop",
    "GalleryTab.take_turn",
    "GalleryTab.stop",
)
SENTENCE = re.compile(r"^[A-Z“][^\n]+[.!]$")


class Editing(Service):
    """A service that ends every edit at once."""

    def stream(self, photo, request, *, session, model=None, mask=None):
        yield from ()

    def stream_gallery(self, photos, requests, *, session, model=None, mask=None):
        for index, photo in enumerate(photos):
            yield Outcome(index, photo, error=EditFailed("No."))

    def explain(self, photo, request, *, session, model=None):
        picture = Image.new("RGB", (8, 8))
        return Explanation(picture, picture.convert("L"), False, (("x", picture.convert("L")),))


Service.stream = Service.stream_gallery = Service.explain = None  # so that they can be made to break


def file_data(path):
    return {"path": str(path), "orig_name": path.name, "meta": {"_type": "gradio.FileData"}}


def called(page, state, fn, said, index=0):
    """The last thing that ``fn`` answers, or raises, when gradio calls it with what is ``said``, by name."""
    first = len(fn.inputs) - len(fn.input_keyword_names)
    names = [*inspect.signature(fn.fn).parameters, *[None] * first][:first] + list(fn.input_keyword_names)
    values = [said.get(name, part.value) for name, part in zip(names, fn.inputs, strict=True)]
    if any(isinstance(part, gr.Dataset) for part in fn.inputs):
        values = [0]
    asked = SimpleNamespace(query_params={"seed": "3"}, headers={}, session_hash="x", username=None)
    given = {"state": state, "request": asked, "session_hash": "x"}
    given["event_data"] = gr.EventData(None, {"index": index, "value": "x"})

    async def to_the_end():
        answer = None
        while True:
            answered = await page.process_api(fn, values, **given)
            given["iterator"] = answered.get("iterator")
            if not answered.get("is_generating"):
                return answer or answered["data"]
            answer = answered["data"]

    return in_a_loop_of_its_own(to_the_end())


class Visit:
    """A page, and somebody on it who has a photo, a result, and a gallery that is being edited."""

    def __init__(self, visitors):
        self.page, self.key = build_page(Editing(), visitors), new_key()
        result, workspace = add_result(visitors, self.key, "small"), visitors.workspace(self.key)
        photo = workspace.photo(result.photo)
        board = visitors.boards(workspace)["a"] = Board(workspace, "a", visitors.session(workspace))
        board.add([(photo.file, photo.name)])
        board.take_in(0, photo)
        board.ask(EditRequest("make it night"), False)
        one = file_data(photo.file)
        self._said = {"key": self.key, "tab": "a", "photo": one, "path": one, "photos": [one], "model": "small"}
        self._said |= {"instruction": "make it night", "turn": 1, "new_seed": True}
        self._state = SessionState(self.page)
        for fn in handlers(self.page):
            if name_of(fn) == "AdvancedPanel.open":  # or there is no model to choose
                self.call(fn)

    def call(self, fn):
        """The last thing that ``fn`` answers, or raises."""
        return called(self.page, self._state, fn, self._said)


@pytest.fixture
def visit(visitors):
    return Visit(visitors)


def name_of(fn):
    return getattr(fn.fn, "__qualname__", fn.name)


def handlers(page: Blocks):
    return [fn for fn in page.fns.values() if fn.fn is not None]


def breaking(monkeypatch, what, error):
    def broken(*arguments, **named):
        raise error

    owner, names = BREAKING[what]
    for name in names:
        for kind in (owner, *owner.__subclasses__()):
            monkeypatch.setattr(kind, name, broken)


def complaint_about(visit, fn):
    """What is wrong with how ``fn`` answers, or nothing."""
    name = name_of(fn)
    try:
        answer = dict(zip((part.elem_id for part in fn.outputs), visit.call(fn), strict=False))
    except gr.Error as error:
        if name in GIVES_BUTTONS_BACK:
            return f"{name} leaves the buttons: {error}"
        said = str(error.message)
        return "" if SENTENCE.match(said) and "inside" not in said else f"{name} says: {said}"
    except Exception as error:
        return f"{name} raises {error!r}"
    if name not in GIVES_BUTTONS_BACK:
        return ""
    prefix = "" if name.startswith(("EditTab", "Choices")) else "gallery-"
    edit, stop = (answer[prefix + button].get("interactive") for button in ("edit", "stop"))
    return "" if edit and stop is False else f"{name} leaves the buttons {edit}, {stop}"


def test_every_handler_answers_while_nothing_breaks(visit):
    for fn in handlers(visit.page):
        with contextlib.suppress(gr.Error) if fn.api_visibility == "public" else contextlib.nullcontext():
            visit.call(fn)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("what", BREAKING)
def test_whatever_breaks_every_handler_says_one_sentence(visit, monkeypatch, caplog, what, error):
    caplog.set_level(logging.CRITICAL)
    breaking(monkeypatch, what, error)
    complaints = [complaint_about(visit, fn) for fn in handlers(visit.page)]
    assert list(filter(None, complaints)) == []


def test_a_page_that_cannot_be_shown_as_it_was_left_keeps_its_key(visit, monkeypatch):
    breaking(monkeypatch, "the index", RuntimeError("inside"))
    (opened,) = [fn for fn in handlers(visit.page) if name_of(fn) == "History.open"]
    assert visit.call(opened)[:2] == [visit.key, "a"]
