"""What the parts of the edit tab do."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr
from PIL.Image import Image

from pix2pix.errors import EditError, EditFailed, InvalidRequest
from pix2pix.events import Result, Step
from pix2pix.files.formats import save_result
from pix2pix.files.receipt import read_receipt
from pix2pix.photo import open_photo
from pix2pix.request import EditRequest
from pix2pix.session import EditSession
from pix2pix.ui import stage
from pix2pix.ui.edit.fields import Fields, Settings
from pix2pix.ui.protocols import Studio
from pix2pix.ui.queues import AT_ONCE, EDIT_SECONDS, MODEL_QUEUE, PRIVATE, QUICK

SHOWN_SIDE = 1600  # pixels; the page shows pictures no larger, the download is always whole
THUMBNAIL_SIDE = 256

KEEP = "(model, ...values) => ({model, values})"  # in the browser: nothing of it needs the server

Update = dict[Any, Any]


def wire(f: Fields, studio: Studio) -> None:
    """Connect all events of the tab."""
    _wire_editing(f, studio)
    _wire_history(f)
    _wire_photo(f)
    _wire_settings(f, studio)


def _wire_editing(f: Fields, studio: Studio) -> None:
    s = f.settings
    inputs = [
        f.photo,
        f.instruction,
        s.steps,
        s.text,
        s.image,
        s.size,
        s.seed,
        s.new_seed,
        s.detail,
        s.model,
        f.session,
    ]
    same_seed = [*inputs[:7], gr.State(False), s.detail, s.model, f.session]
    outputs = [
        *(f.stage, f.slider, f.edit, f.stop, f.strip, f.session, s.seed),
        *(f.undo, f.redo, f.further, f.more, f.keep, f.download),
    ]
    options = {"outputs": outputs, "show_progress_on": [f.stage], **MODEL_QUEUE, **PRIVATE}
    edit, waiting = _edit_with(f, studio), {"outputs": [f.stage, f.slider, f.edit, f.stop], **AT_ONCE}
    asked = gr.on([f.instruction.submit, f.edit.click], lambda *_: _waiting(f), inputs, validator=_validate, **waiting)
    running = [asked.success(edit, inputs, **options)]
    for button, direction in ((f.more, 1), (f.keep, -1)):
        moved = button.click(_nudge(studio, direction), [s.model, s.text, s.image], [s.text, s.image], **QUICK)
        asked = moved.success(lambda *_: _waiting(f), same_seed, validator=_validate, **waiting)
        running.append(asked.success(edit, same_seed, **options))
    f.stop.click(lambda: _stopped(f), outputs=[f.stage, f.edit, f.stop], cancels=running, **QUICK)
    f.instruction.change(_count_with(studio), [s.model, f.instruction], f.tokens, trigger_mode="always_last", **QUICK)
    f.suggestions.click(lambda sample: sample[0], f.suggestions, f.instruction, **QUICK)


def _wire_history(f: Fields) -> None:
    shown = [f.photo, f.stage, f.slider, f.strip, f.session, *f.after_an_edit]
    f.undo.click(lambda session: _moved(f, session, session.undo), f.session, shown, **QUICK)
    f.redo.click(lambda session: _moved(f, session, session.redo), f.session, shown, **QUICK)
    restored = [f.instruction, f.settings.model, *f.settings.values]
    f.strip.select(_choose_with(f), f.session, [*shown, *restored], **QUICK)
    f.further.click(lambda path: (path, stage.INVITATION), f.download, [f.photo, f.stage], **QUICK)


def _wire_photo(f: Fields) -> None:
    receipt = [f.instruction, *f.settings.values]
    f.photo.upload(_received_with(f), f.photo, [f.photo, f.stage, f.slider, *receipt], **QUICK)
    f.photo.clear(lambda: _blank(f, stage.INVITATION), outputs=[f.stage, f.slider], **QUICK)


def _wire_settings(f: Fields, studio: Studio) -> None:
    s = f.settings
    s.reset.click(lambda model: _defaults(s, studio.editor(model).checkpoint), s.model, s.kept, **QUICK)
    s.surprise.click(
        lambda model: _random_guidance(studio.editor(model).checkpoint), s.model, [s.text, s.image], **QUICK
    )
    gr.on([part.change for part in s.kept], None, [s.model, *s.kept], f.preferences, js=KEEP, **PRIVATE)


def opened(f: Fields, studio: Studio, preferences: dict) -> Update:
    """The page as it is once the model is loaded: its defaults, or what this person chose the last time."""
    checkpoint, s = studio.editor().checkpoint, f.settings
    update = chosen(f, checkpoint)
    values = preferences.get("values", [])
    if preferences.get("model") == checkpoint.name and len(values) == len(s.kept):
        update |= {part: gr.update(value=value) for part, value in zip(s.kept, values, strict=True)}
        update[s.steps]["info"] = checkpoint.steps_advice
    return update | {s.model: gr.update(choices=list(studio.models()), value=checkpoint.name)}


def chosen(f: Fields, checkpoint: Any) -> Update:
    """What a newly chosen model brings along: its defaults, its advice, its ideas."""
    update = _defaults(f.settings, checkpoint)
    update[f.settings.steps] = gr.update(value=update[f.settings.steps], info=checkpoint.steps_advice)
    samples = [[suggestion] for suggestion in checkpoint.suggestions]
    return {**update, f.suggestions: gr.update(samples=samples, visible=True)}


def _validate(
    photo: Path | None, instruction: str, steps: Any, text: Any, image: Any, size: Any, seed: Any, *rest: Any
) -> list[dict]:
    """Say what is wrong at the field where it is wrong, before anything is queued; one answer for each input."""
    numbers = {"num_inference_steps": steps, "guidance_scale": text, "image_guidance_scale": image}
    numbers |= {"resolution": size, "seed": seed}
    return [
        gr.validate(photo is not None, "Choose a photo first."),
        _check(instruction=instruction),
        *(_check(**{name: value}) for name, value in numbers.items()),
        *(gr.validate(True, "") for _ in rest),
    ]


def _check(**field: Any) -> dict:
    try:
        EditRequest(**{"instruction": "x", **field})
    except InvalidRequest as error:
        return gr.validate(False, str(error))
    return gr.validate(True, "")


def _edit_with(f: Fields, studio: Studio) -> Callable[..., Iterator[Update]]:
    def edit(photo, instruction, steps, text, image, size, seed, new_seed, detail, model, session) -> Iterator[Update]:
        yield {f.stage: stage.STARTING}
        idle = {f.edit: gr.update(interactive=True), f.stop: gr.update(interactive=False)}
        try:
            request = EditRequest(instruction, steps, text, image, None if new_seed else seed, size, detail)
            for step in _steps(studio.stream(photo, request, session=session, model=model)):
                yield {f.stage: step}
        except EditError as error:
            yield {f.stage: stage.failed(str(error)), **idle}
            return
        result = session.current
        if result.truncated:
            gr.Warning(f"The instruction was too long; this part was not read: “{result.truncated}”")
        yield {**_in_view(f, session), f.settings.seed: result.request.seed, f.session: session, **idle}

    return edit


def _steps(stream: Iterator[Step | Result]) -> Iterator[str]:
    """The stage after each step, until the result is there."""
    started = time.monotonic()
    with closing(stream):
        for event in stream:
            elapsed = time.monotonic() - started
            if elapsed > EDIT_SECONDS:
                raise EditFailed("This edit took too long and was stopped; try fewer steps or a smaller size.")
            if isinstance(event, Step):
                yield stage.forming(event, elapsed / event.index * (event.total - event.index))


def _blank(f: Fields, content: str) -> Update:
    return {f.stage: gr.update(value=content, visible=True), f.slider: gr.update(visible=False)}


def _waiting(f: Fields) -> Update:
    busy = {f.edit: gr.update(interactive=False), f.stop: gr.update(interactive=True)}
    return {**_blank(f, stage.WAITING), **busy}


def _stopped(f: Fields) -> Update:
    return {f.stage: stage.STOPPED, f.edit: gr.update(interactive=True), f.stop: gr.update(interactive=False)}


def _in_view(f: Fields, session: EditSession) -> Update:
    """The current result beside its original, the strip of all, and the buttons that now make sense."""
    result, history = session.current, session.history
    buttons = {button: gr.update(interactive=result is not None) for button in f.after_an_edit}
    buttons[f.redo] = gr.update(interactive=bool(history) and result is not history[-1])
    strip = {f.strip: gr.update(value=[_thumbnail(one) for one in history], visible=bool(history))}
    if result is None:
        return {**_blank(f, stage.INVITATION), **strip, **buttons}
    pair = _shown(open_photo(result.source).rgb), _shown(result.image)
    buttons[f.download] = gr.update(value=_file(result), interactive=True)
    return {f.stage: gr.update(visible=False), f.slider: gr.update(value=pair, visible=True), **strip, **buttons}


def _moved(f: Fields, session: EditSession, move: Callable[[], Result | None]) -> Update:
    result = move()
    photo = (result or session.history[0]).source if session.history else None
    return {**_in_view(f, session), f.photo: photo, f.session: session}


def _choose_with(f: Fields) -> Callable[..., Update]:
    def choose(session: EditSession, event: gr.SelectData) -> Update:
        result = session.show(event.index)
        settings = {f.settings.model: result.checkpoint, **_settings_of(f, result.request)}
        return {**_moved(f, session, lambda: result), **settings}

    return choose


def _settings_of(f: Fields, request: EditRequest) -> Update:
    s = f.settings
    return {
        f.instruction: request.instruction,
        s.steps: request.num_inference_steps,
        s.text: request.guidance_scale,
        s.image: request.image_guidance_scale,
        s.size: request.resolution,
        s.seed: request.seed,
        s.new_seed: False,
        s.detail: request.detail,
    }


def _received_with(f: Fields) -> Callable[..., Update]:
    def received(path: Path | None) -> Update:
        """A new photo: refuse it in one sentence, or bring back the settings it carries."""
        try:
            photo = open_photo(path)
            request = read_receipt(path)
        except EditError as error:
            return {f.photo: None, **_blank(f, stage.failed(str(error)))}
        update = _blank(f, stage.INVITATION)
        if path.suffix.lower() in (".heic", ".heif"):  # browsers cannot show these
            update[f.photo] = photo.rgb
        if request is not None:
            gr.Info("This picture was made here: its words and settings are back.")
            update |= _settings_of(f, request)
        return update

    return received


def _defaults(s: Settings, checkpoint: Any) -> Update:
    defaults = checkpoint.defaults
    return {
        s.steps: defaults.num_inference_steps,
        s.text: defaults.guidance_scale,
        s.image: defaults.image_guidance_scale,
        s.size: defaults.resolution,
        s.new_seed: True,
        s.detail: True,
    }


def _random_guidance(checkpoint: Any) -> tuple[float, float]:
    """Both scales from around the defaults: for the real checkpoint 6 to 9 and 1.2 to 1.8, as in the original app."""
    scales = checkpoint.defaults.guidance_scale, checkpoint.defaults.image_guidance_scale
    return tuple(round(max(1.0, random.uniform(0.8 * scale, 1.2 * scale)), 2) for scale in scales)


def _nudge(studio: Studio, direction: int) -> Callable[[str, float, float], tuple[float, float]]:
    def nudge(model: str, text: float, image: float) -> tuple[float, float]:
        text_notch, image_notch = studio.editor(model).checkpoint.notches
        moved = text + direction * text_notch, image - direction * image_notch
        return tuple(round(min(15.0, max(1.0, scale)), 2) for scale in moved)

    return nudge


def _count_with(studio: Studio) -> Callable[[str, str], str]:
    def count(model: str, text: str) -> str:
        editor = studio.editor(model)
        return stage.token_count(editor.count_tokens(text), editor.max_tokens)

    return count


def _shown(image: Image, side: int = SHOWN_SIDE) -> Image:
    small = image.copy()
    small.thumbnail((side, side))
    return small


def _thumbnail(result: Result) -> tuple[Image, str]:
    caption = f"{result.request.instruction} · seed {result.request.seed}"
    return _shown(result.image.convert("RGB"), THUMBNAIL_SIDE), caption


def _file(result: Result) -> str:
    """The result as a PNG with its receipt, in a folder of its own."""
    path = Path(tempfile.mkdtemp(prefix="pix2pix-")) / f"{Path(result.source).stem[:40]}-edited.png"
    save_result(result, path)
    return str(path)
