"""What the edit tab answers, asked without a browser: handlers with a service that is not there or has two models."""

from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image

from pix2pix import CheckpointError, EditRequest, EditSession, Result
from pix2pix.request import Defaults
from pix2pix.ui.edit.advanced import AdvancedPanel
from pix2pix.ui.edit.fields import lay_out
from pix2pix.ui.edit.tab import EditTab
from pix2pix.ui.gallery.fields import lay_out_gallery
from pix2pix.ui.gallery.tab import GalleryTab


def editor_of(name, steps):
    checkpoint = SimpleNamespace(
        name=name,
        defaults=Defaults(steps, 7.5, 1.5, 512),
        about=f"About {name}.",
        suggestions=(f"an idea of {name}",),
        steps_advice=f"{steps}: best",
        notches=(1.0, 0.2),
    )
    return SimpleNamespace(checkpoint=checkpoint, note=None, max_tokens=75, count_tokens=len)


class Service:
    """Two models, of which some cannot be loaded."""

    def __init__(self, broken=()):
        self._editors = {"small": editor_of("small", 4), "full": editor_of("full", 30)}
        self._broken = broken

    def models(self):
        return tuple(self._editors)

    def editor(self, model=None):
        if (model or "small") in self._broken:
            raise CheckpointError("It cannot be loaded.")
        return self._editors[model or "small"]


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr(gr, "Warning", said.append)
    return said


def tab_with(service):
    with gr.Blocks():
        fields = lay_out()
        return EditTab(fields, AdvancedPanel(fields, gr.HTML(), service), service)


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
def test_change_more_and_keep_more_stay_in_the_range_of_each_scale(direction, before, after):
    tab = tab_with(Service())
    moved = tab.panel.nudge(direction)(model="full", guidance_scale=before[0], image_guidance_scale=before[1])
    assert scales(tab, moved) == after
    EditRequest("x", guidance_scale=after[0], image_guidance_scale=after[1])


def test_whatever_can_be_asked_for_can_be_set_on_the_page():
    from pix2pix.request import SETTINGS

    with gr.Blocks():
        for controls in (lay_out().advanced.controls, lay_out_gallery().asking.controls):
            for setting in SETTINGS:
                if setting.step:
                    assert (controls[setting.name].minimum, controls[setting.name].maximum) == setting.bounds


def test_without_a_model_the_page_opens_and_nothing_raises(warnings):
    tab = tab_with(Service(broken=("small", "full")))
    panel, f = tab.panel, tab.fields
    opened = panel.open({})
    assert "It cannot be loaded." in opened[panel.banner]
    assert list(opened[f.advanced.model]["choices"]) == ["small", "full"]
    assert tab.count_tokens(None, "make it night") == ""
    assert panel.reset(None) == {}
    assert panel.draw_guidance(None) == {}
    assert scales(tab, panel.nudge(1)(model=None, guidance_scale=2.0, image_guidance_scale=1.5)) == (2.0, 1.5)
    assert set(warnings) == {"It cannot be loaded."}


def test_a_first_model_that_is_broken_keeps_nobody_from_the_other(warnings):
    tab = tab_with(Service(broken=("small",)))
    chosen = tab.panel.choose_model("full")
    assert "full" in chosen[tab.panel.banner]
    assert chosen[tab.fields.advanced.controls["num_inference_steps"]]["value"] == 30
    assert not warnings


def test_another_model_that_is_broken_leaves_the_first_one(warnings):
    tab = tab_with(Service(broken=("full",)))
    chosen = tab.panel.choose_model("full")
    assert chosen[tab.fields.advanced.model] == "small"
    assert "small" in chosen[tab.panel.banner]
    assert warnings == ["It cannot be loaded."]


def test_a_gallery_opens_without_a_model():
    with gr.Blocks():
        gallery = GalleryTab(lay_out_gallery(), Service(broken=("small",)))
    assert gallery.fill_in_defaults() == {}


def result_by(checkpoint):
    picture = Image.new("RGB", (8, 8))
    return Result(picture, picture, EditRequest("make it night", 3, 2.0, 1.25, 7, 256), 0.1, None, checkpoint, None)


def test_an_earlier_result_brings_its_model_with_banner_and_ideas():
    tab, session = tab_with(Service()), EditSession()
    session.add(result_by("full"))
    session.add(result_by("small"))
    update = tab.choose_result(session, SimpleNamespace(index=0))
    assert session.current is session.history[0]
    assert update[tab.fields.advanced.model] == "full"
    assert "About full." in update[tab.panel.banner]
    assert update[tab.fields.suggestions]["samples"] == [["an idea of full"]]
    assert update[tab.fields.advanced.controls["num_inference_steps"]]["value"] == 3
    assert update[tab.fields.advanced.controls["num_inference_steps"]]["info"] == "30: best"
    assert update[tab.fields.instruction] == "make it night"


def test_an_earlier_result_of_a_model_that_is_gone_is_shown_all_the_same():
    tab, session = tab_with(Service(broken=("full",))), EditSession()
    session.add(result_by("full"))
    update = tab.choose_result(session, SimpleNamespace(index=0))
    assert update[tab.fields.instruction] == "make it night"
    assert tab.panel.banner not in update


def test_what_the_browser_remembers_counts_only_where_it_makes_sense():
    tab = tab_with(Service())
    steps, size = (tab.fields.advanced.controls[name] for name in ("num_inference_steps", "resolution"))
    values = {"num_inference_steps": 9, "resolution": 5_000, "new_seed": False, "gone": 1}
    opened = tab.panel.open({"model": "small", "values": values})
    assert (opened[steps]["value"], opened[size]) == (9, 512)
    assert opened[tab.fields.advanced.new_seed]["value"] is False
    other = tab.panel.open({"model": "full", "values": values})
    assert other[steps]["value"] == 4
    assert tab.panel.open({"model": "small", "values": [1, 2]})[steps]["value"] == 4  # as an older version kept them


def test_each_wrong_value_is_said_at_its_own_field():
    tab = tab_with(Service())
    names = ["photo", "instruction", "new_seed", "model", "session", *tab.fields.advanced.controls]
    good = dict.fromkeys(names) | {"photo": "a.png", "instruction": "x", "detail": True}
    assert all(answer["is_valid"] for answer in tab.validate(**good))
    for wrong in ({"photo": None}, {"instruction": " "}, {"seed": -1}, {"resolution": float("nan")}):
        answers = dict(zip(names, tab.validate(**(good | wrong)), strict=True))
        assert [name for name, answer in answers.items() if not answer["is_valid"]] == list(wrong)
