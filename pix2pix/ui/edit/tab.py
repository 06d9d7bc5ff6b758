"""What the parts of the edit tab do; moving in the history is in ``history.py``."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr

from pix2pix.engine import CheckpointLike
from pix2pix.errors import EditError, EditFailed, InvalidImage
from pix2pix.events import Result, Step, nothing_changed
from pix2pix.files.receipt import Receipt
from pix2pix.request import AUTOMATIC, MAX_INSTRUCTION_LENGTH, EditRequest
from pix2pix.serving.desk import Desk
from pix2pix.serving.stored import StoredResult
from pix2pix.serving.visitors import Visitors
from pix2pix.serving.workspace import Workspace
from pix2pix.ui import stage
from pix2pix.ui.controls import ANY_SEED, GUIDANCE, Update, beyond_limits, complaint_about, request_of
from pix2pix.ui.crowd.guard import Abandoned
from pix2pix.ui.edit import view
from pix2pix.ui.edit.advanced import AdvancedPanel
from pix2pix.ui.edit.choices import Choices
from pix2pix.ui.edit.fields import Fields
from pix2pix.ui.edit.history import EDIT, LOST
from pix2pix.ui.edit.live import Live
from pix2pix.ui.edit.why import Why
from pix2pix.ui.protocols import EditService
from pix2pix.ui.queues import AT_ONCE, MODEL_QUEUE, PRIVATE, QUICK
from pix2pix.ui.safely import safely, sentence_for

SEND_PAINTED = "(key, tab, path) => [key, tab, path, window.paintedArea()]"
MAX_MASK_LETTERS = 4_000_000
MAX_NOTED = 2_000  # characters of words that are only typed yet
EVERYWHERE_FOUND = "These words act on the whole picture, so all of it was edited."
NO_MASK = "What was painted cannot be read; paint it again."
PHOTO_IS_GONE = "The time of this photo is over; choose it again."


class EditTab:
    """One method for each thing that can happen on the tab.

    Attributes:
        fields: its parts.
        panel: what is under "Advanced".
    """

    def __init__(self, fields: Fields, panel: AdvancedPanel, service: EditService, visitors: Visitors) -> None:
        self.fields = fields
        self.panel = panel
        self._service = service
        self._visitors = visitors
        self._wire_editing()
        self._wire_photo_and_words()

    def _wire_editing(self) -> None:
        f = self.fields
        asked = {"key": f.key, "tab": f.tab, "photo": f.photo, "instruction": f.instruction}
        asked |= {"new_seed": f.advanced.new_seed, "model": f.advanced.model}
        asked |= {**f.advanced.controls, **f.advanced.saving}
        running = [self._ask(gr.on, [f.instruction.submit, f.edit.click], asked)]
        choices = Choices(f, self._service, self._visitors)
        running.append(self._ask(f.variants.click, None, asked, choices.vary))
        running.append(self._ask(f.strengths.click, None, asked, choices.try_strengths))
        both = [f.advanced.controls[name] for name in GUIDANCE]
        chosen = f.cell.click(lambda *scales: scales, both, both, js="() => window.chosenScales", **QUICK)
        running.append(self._ask(chosen.success, None, {**asked, "new_seed": gr.State(False)}))
        for button, direction in ((f.more, 1), (f.keep, -1)):
            scales = {name: f.advanced.controls[name] for name in GUIDANCE}
            moved = button.click(
                safely(self.panel.nudge(direction)),
                inputs_kwargs={"model": f.advanced.model, **scales},
                outputs=list(scales.values()),
                **QUICK,
            )
            running.append(self._ask(moved.success, None, {**asked, "new_seed": gr.State(False)}))
        Live(f, self._service, self._visitors).wire(asked)
        Why(f, self._service, self._visitors).wire(asked, self.validate)
        who = {"key": f.key, "tab": f.tab}
        f.stop.click(safely(self.stop), inputs_kwargs=who, outputs=[f.stage, f.edit, f.stop], cancels=running, **QUICK)

    def _ask(
        self, listen: Callable[..., Any], triggers: Any, inputs: dict[str, Any], act: Callable[..., Any] | None = None
    ) -> Any:
        """Check the inputs, say that the edit waits, and edit, or ``act``; returns the event that does the work."""
        f = self.fields
        triggered = {} if triggers is None else {"triggers": triggers}
        said = {"outputs": [f.stage, f.slider, f.edit, f.stop, f.notice], "inputs_kwargs": inputs, **AT_ONCE}
        waiting = listen(fn=safely(self.wait), validator=self.validate, **triggered, **said)
        outputs = [f.stage, f.slider, f.edit, f.stop, f.strip, f.notice, *f.after_an_edit]
        outputs.append(f.advanced.controls["seed"])
        options = {"show_progress_on": [f.stage], **MODEL_QUEUE, **PRIVATE}
        editing = waiting.success(act or self.edit, inputs_kwargs=inputs, outputs=outputs, **options)
        # Fired when the edit is cancelled, after its last step, which would take the place of a "Stopped" said before.
        who = {"key": f.key, "tab": f.tab}
        editing.failure(safely(self.stop), inputs_kwargs=who, outputs=[f.stage, f.edit, f.stop], **QUICK)
        return editing

    def _wire_photo_and_words(self) -> None:
        f = self.fields
        who = {"key": f.key, "tab": f.tab}
        receipt = [f.instruction, *f.advanced.controls.values(), f.advanced.new_seed]
        outputs = [f.photo, f.area, f.stage, f.slider, f.redo, f.notice, *receipt]
        given = {**who, "model": f.advanced.model, "path": f.photo}
        received = f.photo.upload(safely(self.receive), inputs_kwargs=given, outputs=outputs, **QUICK)
        received.then(None, js="() => window.photoIsThere()", **PRIVATE)
        f.photo.clear(safely(self.put_away), inputs_kwargs=who, outputs=[f.area, f.stage, f.slider], **QUICK)
        painted = {**who, "path": f.photo, "drawn": f.drawn}
        f.painted.click(safely(self.paint), inputs_kwargs=painted, js=SEND_PAINTED, **QUICK)
        words = {**who, "model": f.advanced.model, "instruction": f.instruction}
        counting = {"inputs_kwargs": words, "outputs": f.tokens, "trigger_mode": "always_last", **QUICK}
        f.instruction.change(safely(self.read_words), **counting)
        f.suggestions.click(lambda sample: sample[0], f.suggestions, f.instruction, **QUICK)

    def validate(self, **values: Any) -> list[dict[str, Any]]:
        """Say what is wrong at the field where it is wrong, before anything is queued; one answer for each input."""

        def complaint(name: str, value: Any) -> str:
            if name == "photo":
                return "" if value else "Choose a photo first."
            if name == "seed" and value == ANY_SEED:
                return ""
            is_part = name == "instruction" or name in self.fields.advanced.controls
            return complaint_about(name, value) if is_part else ""

        complaints = [complaint(name, value) for name, value in values.items()]
        return [gr.validate(not sentence, sentence) for sentence in complaints]

    def wait(self, key: str, tab: str, instruction: str, **inputs: Any) -> Update:
        """The edit has been asked for, and others may come first."""
        workspace = self._visitors.workspace(key)
        Desk.of(workspace, tab).write(workspace, tab, instruction=instruction, asked=instruction)
        now = {**view.blank(self.fields, stage.WAITING), **view.working(self.fields, busy=True)}
        return {**now, **view.notice(self.fields, "")}

    def edit(
        self, key: str, tab: str, photo: Path, instruction: str, new_seed: bool, model: str, **settings: Any
    ) -> Iterator[Update]:
        """Edit the photo, showing every step, keep the result, and bring it into view.

        If the browser goes away in between, the note that an edit was asked for stays on the desk.
        """
        f = self.fields
        yield {f.stage: stage.STARTING}
        saving = {name: settings.pop(name) for name in f.advanced.saving if name in settings}
        try:
            workspace = self._visitors.workspace(key)
            request = request_of(instruction, settings, new_seed)
            finished = yield from self._edited(workspace, tab, photo, request, model, saving)
            yield self._into_view(workspace, tab, finished, model)
        except (GeneratorExit, Abandoned):
            self._visitors.note_cut(key, tab, EDIT)
            raise
        except Exception as error:
            yield {**self.stop(key, tab), f.stage: stage.failed(sentence_for(error))}

    def _edited(
        self, workspace: Workspace, tab: str, path: Path, request: EditRequest, model: str, saving: dict[str, Any]
    ) -> Generator[Update, None, StoredResult]:
        """Yields the forming picture; returns the result as it is kept."""
        if not Path(path).exists():
            raise InvalidImage(PHOTO_IS_GONE)
        photo = workspace.add_photo(Path(path))
        parent = Desk.of(workspace, tab).view
        session = self._visitors.session(workspace)
        mask, started = workspace.mask_of(photo), time.monotonic()
        stream = self._service.stream(photo.file, request, session=session, model=model, mask=mask)
        with closing(stream):
            for event in stream:
                elapsed = time.monotonic() - started
                if isinstance(event, Result):
                    return workspace.add_result(event, photo, parent, **saving)
                yield {self.fields.stage: _forming(event, elapsed)}
        raise EditFailed("The edit ended without a result; please try again.")

    def _into_view(self, workspace: Workspace, tab: str, finished: StoredResult, model: str) -> Update:
        f = self.fields
        desk = Desk.of(workspace, tab).write(workspace, tab, view=finished.id, photo=finished.photo, asked="")
        seed = {f.advanced.controls["seed"]: finished.request.seed}
        said = view.notice(f, self._remark_on(workspace, finished, model))
        return {**view.in_view(f, workspace, desk), **seed, **said, **view.working(f, busy=False)}

    def _remark_on(self, workspace: Workspace, result: StoredResult, model: str) -> str:
        """What a person should know of a result that is there, or nothing."""
        if lost := workspace.take_lost():
            return LOST.format("result" if lost == 1 else f"{lost} results")
        if result.truncated:
            return f"The instruction was too long; this part was not read: “{result.truncated}”"
        if result.request.area == AUTOMATIC and not result.is_confined:
            return EVERYWHERE_FOUND
        if result.unchanged:
            return nothing_changed(result.request.instruction, self._service.editor(model).checkpoint.suggestions)
        return ""

    def stop(self, key: str, tab: str) -> Update:
        """The edit is given up; the buttons come back, also where that cannot be noted."""
        said = stage.STOPPED
        try:
            workspace = self._visitors.workspace(key)
            Desk.of(workspace, tab).write(workspace, tab, asked="")
        except Exception as error:
            said = stage.failed(sentence_for(error))
        return {self.fields.stage: said, **view.working(self.fields, busy=False)}

    def read_words(self, key: str, tab: str, model: str, instruction: str) -> str:
        """Note the words, and say how many of them the model can read; nothing while there is no model to ask.

        Words beyond what a request may hold are not counted: counting takes time and memory.
        """
        workspace = self._visitors.workspace(key)
        Desk.of(workspace, tab).write(workspace, tab, instruction=instruction[:MAX_NOTED])
        if len(instruction) > MAX_INSTRUCTION_LENGTH:
            return stage.too_long(MAX_INSTRUCTION_LENGTH)
        try:
            editor = self._service.editor(model)
        except EditError:
            return ""
        return stage.token_count(editor.count_tokens(instruction), editor.max_tokens)

    def receive(self, key: str, tab: str, model: str, path: Path | None) -> Update:
        """A new photo: refuse it in one sentence, or bring back the settings it carries."""
        f = self.fields
        if path is None:
            return view.blank(f, stage.INVITATION)
        workspace = self._visitors.workspace(key)
        try:
            photo = workspace.add_photo(path)
            receipt = workspace.receipt_of(photo)
        except EditError as error:
            return {f.photo: None, **view.blank(f, stage.failed(str(error)))}
        Desk.of(workspace, tab).write(workspace, tab, photo=photo.id, view=None)
        update = {**view.blank(f, stage.INVITATION), **view.photo_in_view(f, workspace, photo), **view.notice(f, "")}
        update[f.redo] = gr.update(interactive=workspace.after(None, photo.id) is not None)
        if receipt is not None:
            checkpoint = self.panel.checkpoint(model)
            update |= view.words_and_settings(f, receipt.request, checkpoint)
            update |= view.notice(f, self._remark_on_receipt(receipt, model, checkpoint))
        return update

    def _remark_on_receipt(self, receipt: Receipt, model: str, checkpoint: CheckpointLike | None) -> str:
        said = ["This picture was made here: its words and settings are back."]
        beyond = beyond_limits(receipt.request, checkpoint) if checkpoint else ()
        if moved := dict.fromkeys([*receipt.moved, *beyond]):
            said.append(f"Out of their range, and moved into it: {', '.join(moved)}.")
        if receipt.checkpoint and receipt.checkpoint != model:
            said.append(f"It was made by “{receipt.checkpoint}”, which can be chosen under Advanced.")
        return " ".join(said)

    def put_away(self, key: str, tab: str) -> Update:
        """No photo; the results stay."""
        workspace = self._visitors.workspace(key)
        Desk.of(workspace, tab).write(workspace, tab, photo=None, view=None)
        return {self.fields.area: "", **view.blank(self.fields, stage.INVITATION)}

    def paint(self, key: str, tab: str, path: Path | None, drawn: str) -> None:
        """Where edits of the photo may act has been painted; an empty text says that nothing is."""
        workspace = self._visitors.workspace(key)
        photo = Desk.of(workspace, tab).photo_in(workspace)
        if path is None or photo is None:
            return
        workspace.paint(photo, _mask_in(drawn) if drawn else b"")


def _mask_in(drawn: str) -> bytes:
    """The file that a browser sent of what is painted."""
    try:
        if len(drawn) < MAX_MASK_LETTERS:
            return stage.png_in(drawn)
    except ValueError as error:
        raise InvalidImage(NO_MASK) from error
    raise InvalidImage(NO_MASK)


def _forming(step: Step, elapsed: float) -> str:
    return stage.forming(step, elapsed / step.index * (step.total - step.index))
