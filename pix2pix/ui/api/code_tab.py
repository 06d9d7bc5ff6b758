"""The tab for programs: how to call the app from Python, over the network, and from AI assistants."""

import gradio as gr

from pix2pix.ui.api.edit import build_edit_endpoint
from pix2pix.ui.api.gallery import build_gallery_endpoint
from pix2pix.ui.protocols import EditService

PYTHON = """from pix2pix import Editor, EditRequest, save_result

editor = Editor.load("auto")
result = editor.edit("photo.jpg", EditRequest("make it night", seed=7))
save_result(result, "night.png")
"""
CLIENT = """from gradio_client import Client, handle_file

client = Client("http://127.0.0.1:7860")  # or the name of a Space
picture, settings = client.predict(handle_file("photo.jpg"), "make it night", seed=7, api_name="/edit")
print(picture, settings)
"""
MCP = """{
  "mcpServers": {
    "instruct-pix2pix": {"url": "http://127.0.0.1:7860/gradio_api/mcp/"}
  }
}
"""


def build_code_tab(service: EditService) -> None:
    """Draw the tab and register the endpoints."""
    gr.Markdown("### From Python, in the folder of this program")
    gr.Code(PYTHON, language="python", interactive=False, label="Python")
    gr.Markdown("### Over the network, from any program")
    gr.Code(CLIENT, language="python", interactive=False, label="gradio_client")
    gr.Markdown("### From an AI assistant that speaks MCP: add this to its settings, and ask it to edit a picture")
    gr.Code(MCP, language="json", interactive=False, label="MCP")
    build_edit_endpoint(service)
    build_gallery_endpoint(service)
