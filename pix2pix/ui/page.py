"""The page: a title, what model is at work, the tabs."""

import html
from collections.abc import Callable

import gradio as gr
from gradio.media import get_image

from pix2pix.errors import EditError
from pix2pix.ui.api.code_tab import build_code_tab
from pix2pix.ui.edit import tab as edit_tab
from pix2pix.ui.edit.fields import EXAMPLES, SESSION_SECONDS, Fields, lay_out
from pix2pix.ui.gallery.tab import build_gallery_tab
from pix2pix.ui.protocols import Studio
from pix2pix.ui.queues import AT_ONCE, QUICK

TITLE = "InstructPix2Pix"
INTRODUCTION = f"# {TITLE}\nDrop in a photo, say what to do with it, and get the edited photo back."
LOADING = "<p role='status'>The model is being loaded. You can choose a photo meanwhile …</p>"


def build_page(studio: Studio) -> gr.Blocks:
    """The page around ``studio``; it can be shown before the model is loaded."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(SESSION_SECONDS, SESSION_SECONDS)) as page:
        gr.Markdown(INTRODUCTION, elem_id="title")
        model = gr.HTML(LOADING, elem_id="model", padding=False)
        with gr.Tab("Edit"):
            fields = lay_out()
            gr.Examples(
                [[get_image(name)] for name in EXAMPLES], fields.photo, label="No photo at hand? Take one of these"
            )
        with gr.Tab("Gallery"):
            build_gallery_tab(studio)
        with gr.Tab("Use it from code"):
            build_code_tab(studio)
        edit_tab.wire(fields, studio)
        _wire_opening(page, model, fields, studio)
    return page


def _wire_opening(page: gr.Blocks, model: gr.HTML, fields: Fields, studio: Studio) -> None:
    def opened(preferences: dict) -> dict:
        try:
            editor = studio.editor()
        except EditError as error:
            return {model: f"<p role='alert'>{html.escape(str(error))}</p>"}
        return {model: _about(editor), **edit_tab.opened(fields, studio, preferences or {})}

    s = fields.settings
    outputs = [model, fields.suggestions, *s.kept]
    page.load(opened, fields.preferences, [*outputs, s.model], **AT_ONCE)
    loading = s.model.input(lambda: LOADING, outputs=model, **QUICK)
    loading.then(_choose_with(model, fields, studio), s.model, [*outputs, s.model], **AT_ONCE)


def _choose_with(model: gr.HTML, fields: Fields, studio: Studio) -> Callable[[str], dict]:
    def choose(name: str) -> dict:
        try:
            editor = studio.editor(name)
        except EditError as error:
            first = studio.editor()
            gr.Warning(str(error))
            return {model: _about(first), fields.settings.model: first.checkpoint.name}
        return {model: _about(editor), **edit_tab.chosen(fields, editor.checkpoint)}

    return choose


def _about(editor: object) -> str:
    checkpoint = editor.checkpoint
    sentences = " ".join(filter(None, [editor.note, checkpoint.about]))
    return f"<p>Model: <b>{html.escape(checkpoint.name)}</b>. {html.escape(sentences)}</p>"
