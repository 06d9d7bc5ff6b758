"""The endpoint ``edit_gallery``: many photos in, one ZIP file out."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from itertools import islice, repeat
from pathlib import Path

import gradio as gr

from pix2pix.errors import EditError
from pix2pix.events import Outcome
from pix2pix.files.archive import Entry, write_archive
from pix2pix.files.formats import save_result
from pix2pix.request import EditRequest
from pix2pix.session import EditSession
from pix2pix.ui.gallery.board import MAX_PHOTOS
from pix2pix.ui.protocols import Studio
from pix2pix.ui.upload import PhotosUpload

# Not the queue of single edits, which would wait for the whole gallery: the editor lets them in between its photos.
GALLERY_QUEUE = {"concurrency_limit": 1, "concurrency_id": "galleries"}
DESCRIPTION = (
    "Edit many photos with one instruction. Returns a ZIP file with the edited photos as PNG files under their own "
    "names and a table of settings and errors, and the same table as a list in the order of the photos."
)


def build_gallery_endpoint(studio: Studio) -> None:
    """Register the endpoint; nothing of it is seen on the page."""
    inputs = [
        PhotosUpload(label="photos", file_count="multiple", visible=False),
        gr.Textbox(label="instruction", visible=False),
        gr.Number(None, label="num_inference_steps", precision=0, visible=False),
        gr.Number(None, label="guidance_scale", visible=False),
        gr.Number(None, label="image_guidance_scale", visible=False),
        gr.Number(None, label="seed", precision=0, visible=False),
        gr.Checkbox(False, label="vary_seed", visible=False),
    ]
    outputs = [gr.File(label="edited photos", visible=False), gr.JSON(label="outcomes", visible=False)]
    endpoint = {"api_name": "edit_gallery", "api_description": DESCRIPTION, **GALLERY_QUEUE}
    gr.Button(visible=False).click(_edit_gallery_with(studio), inputs, outputs, **endpoint)


def _edit_gallery_with(studio: Studio) -> Callable:
    def edit_gallery(
        photos: list[tuple[Path, str]],
        instruction: str,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        image_guidance_scale: float | None = None,
        seed: int | None = None,
        vary_seed: bool = False,
    ) -> tuple[str, list[dict]]:
        """Edit photos as the instruction says; settings left out are the model's own.

        Args:
            photos: up to 100 photos.
            instruction: what to do with all of them, such as "make it night".
            num_inference_steps: 1 to 150.
            guidance_scale: how strongly the instruction counts, 1 to 30.
            image_guidance_scale: how strongly the photos are kept, 1 to 5.
            seed: the same seed gives the same pictures; drawn if left out.
            vary_seed: photo k takes seed + k instead of the same seed as all others.
        """
        if not 1 <= len(photos) <= MAX_PHOTOS:
            raise gr.Error(f"Send 1 to {MAX_PHOTOS} photos.", print_exception=False)
        try:
            request = EditRequest(instruction, num_inference_steps, guidance_scale, image_guidance_scale, seed)
            requests = request.numbered() if vary_seed else repeat(next(request.numbered()))
            return _edited(studio, photos, list(islice(requests, len(photos))))
        except EditError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return edit_gallery


def _edited(studio: Studio, photos: list[tuple[Path, str]], requests: Sequence[EditRequest]) -> tuple[str, list[dict]]:
    folder = Path(tempfile.mkdtemp(prefix="pix2pix-"))
    entries = []
    with closing(studio.stream_gallery([path for path, _ in photos], requests, session=EditSession())) as stream:
        outcomes = (event for event in stream if isinstance(event, Outcome))
        for outcome, (_, name) in zip(outcomes, photos, strict=True):
            if outcome.result is None:
                entries.append(Entry(name, None, None, str(outcome.error)))
                continue
            file = folder / f"{outcome.index}.png"
            save_result(outcome.result, file)  # at once, so that not all pictures are in memory
            entries.append(Entry(name, outcome.result.request, file))
    archive = folder / "gallery.zip"
    write_archive(entries, archive)
    for entry in entries:
        if entry.file:
            entry.file.unlink()
    return str(archive), [_row(entry) for entry in entries]


def _row(entry: Entry) -> dict:
    return {"photo": entry.name, **(asdict(entry.request) if entry.request else {}), "error": entry.error or None}
