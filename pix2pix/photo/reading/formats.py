"""Which format a file has, by its first bytes, and the picture in it, with nothing decoded yet."""

from functools import cache
from pathlib import Path
from typing import IO, Any

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from pix2pix.errors import InvalidImage
from pix2pix.photo.reading import heif, jpeg, jpeg_2000, png
from pix2pix.photo.reading.foreign import RAW, sentence_for
from pix2pix.photo.reading.tiff import exif_of, is_sensor_data, is_tiff

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF", "TIFF", "BMP", "JPEG2000")  # no other is ever decoded
PREFIX_BYTES = 32  # of a file tell its format
UNREADABLE = "This file cannot be opened as a photo; use a JPEG, PNG, WEBP, GIF, TIFF, BMP, HEIC, AVIF or JPEG 2000."


def formats_of(prefix: bytes) -> tuple[str, ...]:
    """Which formats of ours a file may have that begins with ``prefix``, at least ``PREFIX_BYTES`` of it."""
    Image.init()
    _learn_heif()
    openers = ((name, Image.OPEN.get(name, (None, None))[1]) for name in FORMATS)
    return tuple(name for name, accepts in openers if accepts and accepts(prefix) is True)


def is_photo(path: Path) -> bool:
    """Whether the file at ``path`` begins like one that can be opened, whatever it is called."""
    try:
        with path.open("rb") as file:
            prefix = file.read(PREFIX_BYTES)
            if sentence_for(prefix) or (is_tiff(prefix) and is_sensor_data(file)):
                return False
        return bool(formats_of(prefix))
    except (OSError, ValueError):
        return False


def recognised(file: IO[bytes]) -> Image.Image:
    """The picture in ``file``, opened by the format that its first bytes tell.

    Not by ``Image.open``: that refuses more than 179 megapixels, by a number that belongs to the whole process.

    Raises:
        InvalidImage: they tell none of ours; one sentence.
        Exception: of whatever kind Pillow likes, for a file that is broken.
    """
    prefix = file.read(PREFIX_BYTES)
    sentence = RAW if is_tiff(prefix) and is_sensor_data(file) else sentence_for(prefix)
    names = formats_of(prefix)
    if sentence or not names:
        raise InvalidImage(sentence or UNREADABLE)
    for name in names[:-1]:  # the first bytes of a HEIC may be those of an AVIF, too
        try:
            return _opened(file, name)
        except Exception:
            continue
    return _opened(file, names[-1])


def _opened(file: IO[bytes], name: str) -> Image.Image:
    """``file`` as a picture of the format ``name``, which closes the file when it is closed itself."""
    file.seek(0)
    needed, info = _needed_of(file, name)
    image = Image.OPEN[name][0](needed, "")
    image._exclusive_fp = True
    if isinstance(image, TiffImageFile):
        info["exif"] = exif_of(image)
    elif name == "HEIF" and heif.is_cut(file, image.has_transparency_data):
        raise ValueError("pixels are missing")
    elif name == "JPEG2000" and (profile := jpeg_2000.profile_of(file)):
        info["icc_profile"] = profile
    elif name == "AVIF" and "icc_profile" not in image.info:
        info["nclx_profile"] = _numbers_of(file)
    image.info.update(info)
    return image


def _needed_of(file: IO[bytes], name: str) -> tuple[Any, dict[Any, Any]]:
    """What of ``file`` is read, and what was found out about it."""
    if name == "PNG":
        return png.needed_of(file)
    needed_of = {"JPEG": jpeg.needed_of, "JPEG2000": jpeg_2000.needed_of}.get(name)
    return (file if needed_of is None else needed_of(file)), {}


def _numbers_of(file: IO[bytes]) -> object:
    """What an AVIF names its colours with; Pillow reads the pixels of these and not the numbers."""
    try:
        from pillow_heif import open_heif

        file.seek(0)
        return open_heif(file).info.get("nclx_profile")
    except Exception:  # whatever keeps another library from reading it
        return None


@cache
def _learn_heif() -> None:
    """Teach Pillow HEIC, once and not before it is needed: importing this package changes nothing in its host."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:  # HEIC photos are then refused with a sentence, like any other unknown format
        return
    register_heif_opener()
