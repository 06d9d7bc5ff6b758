"""The endpoint ``/edit_gallery``: many photos in, one ZIP file out."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import gradio as gr

from pix2pix.errors import InvalidRequest
from pix2pix.events import Outcome
from pix2pix.files.archive import ArchivedPhoto, write_archive
from pix2pix.files.formats import save_result, suffix_for
from pix2pix.request import FORMAT, GALLERY_SETTINGS, SAVE_SETTINGS, EditRequest
from pix2pix.session import EditSession
from pix2pix.ui.api.addresses import new_folder
from pix2pix.ui.api.endpoint import Parameter, instruction_parameter, parameter_of, register
from pix2pix.ui.api.photos import UPLOAD_TOOL, WAYS, PhotosInput
from pix2pix.ui.gallery.board import MAX_PHOTOS
from pix2pix.ui.protocols import EditService
from pix2pix.ui.queues import GALLERY_QUEUE
from pix2pix.ui.safely import sentence_for

DESCRIPTION = (
    f"Edit many photos with one instruction. Hand in each photo as {WAYS}{UPLOAD_TOOL}. Settings that are left out are "
    "the model's own. Returns a ZIP file with the edited photos under their own names and a table of "
    "settings and errors, and the same table as a list in the order of the photos; an assistant gets small copies of "
    "the first ones to look at, and the address of the ZIP file."
)


def build_gallery_endpoint(service: EditService) -> None:
    """Register the endpoint."""

    def edit_gallery(
        photos: list[tuple[Path, str]], instruction: str, vary_seed: bool, format: str, metadata: bool, **settings: Any
    ) -> tuple[str, list[dict[str, Any]]]:
        FORMAT.checked(format)
        if not 1 <= len(photos) <= MAX_PHOTOS:
            raise InvalidRequest(f"Send 1 to {MAX_PHOTOS} photos.")
        numbered = EditRequest(instruction, **settings).numbered()  # which also draws the seed, if there is none
        requests = numbered if vary_seed else repeat(next(numbered))
        write = partial(_written, format=format, metadata=metadata)
        return _edited(service, photos, list(islice(requests, len(photos))), write)

    photos = PhotosInput(label="photos", visible=False)
    parameters = [
        Parameter("photos", photos, f"Up to {MAX_PHOTOS} photos, each as {WAYS}."),
        instruction_parameter('What to do with all of them, for example "make it night".'),
        *map(parameter_of, (*GALLERY_SETTINGS, *SAVE_SETTINGS)),
    ]
    outputs = [gr.File(label="edited photos", visible=False), gr.JSON(label="outcomes", visible=False)]
    register(edit_gallery, "edit_gallery", DESCRIPTION, parameters, outputs, GALLERY_QUEUE)


def _edited(
    service: EditService,
    photos: list[tuple[Path, str]],
    requests: Sequence[EditRequest],
    write: Callable[[Outcome, str, Path], ArchivedPhoto],
) -> tuple[str, list[dict[str, Any]]]:
    archived = []
    stream = service.stream_gallery([path for path, _ in photos], requests, session=EditSession())
    with new_folder() as folder, closing(stream):
        outcomes = (event for event in stream if isinstance(event, Outcome))
        for outcome, (_, name) in zip(outcomes, photos, strict=True):
            archived.append(write(outcome, name, folder))  # at once, so that not all pictures are in memory
        archive = folder / "gallery.zip"
        write_archive(archived, archive)
        for photo in archived:
            if photo.file:
                photo.file.unlink()
    return str(archive), [_row(photo) for photo in archived]


def _written(outcome: Outcome, name: str, folder: Path, format: str, metadata: bool) -> ArchivedPhoto:
    result = outcome.result
    if result is None:
        return ArchivedPhoto(name, None, None, str(outcome.error))
    file = folder / f"{outcome.index}{suffix_for(result.origin, format)}"
    try:
        save_result(result, file, metadata=metadata)
    except OSError as error:
        return ArchivedPhoto(name, None, None, sentence_for(error))
    return ArchivedPhoto(name, result.request, file)


def _row(photo: ArchivedPhoto) -> dict[str, Any]:
    return {"photo": photo.name, **(asdict(photo.request) if photo.request else {}), "error": photo.error or None}
