"""The tab for programs: how to call the app from Python, over the network, and from AI assistants."""

import json

import gradio as gr

from pix2pix.ui.api.edit import build_edit_endpoint
from pix2pix.ui.api.gallery import build_gallery_endpoint
from pix2pix.ui.api.model import build_model_resource
from pix2pix.ui.api.snippets import ADDRESS, CLIENT, CLIENT_GALLERY, CURL, CURL_GALLERY, MCP, PYTHON
from pix2pix.ui.protocols import EditService

OVER_THE_NETWORK = """### Over the network, from any program
`/edit` takes one photo, `/edit_gallery` up to a hundred. A photo is handed in as its address, as a data URL, or as an
upload. What is wrong is said in one sentence; `/model` tells what the model at work can do."""
FROM_AN_ASSISTANT = """### From an AI assistant that speaks MCP
Add this to its settings, and ask it to edit a picture. It finds the tools `edit` and `edit_gallery`, and what the model
can do as the resource `pix2pix://model`. It can hand in any photo that has an address. For photos on your own computer
it needs the second entry, which uploads files of the folder that you name there; leave it out if you don't want that.
It needs [uv](https://docs.astral.sh/uv/)."""


def build_code_tab(page: gr.Blocks, service: EditService) -> None:
    """Draw the tab on ``page`` and register the endpoints."""
    gr.Markdown("### From Python, in the folder of this program")
    gr.Code(PYTHON, language="python", interactive=False, label="Python")
    gr.Markdown(OVER_THE_NETWORK)
    with_address = [
        gr.Code(CLIENT, language="python", interactive=False, label="gradio_client, /edit"),
        gr.Code(CLIENT_GALLERY, language="python", interactive=False, label="gradio_client, /edit_gallery"),
        gr.Code(CURL, language="shell", interactive=False, label="curl, /edit"),
        gr.Code(CURL_GALLERY, language="shell", interactive=False, label="curl, /edit_gallery"),
    ]
    gr.Markdown(FROM_AN_ASSISTANT)
    with_address.append(gr.Code(MCP, language="json", interactive=False, label="MCP"))
    page.load(None, None, with_address, js=_with_own_address([code.value for code in with_address]))
    build_edit_endpoint(service)
    build_gallery_endpoint(service)
    build_model_resource(service)


def _with_own_address(snippets: list[str]) -> str:
    """JavaScript: the snippets with the address of the page, which only the browser knows for certain."""
    address = "location.href.split(/[?#]/)[0].replace(/\\/+$/, '')"
    return f"() => {json.dumps(snippets)}.map(snippet => snippet.replaceAll({json.dumps(ADDRESS)}, {address}))"
