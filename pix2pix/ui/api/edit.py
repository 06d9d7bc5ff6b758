"""The endpoint ``/edit``: a photo and an instruction in, the edited photo and the settings used out."""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from pix2pix.errors import EditFailed, InvalidImage
from pix2pix.events import Result
from pix2pix.files.formats import save_result, suffix_for
from pix2pix.request import FORMAT, SAVE_SETTINGS, SETTINGS, EditRequest
from pix2pix.session import EditSession
from pix2pix.ui.api.addresses import new_folder
from pix2pix.ui.api.endpoint import Parameter, instruction_parameter, parameter_of, register
from pix2pix.ui.api.photos import NO_PHOTO, UPLOAD_TOOL, WAYS, PhotoInput
from pix2pix.ui.protocols import EditService
from pix2pix.ui.queues import MODEL_QUEUE

DESCRIPTION = (
    f"Edit a photo as an instruction says. Hand in the photo as {WAYS}{UPLOAD_TOOL}. Settings that are left out are "
    "the model's own. Returns the edited photo at its full size, and the settings that were used; an assistant gets "
    "a small copy to look at, and the address of the whole."
)

MASK = (
    "Where the photo may change: a picture of its shape, white where it may and black where it must not, handed in as "
    "the photo. Left out, it may everywhere."
)


def build_edit_endpoint(service: EditService) -> None:
    """Register the endpoint."""

    def edit(
        photo: Path | None, instruction: str, format: str, metadata: bool, mask: Path | None, **settings: Any
    ) -> tuple[str, dict[str, Any]]:
        if photo is None:
            raise InvalidImage(NO_PHOTO)
        FORMAT.checked(format)
        result = _edited(service, photo, EditRequest(instruction, **settings), mask)
        with new_folder() as folder:
            path = folder / f"edited{suffix_for(result.origin, format)}"
            save_result(result, path, metadata=metadata)
        said = {"truncated": result.truncated, "unchanged": result.unchanged}
        return str(path), {**asdict(result.request), "checkpoint": result.checkpoint, **said}

    parameters = [
        Parameter("photo", PhotoInput(label="photo", visible=False), f"The photo: {WAYS}."),
        instruction_parameter('What to do with it, in English, for example "make it snowy".'),
        *map(parameter_of, (*SETTINGS, *SAVE_SETTINGS)),
        Parameter("mask", PhotoInput(label="mask", visible=False), MASK, None),
    ]
    outputs = [gr.Image(label="edited photo", format="png", visible=False), gr.JSON(label="settings", visible=False)]
    register(edit, "edit", DESCRIPTION, parameters, outputs, MODEL_QUEUE)


def _edited(service: EditService, photo: Path, request: EditRequest, mask: Path | None) -> Result:
    with closing(service.stream(photo, request, session=EditSession(), mask=mask)) as stream:
        for event in stream:
            if isinstance(event, Result):
                return event
    raise EditFailed("The edit ended without a result; please try again.")
