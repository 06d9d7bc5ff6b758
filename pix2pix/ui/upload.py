"""The upload fields. They never decode what they are given: that is the work of ``photo/decoding.py`` alone."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData, ListFiles

from pix2pix.errors import InvalidImage
from pix2pix.files.naming import safe_name

MAX_NAME_BYTES = 200  # with a number and another ending it fits into the 255 of most file systems
NOT_UPLOADED = "This is no photo that was uploaded here; choose it again."


def _uploaded(name: Any) -> Any:
    """``name``, unless it is an address: gradio would fetch from there, and the page only sends uploads."""
    if isinstance(name, str) and "://" in name:
        raise InvalidImage(NOT_UPLOADED)
    return name


def own_name(said: str) -> str:
    """What a photo is called whose name was ``said``: without folders, and safe where it is odd or very long."""
    name = Path(said).name
    is_fine = name.isprintable() and 0 < len(name.encode(errors="replace")) <= MAX_NAME_BYTES
    return name if is_fine else safe_name(name)


class PhotoUpload(gr.Image):
    """An image field whose value in Python is the path of the uploaded file, untouched.

    Gradio's own field would decode the upload: huge and broken files would meet Pillow without limits.
    """

    is_template = True  # it looks like gr.Image in the browser

    async def async_move_resource_to_block_cache(self, url_or_file_path: Any) -> Any:
        return await super().async_move_resource_to_block_cache(_uploaded(url_or_file_path))

    def preprocess(self, payload: ImageData | None) -> Path | None:
        return Path(payload.path) if payload and payload.path else None


class PhotosUpload(gr.File):
    """A field for many photos; its value in Python is a list of their paths and own names, nothing decoded."""

    is_template = True  # it looks like gr.File in the browser

    async def async_move_resource_to_block_cache(self, url_or_file_path: Any) -> Any:
        return await super().async_move_resource_to_block_cache(_uploaded(url_or_file_path))

    def preprocess(self, payload: ListFiles | None) -> list[tuple[Path, str]]:
        return [(Path(file.path), own_name(file.orig_name or file.path)) for file in payload or []]
