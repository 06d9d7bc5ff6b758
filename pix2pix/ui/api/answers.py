"""What a tool answers: small pictures to look at, the address of the whole result, and the settings."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mcp.types import ContentBlock, ImageContent, TextContent
from PIL.Image import Image

from pix2pix.photo.decoding import open_photo
from pix2pix.photo.thumbnail import fitted
from pix2pix.ui.api.addresses import address_of

SIDE = 1024  # pixels; assistants shrink what is larger, or refuse it
BYTES = 700_000  # of all pictures of an answer; base64 makes 4 of 3, and many assistants stop at a million
SHOWN = 4  # photos of a gallery
QUALITIES = (85, 70, 50, 30)


def answer(outputs: Sequence[Any], root: str) -> list[ContentBlock]:
    """The ``outputs`` of an endpoint for an assistant that reached this app at ``root``."""
    return [block for output in outputs for block in _blocks(output, root)]


def _blocks(output: Any, root: str) -> Iterator[ContentBlock]:
    if not (isinstance(output, dict) and "path" in output and "meta" in output):
        yield _text(output if isinstance(output, str) else json.dumps(output, ensure_ascii=False))
        return
    file = Path(output["path"])
    address = address_of(file, root)
    if zipfile.is_zipfile(file):
        yield from _shown(file)
        yield _text(f"All edited photos in one ZIP file, shown here are the first {SHOWN} at most: {address}")
        return
    picture = open_photo(file).rgb
    yield _picture(picture, SIDE, BYTES)
    yield _text(f"The edited photo in full, {picture.width} x {picture.height} pixels: {address}")


def _shown(archive: Path) -> Iterator[ContentBlock]:
    """The first pictures of a ZIP file of ours."""
    with zipfile.ZipFile(archive) as file:
        names = [name for name in file.namelist() if not name.endswith(".csv")]
        for name in names[:SHOWN]:
            yield _picture(open_photo(file.read(name)).rgb, SIDE // 2, BYTES // SHOWN)


def _picture(picture: Image, side: int, limit: int) -> ImageContent:
    """A small JPEG of ``picture``; of noise it may need a lower quality to stay within ``limit`` bytes."""
    small = fitted(picture, side)
    for quality in QUALITIES:
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=quality)
        if buffer.tell() <= limit:
            break
    return ImageContent(type="image", data=base64.b64encode(buffer.getvalue()).decode(), mimeType="image/jpeg")


def _text(text: str) -> TextContent:
    return TextContent(type="text", text=text)
