"""What is under "Advanced": the model and the settings, and what follows from choosing others."""

import json
import random
from collections.abc import Callable
from typing import Any

import gradio as gr

from pix2pix.engine import CheckpointLike
from pix2pix.errors import EditError
from pix2pix.ui.controls import GUIDANCE, Update, complaint_about, merged, within_bounds, within_limits
from pix2pix.ui.edit import view
from pix2pix.ui.edit.fields import Fields
from pix2pix.ui.protocols import EditService
from pix2pix.ui.queues import AT_ONCE, PRIVATE, QUICK
from pix2pix.ui.safely import safely

REMEMBER = """(model, ...values) => ({
  model, values: Object.fromEntries(%s.map((name, index) => [name, values[index]]))})"""


class AdvancedPanel:
    """One method for each thing that can happen there.

    Attributes:
        fields: the parts of the tab.
        banner: the line above the tabs that says which model is at work.
    """

    def __init__(self, fields: Fields, banner: gr.HTML, service: EditService) -> None:
        self.fields = fields
        self.banner = banner
        self._service = service
        self._wire()

    def _wire(self) -> None:
        f, a = self.fields, self.fields.advanced
        remembered = list(a.remembered.values())
        a.reset.click(safely(self.reset), a.model, remembered, **QUICK)
        a.surprise.click(safely(self.draw_guidance), a.model, [a.controls[name] for name in GUIDANCE], **QUICK)
        remember = {"js": REMEMBER % json.dumps(list(a.remembered)), **PRIVATE}  # nothing of it needs the server
        gr.on([part.change for part in remembered], None, [a.model, *remembered], f.preferences, **remember)
        loading = a.model.input(lambda: view.LOADING, outputs=self.banner, **QUICK)
        loading.then(safely(self.choose_model), a.model, [*self.about_a_model, a.model], **AT_ONCE)

    @property
    def about_a_model(self) -> list[gr.components.Component]:
        """What changes with the model."""
        return [self.banner, self.fields.suggestions, self.fields.live, *self.fields.advanced.remembered.values()]

    def open(self, preferences: dict[str, Any] | None) -> Update:
        """The page as it is once the model is loaded: its defaults, or what this person chose the last time."""
        f, preferences = self.fields, preferences or {}
        choices = list(self._service.models())
        model = {"choices": choices, "visible": True if len(choices) > 1 else "hidden"}  # one is no choice
        try:
            editor = self._service.editor()
        except EditError as error:
            return {self.banner: view.not_loaded(str(error)), f.advanced.model: gr.update(**model)}
        name = editor.checkpoint.name
        known = preferences.get("values") if preferences.get("model") == name else None
        return merged(
            {self.banner: view.about(editor), f.advanced.model: gr.update(value=name, **model)},
            self._live(name),
            view.defaults_of(f, editor.checkpoint),
            self._remembered(known, editor.checkpoint),
            view.advice_of(f, editor.checkpoint),
        )

    def _remembered(self, values: Any, checkpoint: CheckpointLike) -> Update:
        """What the browser has kept, as far as it still makes sense."""
        if not isinstance(values, dict):
            return {}
        parts = self.fields.advanced.remembered
        known = {name: value for name, value in values.items() if name in parts and value is not None}
        sound = {n: value for n, value in known.items() if n == "new_seed" or not complaint_about(n, value)}
        return {parts[name]: value for name, value in within_limits(sound, checkpoint).items()}

    def choose_model(self, name: str) -> Update:
        """Another model with its defaults, its advice and its ideas; the first one if it cannot be loaded."""
        f = self.fields
        try:
            editor = self._service.editor(name)
        except EditError as error:
            gr.Warning(str(error))
            try:
                first = self._service.editor()
            except EditError as reason:
                return {self.banner: view.not_loaded(str(reason))}
            return {self.banner: view.about(first), f.advanced.model: first.checkpoint.name}
        advice, defaults = view.advice_of(f, editor.checkpoint), view.defaults_of(f, editor.checkpoint)
        return merged({self.banner: view.about(editor), **self._live(name)}, defaults, advice)

    def _live(self, model: str) -> Update:
        """The switch for drafts, where this machine is quick enough."""
        return {self.fields.live: gr.update(visible=True if self._service.is_quick(model) else "hidden")}

    def reset(self, model: str) -> Update:
        """The defaults of the model again; nothing changes while there is no model."""
        checkpoint = self.checkpoint(model)
        return view.defaults_of(self.fields, checkpoint) if checkpoint else {}

    def draw_guidance(self, model: str) -> Update:
        """Both scales from around the defaults: for the real checkpoint 6 to 9 and 1.2 to 1.8, as in the original."""
        checkpoint = self.checkpoint(model)
        if checkpoint is None:
            return {}
        defaults = {name: getattr(checkpoint.defaults, name) for name in GUIDANCE}
        drawn = {name: random.uniform(0.8 * scale, 1.2 * scale) for name, scale in defaults.items()}
        controls = self.fields.advanced.controls
        return {controls[name]: within_bounds(name, scale, checkpoint) for name, scale in drawn.items()}

    def nudge(self, direction: int) -> Callable[..., Update]:
        """A handler that changes more (1) or keeps more (-1): text guidance one notch that way, image guidance back."""

        def moved(model: str, **scales: float) -> Update:
            checkpoint = self.checkpoint(model)
            if checkpoint is None:
                return {}
            text, image = checkpoint.notches
            moves = zip(GUIDANCE, (direction * text, -direction * image), strict=True)
            controls = self.fields.advanced.controls
            return {controls[name]: within_bounds(name, scales[name] + move, checkpoint) for name, move in moves}

        return moved

    def checkpoint(self, model: str) -> CheckpointLike | None:
        """What is known of the model of that name; a warning and ``None`` where it cannot be loaded."""
        try:
            return self._service.editor(model).checkpoint
        except EditError as error:
            gr.Warning(str(error))
            return None
