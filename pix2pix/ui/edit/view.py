"""What the edit tab shows: each function gives the new values of its parts, ready for a handler to return."""

import html
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
from PIL.Image import Image

from pix2pix.events import Result
from pix2pix.files.formats import save_result
from pix2pix.photo import open_photo
from pix2pix.photo.thumbnail import fitted
from pix2pix.request import SETTINGS, EditRequest
from pix2pix.session import EditSession
from pix2pix.ui import stage
from pix2pix.ui.controls import Update, default_values
from pix2pix.ui.edit.fields import Fields
from pix2pix.ui.protocols import CheckpointLike, EditorLike

SHOWN_SIDE = 1600  # pixels; the page shows pictures no larger, the download is always whole
THUMBNAIL_SIDE = 256
LOADING = "<p role='status'>The model is being loaded. You can choose a photo meanwhile …</p>"


def blank(f: Fields, content: str) -> Update:
    """No result in view, and ``content`` in its place."""
    return {f.stage: gr.update(value=content, visible=True), f.slider: gr.update(visible=False)}


def working(f: Fields, busy: bool) -> Update:
    """Whether Edit or Stop can be pressed."""
    return {f.edit: gr.update(interactive=not busy), f.stop: gr.update(interactive=busy)}


def in_view(f: Fields, session: EditSession) -> Update:
    """The current result beside its original, the strip of all, and the buttons that now make sense."""
    result, history = session.current, session.history
    buttons = {button: gr.update(interactive=result is not None) for button in f.after_an_edit}
    buttons[f.redo] = gr.update(interactive=bool(history) and result is not history[-1])
    strip = {f.strip: gr.update(value=[_thumbnail(one) for one in history], visible=bool(history))}
    if result is None:
        return {**blank(f, stage.INVITATION), **strip, **buttons}
    pair = _shown(_original(result)), _shown(result.image)
    buttons[f.download] = gr.update(value=_file(result), interactive=True)
    return {f.stage: gr.update(visible=False), f.slider: gr.update(value=pair, visible=True), **strip, **buttons}


def words_and_settings(f: Fields, request: EditRequest) -> Update:
    """The words and settings of ``request``, so that the next edit is made by them."""
    controls = f.advanced.controls
    settings = {controls[setting.name]: getattr(request, setting.name) for setting in SETTINGS}
    return {f.instruction: request.instruction, **settings, f.advanced.new_seed: False}


def defaults_of(f: Fields, checkpoint: CheckpointLike) -> Update:
    """The settings that ``checkpoint`` works best with."""
    controls = f.advanced.controls
    defaults = {controls[name]: value for name, value in default_values(checkpoint).items()}
    return {**defaults, f.advanced.new_seed: True}


def advice_of(f: Fields, checkpoint: CheckpointLike) -> Update:
    """What ``checkpoint`` does well: ideas, and what its numbers of steps are good for."""
    samples = [[suggestion] for suggestion in checkpoint.suggestions]
    return {
        f.suggestions: gr.update(samples=samples, visible=True),
        f.advanced.controls["num_inference_steps"]: gr.update(info=checkpoint.steps_advice),
    }


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


def about(editor: EditorLike) -> str:
    """Which model is at work, and what a person should know of it."""
    sentences = " ".join(filter(None, [editor.note, editor.checkpoint.about]))
    return f"<p>Model: <b>{html.escape(editor.checkpoint.name)}</b>. {html.escape(sentences)}</p>"


def not_loaded(sentence: str) -> str:
    """Why there is no model."""
    return f"<p role='alert'>{html.escape(sentence)}</p>"


def _original(result: Result) -> Image:
    return open_photo(result.source).rgb if result.source else result.canvas_image


def _shown(image: Image) -> Image:
    small = image.copy()
    small.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    return small


def _thumbnail(result: Result) -> tuple[Image, str]:
    return fitted(result.image, THUMBNAIL_SIDE), f"{result.request.instruction} · seed {result.request.seed}"


def _file(result: Result) -> str:
    """The result as a PNG with its receipt, in a folder of its own."""
    stem = result.source.stem[:40] if result.source else "photo"
    path = Path(tempfile.mkdtemp(prefix="pix2pix-")) / f"{stem}-edited.png"
    save_result(result, path)
    return str(path)
