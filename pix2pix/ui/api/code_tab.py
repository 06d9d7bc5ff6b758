"""The tab for programs: the endpoint ``edit``, for gradio_client and as an MCP tool, and how to call it."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import gradio as gr

from pix2pix.errors import EditError
from pix2pix.files.formats import save_result
from pix2pix.request import EditRequest
from pix2pix.session import EditSession
from pix2pix.ui.protocols import Studio
from pix2pix.ui.queues import MODEL_QUEUE
from pix2pix.ui.upload import PhotoUpload

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


def build_code_tab(studio: Studio) -> None:
    """Draw the tab and register the endpoint."""
    gr.Markdown("### From Python, in the folder of this program")
    gr.Code(PYTHON, language="python", interactive=False, label="Python")
    gr.Markdown("### Over the network, from any program")
    gr.Code(CLIENT, language="python", interactive=False, label="gradio_client")
    gr.Markdown("### From an AI assistant that speaks MCP: add this to its settings, and ask it to edit a picture")
    gr.Code(MCP, language="json", interactive=False, label="MCP")
    inputs = [
        PhotoUpload(label="photo", visible=False),
        gr.Textbox(label="instruction", visible=False),
        gr.Number(None, label="num_inference_steps", precision=0, visible=False),
        gr.Number(None, label="guidance_scale", visible=False),
        gr.Number(None, label="image_guidance_scale", visible=False),
        gr.Number(None, label="seed", precision=0, visible=False),
        gr.Number(None, label="resolution", precision=0, visible=False),
        gr.Checkbox(True, label="detail", visible=False),
    ]
    outputs = [gr.Image(label="edited photo", format="png", visible=False), gr.JSON(label="settings", visible=False)]
    gr.Button(visible=False).click(_edit_with(studio), inputs, outputs, api_name="edit", **MODEL_QUEUE)


def _edit_with(studio: Studio) -> Callable:
    def edit(
        photo: Path,
        instruction: str,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        image_guidance_scale: float | None = None,
        seed: int | None = None,
        resolution: int | None = None,
        detail: bool = True,
    ) -> tuple[str, dict]:
        """Edit a photo as an instruction says. Settings that are left out are the model's own.

        Args:
            photo: The photo: a file, a URL or a data URL.
            instruction: What to do with it, in English, for example "make it snowy".
            num_inference_steps: How many times the picture is refined, 1 to 150.
            guidance_scale: How strongly the instruction counts, 1 to 30.
            image_guidance_scale: How strongly the photo is kept, 1 to 5.
            seed: Where the chance in the picture comes from; the same seed gives the same picture.
            resolution: Side in pixels at which the model draws, 32 to 1024.
            detail: Whether the result gets the photo's own detail back.

        Returns:
            The edited photo as a PNG of the photo's size, and the settings that were used.
        """
        if photo is None:
            raise gr.Error("Send a photo.", print_exception=False)
        try:
            request = EditRequest(
                instruction, num_inference_steps, guidance_scale, image_guidance_scale, seed, resolution, detail
            )
            with closing(studio.stream(photo, request, session=EditSession())) as stream:
                *_, result = stream
        except EditError as error:
            raise gr.Error(str(error), print_exception=False) from error
        path = Path(tempfile.mkdtemp(prefix="pix2pix-")) / "edited.png"
        save_result(result, path)
        settings = {name: getattr(result.request, name) for name in EditRequest.__dataclass_fields__}
        return str(path), {**settings, "checkpoint": result.checkpoint, "truncated": result.truncated}

    return edit
