"""What the edit tab shows: each function gives the new values of its parts, ready for a handler to return.

Pictures are files of the workspace; they are handed to the page as they are, and nothing is decoded here.
"""

import html

import gradio as gr

from pix2pix.engine import CheckpointLike, EditorLike
from pix2pix.request import SAVE_SETTINGS, SETTINGS, EditRequest
from pix2pix.serving.desk import Desk
from pix2pix.serving.stored import StoredPhoto, StoredResult
from pix2pix.serving.workspace import Workspace
from pix2pix.ui import stage
from pix2pix.ui.controls import Update, default_values, guidance_ends, within_limits
from pix2pix.ui.edit.fields import Fields

LOADING = "<p role='status'>The model is being loaded. You can choose a photo meanwhile …</p>"


def blank(f: Fields, content: str) -> Update:
    """No result in view, and ``content`` in its place."""
    return {f.stage: gr.update(value=content, visible=True), f.slider: gr.update(visible=False)}


def working(f: Fields, busy: bool) -> Update:
    """Whether Edit or Stop can be pressed."""
    return {f.edit: gr.update(interactive=not busy), f.stop: gr.update(interactive=busy)}


def in_view(f: Fields, workspace: Workspace, desk: Desk) -> Update:
    """The result in view beside its original, the strip of all, and the buttons that now make sense."""
    result = desk.result_in(workspace)
    buttons = {button: gr.update(interactive=result is not None) for button in f.after_an_edit}
    next_one = workspace.after(result.id if result else None, desk.photo)
    buttons[f.redo] = gr.update(interactive=next_one is not None)
    if result is None:
        return {**blank(f, stage.INVITATION), **strip(f, workspace), **buttons}
    pair = str(workspace.photo(result.photo).shown), str(result.shown)
    buttons[f.download] = gr.update(value=str(result.file), interactive=True)
    return {
        f.stage: gr.update(visible=False),
        f.slider: gr.update(value=pair, visible=True),
        **strip(f, workspace),
        **buttons,
    }


def strip(f: Fields, workspace: Workspace) -> Update:
    """All results, oldest first."""
    results = workspace.results()
    return {f.strip: gr.update(value=list(map(_thumbnail, results)), visible=bool(results))}


def photo_in_view(f: Fields, workspace: Workspace, photo: StoredPhoto | None) -> Update:
    """The photo itself, or a copy of it where browsers cannot show it, and what is painted on it."""
    if photo is None:
        return {f.photo: None, f.area: ""}
    mask = workspace.mask_of(photo)
    painted = stage.png_url(mask.read_bytes()) if mask else ""
    return {f.photo: str(photo.displayed), f.area: f'<i data-photo="{photo.id}" data-area="{painted}"></i>'}


def words_and_settings(f: Fields, request: EditRequest, checkpoint: CheckpointLike | None) -> Update:
    """The words and settings of ``request``, so that the next edit is made by them, as far as ``checkpoint`` can."""
    values = {setting.name: getattr(request, setting.name) for setting in SETTINGS}
    values = within_limits(values, checkpoint) if checkpoint else values
    settings = {f.advanced.controls[name]: value for name, value in values.items()}
    return {f.instruction: request.instruction, **settings, f.advanced.new_seed: False}


def defaults_of(f: Fields, checkpoint: CheckpointLike) -> Update:
    """The settings that ``checkpoint`` works best with."""
    controls = f.advanced.controls
    defaults = {controls[name]: value for name, value in default_values(checkpoint).items()}
    saving = {f.advanced.saving[setting.name]: setting.default for setting in SAVE_SETTINGS}
    return {**defaults, **saving, f.advanced.new_seed: True}


def advice_of(f: Fields, checkpoint: CheckpointLike) -> Update:
    """What ``checkpoint`` does well: ideas, what its numbers of steps are good for, and where its guidance ends."""
    samples, controls = [[suggestion] for suggestion in checkpoint.suggestions], f.advanced.controls
    return {
        **guidance_ends(controls, checkpoint),
        f.suggestions: gr.update(samples=samples, visible=True),
        controls["num_inference_steps"]: gr.update(info=checkpoint.steps_advice),
    }


def notice(f: Fields, sentence: str) -> Update:
    """One sentence below the words; an empty one takes the last away."""
    return {f.notice: f'<p role="status">{html.escape(sentence)}</p>' if sentence else ""}


def about(editor: EditorLike) -> str:
    """Which model is at work, and what a person should know of it."""
    sentences = " ".join(filter(None, [editor.note, editor.checkpoint.about]))
    return f"<p>Model: <b>{html.escape(editor.checkpoint.name)}</b>. {html.escape(sentences)}</p>"


def not_loaded(sentence: str) -> str:
    """Why there is no model."""
    return f"<p role='alert'>{html.escape(sentence)}</p>"


def _thumbnail(result: StoredResult) -> tuple[str, str]:
    return str(result.thumbnail), f"{result.request.instruction} · seed {result.request.seed}"
