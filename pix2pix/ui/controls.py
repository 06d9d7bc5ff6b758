"""The controls of the page for the settings of ``request.SETTINGS``; both tabs draw them from there."""

from typing import Any

import gradio as gr

from pix2pix.errors import InvalidRequest
from pix2pix.request import SAVE_SETTINGS, SETTINGS, EditRequest
from pix2pix.setting import Place, Setting, Value
from pix2pix.ui.protocols import CheckpointLike

SHOWN_CHOICES = {"own": "own, as the photo"}
ANY_SEED = -1  # what people of other programs type for a new one
Controls = dict[str, gr.components.Component]  # by the name of the setting
Update = dict[Any, Any]  # what a handler returns: new values and looks, by component


def draw_controls(place: Place, prefix: str = "") -> Controls:
    """A control for every setting of ``place``, into the Blocks at hand; ids are ``prefix`` and the flag's name."""
    return {setting.name: _draw_control(setting, prefix) for setting in SETTINGS if setting.place is place}


def draw_saving(prefix: str = "") -> Controls:
    """The controls for what kind of file a result becomes, by the name of the setting."""
    return {setting.name: _draw_control(setting, prefix) for setting in SAVE_SETTINGS}


def _draw_control(setting: Setting, prefix: str) -> gr.components.Component:
    said = {"label": setting.label, "info": setting.help, "elem_id": prefix + setting.flag.removeprefix("--")}
    if setting.choices:
        choices = [(SHOWN_CHOICES.get(choice, choice.upper()), choice) for choice in setting.choices]
        return gr.Dropdown(choices, value=setting.default, **said)
    if setting.bounds is None:
        return gr.Checkbox(setting.default, **said)
    low, high = setting.bounds
    if setting.step:
        return gr.Slider(low, high, value=low, step=setting.step, **said)
    return gr.Number(low, precision=0 if setting.kind is int else None, **said)


def default_values(checkpoint: CheckpointLike) -> dict[str, Value]:
    """The value that every setting has by itself with ``checkpoint``, by name; none for a seed, which is drawn."""
    defaults = {setting.name: getattr(checkpoint.defaults, setting.name, setting.default) for setting in SETTINGS}
    return {name: value for name, value in defaults.items() if value is not None}


def within_bounds(name: str, value: float) -> float:
    """``value`` of the setting ``name``, moved into its range and rounded as a person would type it."""
    low, high = next(setting.bounds for setting in SETTINGS if setting.name == name and setting.bounds)
    return round(min(high, max(low, value)), 2)


def complaint_about(name: str, value: Any) -> str:
    """What is wrong with ``value`` as an instruction or as the setting ``name``, or an empty text."""
    try:
        if name == "instruction":
            EditRequest(value)
        for setting in (*SETTINGS, *SAVE_SETTINGS):
            if setting.name == name:
                setting.checked(value)
    except InvalidRequest as error:
        return str(error)
    return ""
