"""The top of the page: what the app does, where its model, paper and code are, which model is at work."""

import os

import gradio as gr

TITLE = "InstructPix2Pix"
TAGLINE = "Drop in a photo, say what should change, and get it back edited."
LINKS = {
    "Model card": "https://huggingface.co/timbrooks/instruct-pix2pix",
    "Paper": "https://arxiv.org/abs/2211.09800",
    "Code": "https://github.com/timothybrooks/instruct-pix2pix",
}


def draw_header(says_at_first: str) -> gr.HTML:
    """Draw it into the Blocks at hand; returns the line on the model, which ``says_at_first`` that none is there."""
    space = os.environ.get("SPACE_ID")
    with gr.Row(elem_id="header"):
        with gr.Column(scale=3, min_width=280):
            gr.HTML(f"<h1>{TITLE}</h1>", elem_id="title", padding=False)
            gr.HTML(TAGLINE, elem_id="tagline", padding=False)
        with gr.Column(scale=1, min_width=200):
            gr.HTML(_links(space), elem_id="links", padding=False)
            if space:
                gr.DuplicateButton(size="sm", elem_id="duplicate")
    return gr.HTML(says_at_first, elem_id="model", padding=False)


def _links(space: str | None) -> str:
    """A Space links to its own files; elsewhere the code is that of the paper."""
    links = LINKS | ({"Code": f"https://huggingface.co/spaces/{space}/tree/main"} if space else {})
    anchors = (
        f'<a href="{address}" target="_blank" rel="noopener" data-say>{name}</a>' for name, address in links.items()
    )
    return f"<nav>{''.join(anchors)}</nav>"
