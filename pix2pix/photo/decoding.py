"""A file, bytes or a PIL image becomes a ``Photo``: upright, sRGB, bounded. The only place that decodes pictures."""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pix2pix.errors import InvalidImage
from pix2pix.origin import Origin
from pix2pix.photo import limits
from pix2pix.photo.colours.named import named_colours
from pix2pix.photo.colours.srgb import MANY_BITS, to_8_bits, to_srgb
from pix2pix.photo.digest import CANNOT_BE_READ, digest_of
from pix2pix.photo.limits import MAX_ASPECT, MAX_BYTES, MAX_PIXELS
from pix2pix.photo.metadata import kept_metadata
from pix2pix.photo.reading.formats import recognised
from pix2pix.photo.reading.lossless import is_lossless
from pix2pix.photo.reading.whole import load_whole

OTHER_NAMES = {"MPO": "JPEG"}  # several pictures in one JPEG, as many phones write it

TOO_LARGE = f"This photo has more than {MAX_PIXELS // 1_000_000} megapixels; make it smaller and try again."
TOO_NARROW = f"One side of this photo is more than {MAX_ASPECT} times the other; crop it and try again."
TOO_MANY_BYTES = f"This file is larger than {MAX_BYTES // 1024**2} MB; save the photo smaller and try again."
TOO_EMPTY = "This file claims far more pixels than it holds; export or download it again and retry."
DAMAGED = "This photo is damaged or incomplete; export or download it again and retry."


