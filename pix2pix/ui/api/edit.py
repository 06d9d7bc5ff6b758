"""The endpoint ``/edit``: a photo and an instruction in, the edited photo and the settings used out."""

import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from pix2pix.errors import EditFailed, InvalidImage
from pix2pix.events import Result
from pix2pix.files.formats import save_result
from pix2pix.request import SETTINGS, EditRequest
from pix2pix.session import EditSession
from pix2pix.ui.api.endpoint import Parameter, parameter_of, register
from pix2pix.ui.protocols import EditService
from pix2pix.ui.queues import MODEL_QUEUE
from pix2pix.ui.upload import PhotoUpload

DESCRIPTION = (
    "Edit a photo as an instruction says. Settings that are left out are the model's own. Returns the edited photo, a "
    "PNG of the photo's size, and the settings that were used."
)


def build_edit_endpoint(service: EditService) -> None:
    """Register the endpoint."""

    def edit(photo: Path | None, instruction: str, **settings: Any) -> tuple[str, dict[str, Any]]:
        if photo is None:
            raise InvalidImage("Send a photo.")
        result = _edited(service, photo, EditRequest(instruction, **settings))
        path = Path(tempfile.mkdtemp(prefix="pix2pix-")) / "edited.png"
        save_result(result, path)
        used = {**asdict(result.request), "checkpoint": result.checkpoint, "truncated": result.truncated}
        return str(path), used

    parameters = [
        Parameter("photo", PhotoUpload(label="photo", visible=False), "The photo: a file, a URL or a data URL."),
        Parameter(
            "instruction",
            gr.Textbox(label="instruction", visible=False),
            'What to do with it, in English, for example "make it snowy".',
        ),
        *map(parameter_of, SETTINGS),
    ]
    outputs = [gr.Image(label="edited photo", format="png", visible=False), gr.JSON(label="settings", visible=False)]
    register(edit, "edit", DESCRIPTION, parameters, outputs, MODEL_QUEUE)


def _edited(service: EditService, photo: Path, request: EditRequest) -> Result:
    with closing(service.stream(photo, request, session=EditSession())) as stream:
        for event in stream:
            if isinstance(event, Result):
                return event
    raise EditFailed("The edit ended without a result; please try again.")
