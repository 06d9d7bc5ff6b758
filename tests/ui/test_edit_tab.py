"""What the edit tab answers, asked without a browser: handlers with a service that is not there or has two models."""

from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image

from pix2pix import CheckpointError, EditFailed, EditRequest, Result, Step
from pix2pix.request import Defaults
from pix2pix.serving.workspace import new_key
from pix2pix.ui.controls import GUIDANCE, beyond_limits
from pix2pix.ui.edit import view
from pix2pix.ui.edit.advanced import AdvancedPanel
from pix2pix.ui.edit.fields import lay_out
from pix2pix.ui.edit.history import History
from pix2pix.ui.edit.tab import EditTab
from pix2pix.ui.gallery.fields import lay_out_gallery
from pix2pix.ui.gallery.tab import GalleryTab
from pix2pix.ui.safely import safely


def editor_of(name, steps, guidance_limits=(30.0, 5.0)):
    checkpoint = SimpleNamespace(
        name=name,
        defaults=Defaults(steps, 7.5, 1.5, 512),
        about=f"About {name}.",
        suggestions=(f"an idea of {name}",),
        steps_advice=f"{steps}: best",
        notches=(1.0, 0.2),
        guidance_limits=guidance_limits,
    )
    return SimpleNamespace(checkpoint=checkpoint, note=None, max_tokens=75, count_tokens=len)


class Service:
    """Two models, of which some cannot be loaded."""

    def __init__(self, broken=()):
        self._editors = {"small": editor_of("small", 4), "full": editor_of("full", 30)}
        self._broken = broken

    def models(self):
        return tuple(self._editors)

    def is_quick(self, model=None):
        return False

    def is_idle(self, model=None):
        return True

    def editor(self, model=None):
        if (model or "small") in self._broken:
            raise CheckpointError("It cannot be loaded.")
        return self._editors[model or "small"]


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr(gr, "Warning", said.append)
    return said


@pytest.fixture
def tab_with(visitors):
    """``tab_with(service)`` is the tab, with its history beside it."""

    def make(service):
        with gr.Blocks() as page:
            fields = lay_out()
            tab = EditTab(fields, AdvancedPanel(fields, gr.HTML(), service), service, visitors)
            tab.history = History(fields, tab.panel, service, visitors)
            tab.history.wire(page)
            return tab

    return make


def scales(tab, update):
    return tuple(update[tab.fields.advanced.controls[name]] for name in ("guidance_scale", "image_guidance_scale"))


@pytest.mark.parametrize(
    ("direction", "before", "after"),
    [
        (1, (7.5, 1.5), (8.5, 1.3)),
        (-1, (7.5, 1.5), (6.5, 1.7)),
        (-1, (7.5, 5.0), (6.5, 5.0)),  # keep more, where no more can be kept
        (1, (20.0, 1.5), (21.0, 1.3)),  # more than most people use, and not taken back
        (1, (29.5, 1.0), (30.0, 1.0)),
        (-1, (1.0, 1.5), (1.0, 1.7)),
    ],
)
def test_change_more_and_keep_more_stay_in_the_range_of_each_scale(direction, before, after, tab_with):
    tab = tab_with(Service())
    moved = tab.panel.nudge(direction)(model="full", guidance_scale=before[0], image_guidance_scale=before[1])
    assert scales(tab, moved) == after
    EditRequest("x", guidance_scale=after[0], image_guidance_scale=after[1])


class ShyService(Service):
    """Its first model wants little guidance."""

    def __init__(self):
        super().__init__()
        self._editors["small"] = editor_of("small", 4, guidance_limits=(1.5, 2.0))


def test_the_sliders_of_guidance_end_where_the_model_does(tab_with):
    panel = tab_with(ShyService()).panel
    controls = panel.fields.advanced.controls
    for model, ends in (("small", (1.5, 2.0)), ("full", (30.0, 5.0))):
        update = panel.choose_model(model)
        assert tuple(update[controls[name]]["maximum"] for name in GUIDANCE) == ends


