"""A result becomes a file, whole or not at all."""

import io
import os
import zlib
from pathlib import Path
from typing import IO, Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pix2pix.errors import InvalidRequest
from pix2pix.events import Result
from pix2pix.files import drafts
from pix2pix.files.receipt import RECEIPT_KEY, XMP, in_exif, write_receipt
from pix2pix.origin import Origin
from pix2pix.photo.exif import PREFIX, read_exif
from pix2pix.photo.metadata import dots_per_inch
from pix2pix.request import FORMAT

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
SUFFIXES = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
OWN = {"JPEG": "jpeg", "WEBP": "webp", "HEIF": "jpeg", "AVIF": "jpeg", "JPEG2000": "jpeg"}  # all others are PNG
QUALITY = 95
WEBP_SIDE = 16_383  # pixels; the format has no more


def output_format(path: str | os.PathLike[str]) -> str:
    """The picture format that the ending of ``path`` stands for: PNG, JPEG or WEBP.

    Raises:
        InvalidRequest: the ending is none of .png, .jpg, .jpeg, .webp.
    """
    try:
        return FORMATS[Path(path).suffix.lower()]
    except KeyError:
        raise InvalidRequest("Give the result a name that ends in .png, .jpg or .webp.") from None


def suffix_for(origin: Origin, choice: str = "own") -> str:
    """How the name of a result ends whose photo came from ``origin``, for a ``choice`` of ``request.FORMAT``.

    Own is the photo's own format where it can be written. A HEIC, AVIF or JPEG 2000 becomes a JPEG, or a PNG if it is
    transparent or the JPEG 2000 has lost nothing; all else, such as a TIFF or BMP, becomes a PNG.

    Raises:
        InvalidRequest: there is no such choice.
    """
    choice = str(FORMAT.checked(choice))
    if choice == "own":
        choice = OWN.get(origin.format, "png")
        needs_png = origin.transparent or (origin.format == "JPEG2000" and origin.lossless)
        choice = "png" if choice == "jpeg" and needs_png else choice
    return SUFFIXES[choice]


def save_result(result: Result, path: str | os.PathLike[str], *, metadata: bool = True, new: bool = False) -> None:
    """Write ``result.image`` to ``path`` as PNG, JPEG or WEBP by its ending, with its receipt.

    A JPEG has no transparency, so transparent parts become white there. A WEBP loses nothing where the photo's own file
    lost nothing.

    Args:
        metadata: whether date, author, copyright, camera and resolution of the photo stay with the result.
        new: whether a file that is there already stays as it is, even one that another process writes at this moment.

    Raises:
        InvalidRequest: the ending names no known format, or the picture is too large for it.
        FileExistsError: it shall be ``new``, and there is a file of that name.
        OSError: the file cannot be written; what was there before is still there.
    """
    path = Path(path)
    file_format = _format_for(result, path)
    with drafts.written(path, new) as file:
        _encode(result, file, file_format, result.origin.exif if metadata else b"")


def encode_result(result: Result, name: str, *, metadata: bool = True) -> bytes:
    """What ``save_result`` would write to a file called ``name``.

    Raises:
        InvalidRequest: as ``save_result``.
    """
    encoded = io.BytesIO()
    _encode(result, encoded, _format_for(result, name), result.origin.exif if metadata else b"")
    return encoded.getvalue()


def _format_for(result: Result, path: str | os.PathLike[str]) -> str:
    file_format = output_format(path)
    if file_format == "WEBP" and max(result.image.size) > WEBP_SIDE:
        raise InvalidRequest(f"A WEBP has at most {WEBP_SIDE:,} pixels a side; choose PNG or JPEG for this photo.")
    return file_format


def _encode(result: Result, file: IO[bytes], file_format: str, exif: bytes) -> None:
    """Encode ``result`` into ``file``, with its receipt and ``exif``, an EXIF block without prefix or empty."""
    image, kept = result.image, _kept(exif)
    if file_format == "PNG":
        # on photographs four times as fast as zlib's default, and 2 % larger
        image.save(file, "PNG", pnginfo=_png_texts(result), compress_type=zlib.Z_RLE, **kept)
        return
    kept |= {"exif": PREFIX + in_exif(write_receipt(result), exif), "xmp": XMP.encode()}
    if file_format == "JPEG":
        _on_white(image).save(file, "JPEG", quality=QUALITY, subsampling=0, **kept)
    elif result.origin.lossless:
        image.save(file, "WEBP", lossless=True, exact=True, **kept)
    else:
        image.save(file, "WEBP", quality=QUALITY, **kept)


def _kept(exif: bytes) -> dict[str, Any]:
    """What Pillow writes of ``exif``: the block itself, and the resolution where a format has a place of its own."""
    dpi = dots_per_inch(read_exif(exif))
    return ({"exif": PREFIX + exif} if exif else {}) | ({"dpi": dpi} if dpi else {})


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
