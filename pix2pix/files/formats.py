"""A result becomes a file, whole or not at all."""

import glob
import os
import secrets
import zlib
from pathlib import Path
from typing import IO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pix2pix.errors import InvalidRequest
from pix2pix.events import Result
from pix2pix.files.receipt import RECEIPT_KEY, XMP, write_receipt

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
DRAFT_TOKEN = 8  # characters in the name of a file that is being written


def output_format(path: str | os.PathLike[str]) -> str:
    """The picture format that the ending of ``path`` stands for: PNG, JPEG or WEBP.

    Raises:
        InvalidRequest: the ending is none of .png, .jpg, .jpeg, .webp.
    """
    try:
        return FORMATS[Path(path).suffix.lower()]
    except KeyError:
        raise InvalidRequest("Give the result a name that ends in .png, .jpg or .webp.") from None


def save_result(result: Result, path: str | os.PathLike[str]) -> None:
    """Write ``result.image`` to ``path`` as PNG (with receipt), JPEG or WEBP by its ending.

    A JPEG has no transparency, so transparent parts become white there. WEBP is written without loss.

    Raises:
        InvalidRequest: the ending names no known format.
        OSError: the file cannot be written; what was there before is still there.
    """
    path = Path(path)
    file_format = output_format(path)
    draft = path.with_name(f".{path.stem}-{secrets.token_hex(DRAFT_TOKEN // 2)}.part")
    try:
        with draft.open("xb") as file:
            _encode(result, file, file_format)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def remove_drafts(path: str | os.PathLike[str]) -> None:
    """Remove what a killed process may have left while it wrote ``path``."""
    path = Path(path)
    for draft in path.parent.glob(f".{glob.escape(path.stem)}-{'?' * DRAFT_TOKEN}.part"):
        draft.unlink(missing_ok=True)


def _encode(result: Result, file: IO[bytes], file_format: str) -> None:
    image, xmp = result.image, XMP.encode()
    if file_format == "PNG":
        # on photographs four times as fast as zlib's default, and 2 % larger
        image.save(file, "PNG", pnginfo=_png_texts(result), compress_type=zlib.Z_RLE)
    elif file_format == "JPEG":
        _on_white(image).save(file, "JPEG", quality=95, subsampling=0, xmp=xmp)
    else:
        image.save(file, "WEBP", lossless=True, exact=True, xmp=xmp)


def _png_texts(result: Result) -> PngInfo:
    texts = PngInfo()
    texts.add_itxt(RECEIPT_KEY, write_receipt(result))
    texts.add_itxt("XML:com.adobe.xmp", XMP)
    return texts


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")