@dataclass(frozen=True, eq=False)
class Photo:
    """An upright photo.

    Attributes:
        rgb: the colours, PIL mode RGB, sRGB. White wherever the photo is fully transparent, so that colours hidden
            under transparency neither reach the model nor come back.
        alpha: the transparency, PIL mode L of the same size, or ``None`` for a photo without any.
        origin: the file it came from: its format, and what of its metadata may be kept.
    """

    rgb: Image.Image
    alpha: Image.Image | None = None
    origin: Origin = field(default=Origin(), repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.size

    @property
    def format(self) -> str:
        """The format of the file it came from, by its content; PNG for pixels that came from no file."""
        return self.origin.format

    def with_colours(self, rgb: Image.Image) -> Image.Image:
        """``rgb`` (mode RGB, this photo's size) under this photo's own transparency: RGBA, or RGB if it has none."""
        if self.alpha is None:
            return rgb
        return Image.merge("RGBA", (*rgb.split(), self.alpha))


def open_photo(source: str | os.PathLike[str] | bytes | Image.Image | Photo) -> Photo:
    """Open ``source`` as an upright sRGB photo.

    What it is, its content says, never its name. Limits on bytes, pixels and aspect (``limits.py``) are checked before
    anything is decoded; of an animation the first frame is taken; 16-bit values are rescaled; embedded colour profiles
    are converted to sRGB.

    Raises:
        InvalidImage: it cannot be opened or is outside of the limits; one sentence without a path.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, Image.Image):
        _check_shape(*source.size)
        return _decode(source, None)
    with open_image(source) as image:
        digest = digest_of(source)  # before the pixels: if the file changes in between, the receipt fits no more
        photo = _decode(image, lambda: open_image(source))
    return replace(photo, origin=replace(photo.origin, digest=digest))


def open_small(source: str | os.PathLike[str] | bytes, side: int) -> Photo:
    """Open ``source`` as ``open_photo`` does, for thumbnails and screens: a large JPEG is decoded at a fraction of its
    size, no side of it shorter than ``side`` pixels, which takes a fraction of the time and memory.

    Raises:
        InvalidImage: as ``open_photo``.
    """

    def opened() -> Image.Image:
        image = open_image(source)
        if _format(image) == "JPEG":
            image.draft(None, (side, side))
        return image

    with opened() as image:
        return _decode(image, opened)


def origin_of(source: str | os.PathLike[str] | bytes) -> Origin:
    """What the file ``source`` is, from its first bytes: cheap, nothing is decoded.

    Raises:
        InvalidImage: as ``open_image``.
    """
    with open_image(source) as image:
        return _origin(image)


def open_image(source: str | os.PathLike[str] | bytes) -> Image.Image:
    """The picture in ``source`` with its header read, its limits checked and nothing decoded yet.

    Raises:
        InvalidImage: it is no picture of a known format or is outside of the limits.
    """
    if isinstance(source, bytes):
        _check_bytes(len(source))
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else _checked_path(source).open("rb")
    except OSError as error:
        raise InvalidImage(CANNOT_BE_READ) from error
    try:
        length = file.seek(0, os.SEEK_END)
        file.seek(0)
        image = recognised(file)
        _check_shape(*image.size)
        _check_content(image, length)
        image.info["lossless"] = is_lossless(image)
    except InvalidImage:
        file.close()
        raise
    except Exception as error:  # on broken files Pillow raises at least six kinds, SyntaxError among them
        file.close()
        raise InvalidImage(DAMAGED) from error
    return image


def _checked_path(name: str | os.PathLike[str]) -> Path:
    try:
        path = Path(name)
        if not path.is_file():
            raise InvalidImage("There is no photo of that name; check the file name.")
        _check_bytes(path.stat().st_size)
        return path
    except (OSError, TypeError, ValueError) as error:
        raise InvalidImage(CANNOT_BE_READ) from error


def _check_bytes(number: int) -> None:
    if not number:
        raise InvalidImage("This file is empty; choose another photo.")
    if number > MAX_BYTES:
        raise InvalidImage(TOO_MANY_BYTES)


def _check_shape(width: int, height: int) -> None:
    if min(width, height) < 1:
        raise InvalidImage("This photo has no pixels; choose another one.")
    if width * height > MAX_PIXELS:
        raise InvalidImage(TOO_LARGE)
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise InvalidImage(TOO_NARROW)


def _check_content(image: Image.Image, length: int) -> None:
    """Whether a file of ``length`` bytes can hold as many pixels as it claims."""
    most = max(limits.SURE_PIXELS, length * limits.PIXELS_A_BYTE)
    if _format(image) == "JPEG":
        most = length * limits.PIXELS_A_BYTE_OF_JPEG
    if image.width * image.height > most:
        raise InvalidImage(TOO_EMPTY)


def _format(image: Image.Image) -> str:
    name = image.format or "PNG"
    return OTHER_NAMES.get(name, name)


def _origin(image: Image.Image) -> Origin:
    lossless = bool(image.info.get("lossless", True))
    return Origin(_format(image), lossless, image.has_transparency_data, kept_metadata(image))


def _decode(image: Image.Image, again: Callable[[], Image.Image] | None) -> Photo:
    """The photo in ``image``, which ``again`` opens again; then it is ours and is changed, so that large ones are in
    memory once. Where that is ``None``, it is somebody else's and stays as it is."""
    is_ours = again is not None
    try:
        load_whole(image, again)
        _check_shape(*image.size)  # some formats find out while they decode
        origin = _origin(image)  # some formats tell about themselves after their pixels
        named = named_colours(image)
        colours, alpha = _split_alpha(_upright(image, is_ours))
        rgb = to_srgb(colours, named)
    except InvalidImage:
        raise
    except Exception as error:
        raise InvalidImage(DAMAGED) from error
    rgb.info.clear()  # or the upload's own metadata would travel on with the pixels
    if alpha is not None:
        rgb.paste((255, 255, 255), mask=alpha.point([255] + [0] * 255))
    return Photo(rgb, alpha, origin)


def _upright(image: Image.Image, is_ours: bool) -> Image.Image:
    try:
        if not is_ours:
            return ImageOps.exif_transpose(image)
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # a broken EXIF block says nothing about the picture itself
        pass
    return image if is_ours else image.copy()


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours without transparency (any mode without alpha) and the transparency (mode L) or None."""
    if image.mode.startswith(MANY_BITS):
        key = image.info.get("transparency")
        values = np.asarray(image)
        alpha = None if key is None else Image.fromarray((values != key).astype(np.uint8) * np.uint8(255))
        return to_8_bits(image), alpha
    if not image.has_transparency_data:
        return image, None
    if image.mode not in ("LA", "RGBA"):
        image = image.convert("LA" if image.mode == "La" else "RGBA")
    return image.convert("L" if image.mode == "LA" else "RGB"), image.getchannel("A")
