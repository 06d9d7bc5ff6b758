"""What the parts of the edit tab do."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr

from pix2pix.errors import EditError, EditFailed
from pix2pix.events import Result, Step
from pix2pix.files.receipt import read_receipt
from pix2pix.photo import open_photo
from pix2pix.request import EditRequest
from pix2pix.session import EditSession
from pix2pix.ui import stage
from pix2pix.ui.controls import Update, complaint_about
from pix2pix.ui.edit import view
from pix2pix.ui.edit.advanced import GUIDANCE, AdvancedPanel
from pix2pix.ui.edit.fields import Fields
from pix2pix.ui.protocols import EditService
from pix2pix.ui.queues import AT_ONCE, EDIT_SECONDS, MODEL_QUEUE, PRIVATE, QUICK, TOOK_TOO_LONG

NOT_SHOWN_BY_BROWSERS = (".heic", ".heif")


class EditTab:
    """One method for each thing that can happen on the tab.

    Attributes:
        fields: its parts.
        panel: what is under "Advanced".
    """

    def __init__(self, fields: Fields, panel: AdvancedPanel, service: EditService) -> None:
        self.fields = fields
        self.panel = panel
        self._service = service
        self._wire_editing()
        self._wire_history()
        self._wire_photo()

    def _wire_editing(self) -> None:
        f = self.fields
        asked = {"photo": f.photo, "instruction": f.instruction, "new_seed": f.advanced.new_seed}
        asked |= {"model": f.advanced.model, "session": f.session, **f.advanced.controls}
        running = [self._ask(gr.on, [f.instruction.submit, f.edit.click], asked)]
        for button, direction in ((f.more, 1), (f.keep, -1)):
            scales = {name: f.advanced.controls[name] for name in GUIDANCE}
            moved = button.click(
                self.panel.nudge(direction),
                inputs_kwargs={"model": f.advanced.model, **scales},
                outputs=list(scales.values()),
                **QUICK,
            )
            running.append(self._ask(moved.success, None, {**asked, "new_seed": gr.State(False)}))
        f.stop.click(self.stop, outputs=[f.stage, f.edit, f.stop], cancels=running, **QUICK)
        words = {"model": f.advanced.model, "instruction": f.instruction}
        counting = {"inputs_kwargs": words, "outputs": f.tokens, "trigger_mode": "always_last", **QUICK}
        f.instruction.change(self.count_tokens, **counting)
        f.suggestions.click(lambda sample: sample[0], f.suggestions, f.instruction, **QUICK)

    def _ask(self, listen: Callable[..., Any], triggers: Any, inputs: dict[str, Any]) -> Any:
        """Check the inputs, say that the edit waits, and edit; returns the event that does the work."""
        f = self.fields
        triggered = {} if triggers is None else {"triggers": triggers}
        said = {"outputs": [f.stage, f.slider, f.edit, f.stop], "inputs_kwargs": inputs, **AT_ONCE}
        waiting = listen(fn=self.wait, validator=self.validate, **triggered, **said)
        outputs = [f.stage, f.slider, f.edit, f.stop, f.strip, f.session, *f.after_an_edit, f.advanced.controls["seed"]]
        options = {"show_progress_on": [f.stage], **MODEL_QUEUE, **PRIVATE}
        return waiting.success(self.edit, inputs_kwargs=inputs, outputs=outputs, **options)

    def _wire_history(self) -> None:
        f = self.fields
        shown = [f.photo, f.stage, f.slider, f.strip, f.session, *f.after_an_edit]
        f.undo.click(lambda session: self._move(session, session.undo), f.session, shown, **QUICK)
        f.redo.click(lambda session: self._move(session, session.redo), f.session, shown, **QUICK)
        settings = [*f.advanced.controls.values(), f.advanced.new_seed, f.advanced.model]
        chosen = [*shown, f.instruction, *settings, self.panel.banner, f.suggestions]
        f.strip.select(self.choose_result, f.session, chosen, **QUICK)
        f.further.click(lambda path: (path, stage.INVITATION), f.download, [f.photo, f.stage], **QUICK)

    def _wire_photo(self) -> None:
        f = self.fields
        receipt = [f.instruction, *f.advanced.controls.values(), f.advanced.new_seed]
        f.photo.upload(self.receive, f.photo, [f.photo, f.stage, f.slider, *receipt], **QUICK)
        f.photo.clear(lambda: view.blank(f, stage.INVITATION), outputs=[f.stage, f.slider], **QUICK)

    def validate(self, **values: Any) -> list[dict[str, Any]]:
        """Say what is wrong at the field where it is wrong, before anything is queued; one answer for each input."""

        def complaint(name: str, value: Any) -> str:
            if name == "photo":
                return "" if value else "Choose a photo first."
            is_part = name == "instruction" or name in self.fields.advanced.controls
            return complaint_about(name, value) if is_part else ""

        complaints = [complaint(name, value) for name, value in values.items()]
        return [gr.validate(not sentence, sentence) for sentence in complaints]

    def wait(self, **inputs: Any) -> Update:
        """The edit has been asked for, and others may come first."""
        return {**view.blank(self.fields, stage.WAITING), **view.working(self.fields, busy=True)}

    def edit(
        self, photo: Path, instruction: str, new_seed: bool, model: str, session: EditSession, **settings: Any
    ) -> Iterator[Update]:
        """Edit the photo, showing every step, and bring the result into view."""
        f = self.fields
        yield {f.stage: stage.STARTING}
        if new_seed:
            settings["seed"] = None
        try:
            request = EditRequest(instruction, **settings)
            for step in _steps(self._service.stream(photo, request, session=session, model=model)):
                yield {f.stage: step}
        except EditError as error:
            yield {f.stage: stage.failed(str(error)), **view.working(f, busy=False)}
            return
        result = session.current
        if result and result.truncated:
            gr.Warning(f"The instruction was too long; this part was not read: “{result.truncated}”")
        seed = {f.advanced.controls["seed"]: result.request.seed} if result else {}
        yield {**view.in_view(f, session), **seed, f.session: session, **view.working(f, busy=False)}

    def stop(self) -> Update:
        """The edit is given up."""
        return {self.fields.stage: stage.STOPPED, **view.working(self.fields, busy=False)}

    def count_tokens(self, model: str, instruction: str) -> str:
        """How much of the instruction the model can read; nothing while there is no model to ask."""
        try:
            editor = self._service.editor(model)
        except EditError:
            return ""
        return stage.token_count(editor.count_tokens(instruction), editor.max_tokens)

    def _move(self, session: EditSession, move: Callable[[], Result | None]) -> Update:
        result = move()
        photo = (result or session.history[0]).source if session.history else None
        return {**view.in_view(self.fields, session), self.fields.photo: photo, self.fields.session: session}

    def choose_result(self, session: EditSession, event: gr.SelectData) -> Update:
        """An earlier result comes into view, with its photo, its words and settings, and the model that made it."""
        f = self.fields
        result = session.show(event.index)
        back = {**self._move(session, lambda: result), **view.words_and_settings(f, result.request)}
        try:
            editor = self._service.editor(result.checkpoint)
        except EditError:
            return back  # it was made by a model that is not here any more
        model = {self.panel.banner: view.about(editor), f.advanced.model: editor.checkpoint.name}
        return view.merged(back, model, view.advice_of(f, editor.checkpoint))

    def receive(self, path: Path | None) -> Update:
        """A new photo: refuse it in one sentence, or bring back the settings it carries."""
        f = self.fields
        if path is None:
            return view.blank(f, stage.INVITATION)
        try:
            photo = open_photo(path)
            request = read_receipt(path)
        except EditError as error:
            return {f.photo: None, **view.blank(f, stage.failed(str(error)))}
        update = view.blank(f, stage.INVITATION)
        if path.suffix.lower() in NOT_SHOWN_BY_BROWSERS:
            update[f.photo] = photo.rgb
        if request is not None:
            gr.Info("This picture was made here: its words and settings are back.")
            update |= view.words_and_settings(f, request)
        return update


def _steps(stream: Generator[Step | Result, None, None]) -> Iterator[str]:
    """The stage after each step, until the result is there."""
    started = time.monotonic()
    with closing(stream):
        for event in stream:
            elapsed = time.monotonic() - started
            if elapsed > EDIT_SECONDS:
                raise EditFailed(TOOK_TOO_LONG)
            if isinstance(event, Step):
                yield stage.forming(event, elapsed / event.index * (event.total - event.index))