def test_no_way_sets_more_guidance_than_the_model_bears(tab_with):
    tab = tab_with(ShyService())
    panel, controls = tab.panel, tab.fields.advanced.controls
    more = panel.nudge(1)(model="small", guidance_scale=1.4, image_guidance_scale=1.5)
    assert scales(tab, more) == (1.5, 1.3)
    remembered = {"model": "small", "values": {"guidance_scale": 7.5, "image_guidance_scale": 1.5}}
    opened = panel.open(remembered)
    assert [opened[controls[name]]["value"] for name in GUIDANCE] == [1.5, 1.5]
    request = EditRequest("x", 20, 7.5, 1.5, 7, 512)
    small = panel.checkpoint("small")
    assert scales(tab, view.words_and_settings(tab.fields, request, small)) == (1.5, 1.5)
    assert beyond_limits(request, small) == ["Text guidance"]
    assert beyond_limits(request, panel.checkpoint("full")) == []


def test_whatever_can_be_asked_for_can_be_set_on_the_page():
    from pix2pix.request import SETTINGS

    with gr.Blocks():
        for controls in (lay_out().advanced.controls, lay_out_gallery().asking.controls):
            for setting in SETTINGS:
                if setting.step:
                    assert (controls[setting.name].minimum, controls[setting.name].maximum) == setting.bounds


def test_without_a_model_the_page_opens_and_nothing_raises(warnings, tab_with):
    tab = tab_with(Service(broken=("small", "full")))
    panel, f = tab.panel, tab.fields
    opened = panel.open({})
    assert "It cannot be loaded." in opened[panel.banner]
    assert list(opened[f.advanced.model]["choices"]) == ["small", "full"]
    assert tab.read_words(new_key(), "a", None, "make it night") == ""
    assert panel.reset(None) == {}
    assert panel.draw_guidance(None) == {}
    assert panel.nudge(1)(model=None, guidance_scale=2.0, image_guidance_scale=1.5) == {}
    assert set(warnings) == {"It cannot be loaded."}


def test_a_first_model_that_is_broken_keeps_nobody_from_the_other(warnings, tab_with):
    tab = tab_with(Service(broken=("small",)))
    chosen = tab.panel.choose_model("full")
    assert "full" in chosen[tab.panel.banner]
    assert chosen[tab.fields.advanced.controls["num_inference_steps"]]["value"] == 30
    assert not warnings


def test_another_model_that_is_broken_leaves_the_first_one(warnings, tab_with):
    tab = tab_with(Service(broken=("full",)))
    chosen = tab.panel.choose_model("full")
    assert chosen[tab.fields.advanced.model] == "small"
    assert "small" in chosen[tab.panel.banner]
    assert warnings == ["It cannot be loaded."]


def test_models_are_offered_only_where_there_is_a_choice(tab_with):
    service = Service()
    tab = tab_with(service)
    assert tab.panel.open({})[tab.fields.advanced.model]["visible"] is True
    service.models = lambda: ("small",)
    assert tab.panel.open({})[tab.fields.advanced.model]["visible"] == "hidden"


def test_a_model_is_taken_from_a_page_that_another_process_opened(tab_with):
    assert tab_with(Service()).fields.advanced.model.preprocess("full") == "full"


def test_a_gallery_opens_without_a_model(visitors):
    with gr.Blocks():
        service = Service(broken=("small",))
        gallery = GalleryTab(lay_out_gallery(), gr.BrowserState(), gr.Textbox(), service, visitors)
    assert gallery.fill_in_settings(new_key(), "tab") == {}


def add_result(visitors, key, checkpoint, parent=None):
    picture = Image.new("RGB", (8, 8), "red")
    buffer = visitors.store.folder / "photo.png"
    picture.save(buffer)
    request = EditRequest("make it night", 3, 2.0, 1.25, 7, 256)
    workspace = visitors.workspace(key)
    result = Result(picture, picture, request, 0.1, None, checkpoint, None)
    return workspace.add_result(result, workspace.add_photo(buffer), parent)


def test_an_earlier_result_brings_its_model_with_banner_and_ideas(visitors, tab_with):
    tab, key = tab_with(Service()), new_key()
    first = add_result(visitors, key, "full")
    add_result(visitors, key, "small", first.id)
    update = tab.history.choose(key, "a tab", SimpleNamespace(index=0))
    assert update[tab.fields.slider]["value"][1] == str(first.shown)
    assert update[tab.fields.advanced.model] == "full"
    assert "About full." in update[tab.panel.banner]
    assert update[tab.fields.suggestions]["samples"] == [["an idea of full"]]
    assert update[tab.fields.advanced.controls["num_inference_steps"]]["value"] == 3
    assert update[tab.fields.advanced.controls["num_inference_steps"]]["info"] == "30: best"
    assert update[tab.fields.instruction] == "make it night"


