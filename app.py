"""The web app: ``python app.py``, or a Space on Hugging Face."""

import os

import gradio as gr

from pix2pix import Editor
from pix2pix.photo.decoding import MAX_BYTES
from pix2pix.ui import build_page

MODEL = os.environ.get("PIX2PIX_MODEL", "auto")
WAITING_EDITS = 20
VISITORS = 200


def main() -> None:
    """Load the checkpoint and serve the page until Ctrl-C."""
    editor = Editor.load(MODEL)
    page = build_page(editor, about=editor.note or f"Model: {editor.checkpoint.name}")
    page.queue(max_size=WAITING_EDITS, api_open=False)
    page.launch(
        theme=gr.themes.Soft(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        max_file_size=MAX_BYTES,
        state_session_capacity=VISITORS,
        enable_monitoring=False,
        strict_cors=True,
        footer_links=["api"],
    )


if __name__ == "__main__":
    main()
