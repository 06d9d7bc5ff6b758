"""The page: a title, what model is at work, the tabs."""

import html

import gradio as gr
from gradio.media import get_image

from pix2pix.errors import EditError
from pix2pix.ui import edit_tab
from pix2pix.ui.code_tab import build_code_tab
from pix2pix.ui.edit_tab import PRIVATE, Studio
from pix2pix.ui.fields import EXAMPLES, SESSION_SECONDS, Fields, lay_out

TITLE = "InstructPix2Pix"
INTRODUCTION = f"# {TITLE}\nDrop in a photo, say what to do with it, and get the edited photo back."
LOADING = "<p role='status'>The model is being loaded. You can choose a photo meanwhile …</p>"


def build_page(studio: Studio) -> gr.Blocks:
    """The page around ``studio``; it can be shown before the model is loaded."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(SESSION_SECONDS, SESSION_SECONDS)) as page:
        gr.Markdown(
            f"# {TITLE}\nDrop in a photo, say what to do with it, and get the edited photo back.", elem_id="title"
        )
        model = gr.HTML(LOADING, elem_id="model")
        with gr.Tab("Edit"):
            fields = lay_out()
            gr.Examples(
                [[get_image(name)] for name in EXAMPLES], fields.photo, label="No photo at hand? Take one of these"
            )
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
    outputs = [model, fields.suggestions, s.steps, s.text, s.image, s.size, s.new_seed, s.detail]
    page.load(opened, fields.preferences, outputs, concurrency_limit=None, show_progress="hidden", **PRIVATE)


def _about(editor: object) -> str:
    checkpoint = editor.checkpoint
    sentences = " ".join(filter(None, [editor.note, checkpoint.about]))
    return f"<p>Model: <b>{html.escape(checkpoint.name)}</b>. {html.escape(sentences)}</p>"