def test_an_earlier_result_of_a_model_that_is_gone_is_shown_all_the_same(visitors, tab_with):
    tab, key = tab_with(Service(broken=("full",))), new_key()
    add_result(visitors, key, "full")
    update = tab.history.choose(key, "a tab", SimpleNamespace(index=0))
    assert update[tab.fields.instruction] == "make it night"
    assert tab.panel.banner not in update


def test_two_tabs_have_each_their_own_result_in_view(visitors, tab_with):
    tab, key = tab_with(Service()), new_key()
    first = add_result(visitors, key, "small")
    second = add_result(visitors, key, "small", first.id)
    tab.history.choose(key, "one", SimpleNamespace(index=1))
    tab.history.choose(key, "other", SimpleNamespace(index=0))
    assert tab.history.open(key, "one")[tab.fields.slider]["value"][1] == str(second.shown)
    assert tab.history.open(key, "other")[tab.fields.slider]["value"][1] == str(first.shown)
    assert tab.history.undo(key, "one")[tab.fields.slider]["value"][1] == str(first.shown)
    assert tab.history.undo(key, "other")[tab.fields.slider]["visible"] is False


def test_undo_and_redo_walk_along_the_branch_that_was_looked_at(visitors, tab_with):
    tab, key = tab_with(Service()), new_key()
    first = add_result(visitors, key, "small")
    second = add_result(visitors, key, "small", first.id)
    branch = add_result(visitors, key, "small", first.id)
    in_view = lambda update: update[tab.fields.slider].get("value", [None, None])[1]  # noqa: E731
    tab.history.choose(key, "a", SimpleNamespace(index=1))
    assert in_view(tab.history.undo(key, "a")) == str(first.shown)
    assert in_view(tab.history.redo(key, "a")) == str(second.shown)
    tab.history.choose(key, "a", SimpleNamespace(index=2))
    assert in_view(tab.history.undo(key, "a")) == str(first.shown)
    assert in_view(tab.history.redo(key, "a")) == str(branch.shown)
    assert len(visitors.workspace(key).results()) == 3


def test_one_result_can_be_deleted_and_everything_forgotten(visitors, tab_with):
    tab, key = tab_with(Service()), new_key()
    first = add_result(visitors, key, "small")
    second = add_result(visitors, key, "small", first.id)
    tab.history.choose(key, "a", SimpleNamespace(index=1))
    update = tab.history.delete(key, "a")
    assert update[tab.fields.slider]["value"][1] == str(first.shown)
    assert not second.file.exists()
    update = tab.history.forget(key, "a")
    assert "Everything of yours is deleted." in update[tab.fields.notice]
    assert list(visitors.store.files.iterdir()) == []


def test_what_is_over_is_said_and_taken_off_the_page(visitors, tab_with):
    tab, key = tab_with(Service()), new_key()
    add_result(visitors, key, "small")
    assert tab.history.look_at_the_clock(key, "a") == {}
    with visitors.store.writing() as index:
        index.execute("UPDATE visitors SET used = used - 4000")
    visitors.store.sweep()
    update = tab.history.look_at_the_clock(key, "a")
    assert "kept for an hour after you used it last; that time is over" in update[tab.fields.notice]
    assert (update[tab.fields.photo], update[tab.fields.strip]["value"]) == (None, [])
    assert tab.history.look_at_the_clock(new_key(), "a") == {}  # who had nothing hears nothing


def test_an_interrupted_edit_is_told_once_and_its_words_are_back(visitors, tab_with):
    tab, key = tab_with(Service()), new_key()
    tab.wait(key=key, tab="a", instruction="make it night", photo="a.png")
    assert tab.history.open(key, "another")[tab.fields.notice] == ""  # which does not know whether it goes on
    opened = tab.history.open(key, "a")
    assert "“make it night” was interrupted" in opened[tab.fields.notice]
    assert opened[tab.fields.instruction] == "make it night"
    assert tab.history.open(key, "a")[tab.fields.notice] == ""


