"""A file, bytes or a PIL image becomes a ``Photo``: upright, sRGB, bounded. The only place that decodes pictures."""

import io
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageFile, ImageOps

from pix2pix.errors import InvalidImage
from pix2pix.origin import Origin
from pix2pix.photo.limits import MAX_ASPECT, MAX_BYTES, MAX_PIXELS
from pix2pix.photo.metadata import kept_metadata

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF")
LOSSY = ("JPEG", "WEBP", "AVIF", "HEIF")
OTHER_NAMES = {"MPO": "JPEG"}  # several pictures in one JPEG, as many phones write it
PREFIX_BYTES = 32  # of a file tell its format
WEBP_CHUNKS = 16  # come before the first picture, at most

TOO_LARGE = f"This photo has more than {MAX_PIXELS // 1_000_000} megapixels; make it smaller and try again."
TOO_NARROW = f"One side of this photo is more than {MAX_ASPECT} times the other; crop it and try again."
TOO_MANY_BYTES = f"This file is larger than {MAX_BYTES // 1024**2} MB; save the photo smaller and try again."
UNREADABLE = "This file cannot be opened as a photo; use a PNG, JPEG, WEBP, GIF, HEIC or AVIF."
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
        return _decode(source, is_ours=False)
    with open_image(source) as image:
        return _decode(image, is_ours=True)


def open_small(source: str | os.PathLike[str] | bytes, side: int) -> Photo:
    """Open ``source`` as ``open_photo`` does, for thumbnails and screens: a large JPEG is decoded at a fraction of its
    size, no side of it shorter than ``side`` pixels, which takes a fraction of the time and memory.

    Raises:
        InvalidImage: as ``open_photo``.
    """
    with open_image(source) as image:
        if _format(image) == "JPEG":
            image.draft(None, (side, side))
        return _decode(image, is_ours=True)


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
    file = io.BytesIO(source) if isinstance(source, bytes) else _checked_path(source)
    if isinstance(source, bytes):
        _check_bytes(len(source))
    try:
        image = _recognised(file)
    except OSError as error:
        raise InvalidImage("This photo cannot be read; check the file and its permissions.") from error
    if image is None:
        raise InvalidImage(UNREADABLE)
    try:
        _check_shape(*image.size)
        image.info["lossless"] = _is_lossless(image)
    except InvalidImage:
        image.close()
        raise
    return image


def _recognised(file: io.BytesIO | Path) -> Image.Image | None:
    """The picture in ``file``, opened by the format that its first bytes tell; ``None`` if they tell none of ours.

    Not by ``Image.open``: that refuses more than 179 megapixels, by a number that belongs to the whole process.
    """
    Image.init()
    _learn_heif()
    if isinstance(file, Path):
        with file.open("rb") as opened:
            prefix = opened.read(PREFIX_BYTES)
    else:
        prefix = file.getvalue()[:PREFIX_BYTES]
    for name in FORMATS:
        factory, accepts = Image.OPEN.get(name, (None, None))
        if factory and accepts and accepts(prefix) is True:
            try:
                return factory(file, "")  # type: ignore[arg-type]  # a path will do, too
            except Exception as error:  # on broken files Pillow raises at least six kinds, SyntaxError among them
                raise InvalidImage(DAMAGED) from error
    return None


@cache
def _learn_heif() -> None:
    """Teach Pillow HEIC, once and not before it is needed: importing this package changes nothing in its host."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:  # HEIC photos are then refused with a sentence, like any other unknown format
        return
    register_heif_opener()


def _checked_path(name: str | os.PathLike[str]) -> Path:
    try:
        path = Path(name)
        if not path.is_file():
            raise InvalidImage("There is no photo of that name; check the file name.")
        _check_bytes(path.stat().st_size)
        return path
    except (OSError, TypeError, ValueError) as error:
        raise InvalidImage("This photo cannot be read; check the file and its permissions.") from error


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


def _is_lossless(image: Image.Image) -> bool:
    """Whether the file of ``image``, which is not loaded yet, holds its pixels without loss."""
    if image.format != "WEBP" or not isinstance(image, ImageFile.ImageFile) or image.fp is None:
        return _format(image) not in LOSSY
    image.fp.seek(12)  # behind the mark of the format
    for _ in range(WEBP_CHUNKS):
        name, size = image.fp.read(4), int.from_bytes(image.fp.read(4), "little")
        if name in (b"VP8 ", b"VP8L"):
            return name == b"VP8L"
        image.fp.seek(16 if name == b"ANMF" else size + size % 2, os.SEEK_CUR)  # a frame's own chunks are inside of it
    return False


def _format(image: Image.Image) -> str:
    name = image.format or "PNG"
    return OTHER_NAMES.get(name, name)


def _origin(image: Image.Image) -> Origin:
    lossless = image.info.get("lossless", _format(image) not in LOSSY)
    return Origin(_format(image), lossless, image.has_transparency_data, kept_metadata(image))


def _decode(image: Image.Image, is_ours: bool) -> Photo:
    """The photo in ``image``. One that ``is_ours`` may be changed, so that large ones are in memory once."""
    try:
        image.load()
        origin = _origin(image)  # some formats tell about themselves after their pixels
        colours, alpha = _split_alpha(_upright(image, is_ours))
        rgb = _to_srgb(colours)
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
    """Colours without transparency (any mode without alpha, info kept) and the transparency (mode L) or None."""
    if image.mode.startswith("I"):
        return _from_16_bits(image)
    if not image.has_transparency_data:
        return image, None
    if image.mode not in ("LA", "RGBA"):
        image = image.convert("RGBA")
    return image.convert("L" if image.mode == "LA" else "RGB"), image.getchannel("A")


def _from_16_bits(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    values = np.asarray(image)
    key = image.info.get("transparency")
    alpha = None if key is None else Image.fromarray((values != key).astype(np.uint8) * np.uint8(255))
    is_8_bit = image.mode == "I" and values.max() <= 255  # an 8-bit picture that somebody widened to 32 bits
    grey = np.empty(values.shape, np.uint8)
    for row, wide in enumerate(values):  # one by one, because 64 bits a pixel are too many for large pictures
        wide = wide.astype(np.int64)
        grey[row] = (wide if is_8_bit else (wide + 128) // 257).clip(0, 255)
    return Image.fromarray(grey), alpha


def _to_srgb(image: Image.Image) -> Image.Image:
    """``image``, which may be changed, in sRGB: through its profile where there is one that fits the picture."""
    profile = image.info.get("icc_profile")
    if profile:
        try:
            embedded, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            if image.mode != "RGB":
                return ImageCms.profileToProfile(image, embedded, srgb, outputMode="RGB") or image.convert("RGB")
            ImageCms.profileToProfile(image, embedded, srgb, inPlace=True)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile, or one for another kind of picture: take the numbers as they are
    return Image.Image()._new(image.im) if image.mode == "RGB" else image.convert("RGB")  # a picture without a file
