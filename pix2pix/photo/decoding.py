"""A file, bytes or a PIL image becomes a ``Photo``: upright, sRGB, bounded. The only place that decodes pictures."""

import io
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from pix2pix.errors import InvalidImage

MAX_BYTES = 64 * 1024**2
MAX_PIXELS = 40_000_000
MAX_ASPECT = 16
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF")

TOO_LARGE = f"This photo has more than {MAX_PIXELS // 1_000_000} megapixels; make it smaller and try again."
TOO_NARROW = f"One side of this photo is more than {MAX_ASPECT} times the other; crop it and try again."
UNREADABLE = "This file cannot be opened as a photo; use a PNG, JPEG, WEBP, GIF, HEIC or AVIF."
DAMAGED = "This photo is damaged or incomplete; export or download it again and retry."


@dataclass(frozen=True, eq=False)
class Photo:
    """An upright photo.

    Attributes:
        rgb: the colours, PIL mode RGB, sRGB. White wherever the photo is fully transparent, so that colours hidden
            under transparency neither reach the model nor come back.
        alpha: the transparency, PIL mode L of the same size, or ``None`` for a photo without any.
    """

    rgb: Image.Image
    alpha: Image.Image | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.size

    def with_colours(self, rgb: Image.Image) -> Image.Image:
        """``rgb`` (mode RGB, this photo's size) under this photo's own transparency: RGBA, or RGB if it has none."""
        if self.alpha is None:
            return rgb
        return Image.merge("RGBA", (*rgb.split(), self.alpha))


def open_photo(source: str | os.PathLike[str] | bytes | Image.Image | Photo) -> Photo:
    """Open ``source`` as an upright sRGB photo.

    Limits on bytes (64 MB), pixels (40 megapixels) and aspect (1:16) are checked before anything is decoded; of an
    animation the first frame is taken; 16-bit values are rescaled; embedded colour profiles are converted to sRGB.

    Raises:
        InvalidImage: it cannot be opened or is outside of the limits; one sentence without a path.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, Image.Image):
        return _decode(source)
    with open_image(source) as image:
        return _decode(image)


def open_image(source: str | os.PathLike[str] | bytes) -> Image.Image:
    """The picture in ``source`` with its header read, its limits checked and nothing decoded yet.

    Raises:
        InvalidImage: it is no picture of a known format or is outside of the limits.
    """
    data = source if isinstance(source, bytes) else _read(source)
    if not data:
        raise InvalidImage("This file is empty; choose another photo.")
    if len(data) > MAX_BYTES:
        raise InvalidImage(f"This file is larger than {MAX_BYTES // 1024**2} MB; save the photo smaller and try again.")
    _learn_heif()
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise InvalidImage(TOO_LARGE) from error
    except UnidentifiedImageError as error:
        raise InvalidImage(UNREADABLE) from error
    except Exception as error:  # on broken files Pillow raises at least six kinds, SyntaxError among them
        raise InvalidImage(DAMAGED) from error
    _check_shape(*image.size)
    return image


@cache
def _learn_heif() -> None:
    """Teach Pillow HEIC, once and not before it is needed: importing this package changes nothing in its host."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:  # HEIC photos are then refused with a sentence, like any other unknown format
        return
    register_heif_opener()


def _read(name: str | os.PathLike[str]) -> bytes:
    try:
        path = Path(name)
        if not path.is_file():
            raise InvalidImage("There is no photo of that name; check the file name.")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, TypeError, ValueError) as error:
        raise InvalidImage("This photo cannot be read; check the file and its permissions.") from error


def _check_shape(width: int, height: int) -> None:
    if min(width, height) < 1:
        raise InvalidImage("This photo has no pixels; choose another one.")
    if width * height > MAX_PIXELS:
        raise InvalidImage(TOO_LARGE)
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise InvalidImage(TOO_NARROW)


def _decode(image: Image.Image) -> Photo:
    _check_shape(*image.size)
    try:
        image.load()
        colours, alpha = _split_alpha(_upright(image))
        rgb = _to_srgb(colours)
    except Exception as error:
        raise InvalidImage(DAMAGED) from error
    rgb.info.clear()  # or the upload's own metadata would travel on with the pixels
    if alpha is not None:
        rgb.paste((255, 255, 255), mask=alpha.point([255] + [0] * 255))
    return Photo(rgb, alpha)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken EXIF block says nothing about the picture itself
        return image.copy()


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours without transparency (any mode without alpha, info kept) and the transparency (mode L) or None."""
    if image.mode.startswith("I"):
        return _from_16_bits(image)
    if not image.has_transparency_data:
        return image, None
    if image.mode not in ("LA", "RGBA"):
        image = image.convert("RGBA")
    return image.convert("L" if image.mode == "LA" else "RGB"), image.getchannel("A")


def _from_16_bits(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    values = np.asarray(image).astype(np.int64)
    key = image.info.get("transparency")
    alpha = None if key is None else Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8))
    is_8_bit = image.mode == "I" and values.max() <= 255  # an 8-bit picture that somebody widened to 32 bits
    grey = values if is_8_bit else (values + 128) // 257
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8)), alpha


def _to_srgb(image: Image.Image) -> Image.Image:
    """A new sRGB picture; colours go through the embedded profile where there is one that fits the picture."""
    profile = image.info.get("icc_profile")
    if profile:
        try:
            embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.profileToProfile(image, embedded, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return srgb or image.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile, or one for another kind of picture: take the numbers as they are
    return image.convert("RGB")
