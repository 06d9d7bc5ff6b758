"""The controls of the page for the settings of ``request.SETTINGS``; both tabs draw them from there."""

from typing import Any

import gradio as gr

from pix2pix.engine import CheckpointLike
from pix2pix.errors import InvalidRequest
from pix2pix.request import AUTOMATIC, EVERYWHERE, EXACT, FAST, SAVE_SETTINGS, SETTINGS, EditRequest
from pix2pix.setting import Place, Setting, Value

SHOWN_CHOICES = {
    "own": "own, as the photo",
    EVERYWHERE: "everywhere",
    AUTOMATIC: "only where your words act",
    EXACT: "exact",
    FAST: "fast",
}
GUIDANCE = ("guidance_scale", "image_guidance_scale")
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
        return gr.Slider(low, high, value=setting.default or low, step=setting.step, **said)
    return gr.Number(low, precision=0 if setting.kind is int else None, **said)


def default_values(checkpoint: CheckpointLike) -> dict[str, Value]:
    """The value that every setting has by itself with ``checkpoint``, by name; none for a seed, which is drawn."""
    defaults = {setting.name: getattr(checkpoint.defaults, setting.name, setting.default) for setting in SETTINGS}
    return {name: value for name, value in defaults.items() if value is not None}


def within_bounds(name: str, value: float, checkpoint: CheckpointLike) -> float:
    """``value`` of the setting ``name``, moved into its range with ``checkpoint`` and rounded as a person types it."""
    low, high = next(setting.bounds for setting in SETTINGS if setting.name == name and setting.bounds)
    return round(min(high, most_guidance(checkpoint).get(name, high), max(low, value)), 2)


def within_limits(values: dict[str, Any], checkpoint: CheckpointLike) -> dict[str, Any]:
    """``values`` of settings by name, with guidances that make sense with ``checkpoint``."""
    most = most_guidance(checkpoint)
    limited = {name: min(value, most[name]) for name, value in values.items() if name in most and value is not None}
    return {**values, **limited}


def beyond_limits(request: EditRequest, checkpoint: CheckpointLike) -> list[str]:
    """The labels of the guidances of ``request`` that are too large for ``checkpoint``."""
    most, labels = most_guidance(checkpoint), {setting.name: setting.label for setting in SETTINGS}
    return [labels[name] for name, limit in most.items() if (getattr(request, name) or 0) > limit]


def most_guidance(checkpoint: CheckpointLike) -> dict[str, float]:
    """The largest values of the guidances that make sense with ``checkpoint``, by the names of the settings."""
    return dict(zip(GUIDANCE, checkpoint.guidance_limits, strict=True))


def guidance_ends(controls: Controls, checkpoint: CheckpointLike) -> Update:
    """The sliders of guidance among ``controls``, ending where they make sense with ``checkpoint``."""
    return {controls[name]: gr.update(maximum=most) for name, most in most_guidance(checkpoint).items()}


def merged(*updates: Update) -> Update:
    """All of ``updates`` together; where two speak of one part, its value and its look are put together."""
    together: Update = {}
    for update in updates:
        for part, value in update.items():
            together[part] = {**_as_update(together[part]), **_as_update(value)} if part in together else value
    return together


def _as_update(value: Any) -> dict[str, Any]:
    is_update = isinstance(value, dict) and value.get("__type__") == "update"
    return value if is_update else gr.update(value=value)  # type: ignore[no-any-return]  # gradio is read without types


def request_of(instruction: str, settings: dict[str, Any], new_seed: bool = False) -> EditRequest:
    """What the controls ask for.

    Args:
        settings: values of controls by name; those that are about the file are left out.
        new_seed: whether the seed is drawn anew, as it is for ``ANY_SEED``, too.

    Raises:
        InvalidRequest: a value is of the wrong kind or out of its range.
    """
    named = {setting.name: settings[setting.name] for setting in SETTINGS if setting.name in settings}
    if new_seed or named.get("seed") == ANY_SEED:
        named["seed"] = None
    return EditRequest(instruction, **named)


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