UNEXPECTED = [OSError(28, "No space left"), MemoryError(), RuntimeError("inside")]


@pytest.mark.parametrize("error", [*UNEXPECTED, EditFailed("So.")])
def test_whatever_breaks_an_edit_the_buttons_come_back_with_one_sentence(visitors, tab_with, tmp_path, error, caplog):
    class Breaking(Service):
        def stream(self, photo, request, *, session, model=None, mask=None):
            raise error
            yield

    tab, key = tab_with(Breaking()), new_key()
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    settings = {"detail": True}
    *_, last = tab.edit(key, "a", tmp_path / "a.png", "make it night", True, "small", **settings)
    assert last[tab.fields.edit]["interactive"] is True
    assert last[tab.fields.stop]["interactive"] is False
    said = last[tab.fields.stage]
    assert said.count("<p>") == 1
    assert "inside" not in said
    assert ("Traceback" in caplog.text) is not isinstance(error, EditFailed)
    assert tab.history.open(key, "a")[tab.fields.notice] == ""


@pytest.mark.parametrize("error", UNEXPECTED)
def test_whatever_breaks_a_handler_one_sentence_is_said(error):
    def handler(value):
        raise error

    def stream(value):
        yield value
        raise error

    with pytest.raises(gr.Error, match=r"^'[^/]+\.'$") as caught:
        safely(handler)(1)
    assert "inside" not in str(caught.value)
    with pytest.raises(gr.Error):
        list(safely(stream)(1))


def test_what_the_browser_remembers_counts_only_where_it_makes_sense(tab_with):
    tab = tab_with(Service())
    steps, size = (tab.fields.advanced.controls[name] for name in ("num_inference_steps", "resolution"))
    values = {"num_inference_steps": 9, "resolution": 5_000, "new_seed": False, "gone": 1}
    opened = tab.panel.open({"model": "small", "values": values})
    assert (opened[steps]["value"], opened[size]) == (9, 512)
    assert opened[tab.fields.advanced.new_seed]["value"] is False
    other = tab.panel.open({"model": "full", "values": values})
    assert other[steps]["value"] == 4
    assert tab.panel.open({"model": "small", "values": [1, 2]})[steps]["value"] == 4  # as an older version kept them


def test_each_wrong_value_is_said_at_its_own_field(tab_with):
    tab = tab_with(Service())
    names = ["key", "tab", "photo", "instruction", "new_seed", "model", *tab.fields.advanced.controls]
    good = dict.fromkeys(names) | {"photo": "a.png", "instruction": "x", "detail": True}
    good |= {"area": "everywhere", "area_threshold": 0.5, "speed": "exact"}
    assert all(answer["is_valid"] for answer in tab.validate(**good))
    assert all(answer["is_valid"] for answer in tab.validate(**(good | {"seed": -1})))  # elsewhere it means a new one
    for wrong in ({"photo": None}, {"instruction": " "}, {"seed": -2}, {"resolution": float("nan")}):
        answers = dict(zip(names, tab.validate(**(good | wrong)), strict=True))
        assert [name for name, answer in answers.items() if not answer["is_valid"]] == list(wrong)


def test_an_edit_whose_connection_is_cut_is_told_at_the_next_tick(visitors, tab_with, tmp_path):
    class Slow(Service):
        def stream(self, photo, request, *, session, model=None, mask=None):
            for index in range(1, 4):
                yield Step(index, 3, draw=lambda: Image.new("RGB", (8, 8)))

    tab, key = tab_with(Slow()), new_key()
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    asked = {"key": key, "tab": "a", "photo": tmp_path / "a.png", "instruction": "make it night"}
    tab.wait(**asked)
    stream = tab.edit(**asked, new_seed=True, model="small", detail=True)
    next(stream), next(stream)
    assert tab.history.look_at_the_clock(key, "a") == {}  # it is at work
    stream.close()
    told = tab.history.look_at_the_clock(key, "a")
    assert "“make it night” was interrupted" in told[tab.fields.notice]
    assert told[tab.fields.edit]["interactive"] is True
    assert tab.history.look_at_the_clock(key, "a") == {}
