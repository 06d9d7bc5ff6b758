"""Any kind of pixels as 8-bit sRGB, through the colours that their file names."""

import io

import numpy as np
from PIL import Image, ImageCms

from pix2pix.photo.colours.hdr import to_sdr
from pix2pix.photo.colours.named import Named

DIRECT = {"RGB ": ("RGB",), "GRAY": ("L",), "CMYK": ("CMYK",), "Lab ": ("LAB",)}  # modes that fit a profile
BY_WAY_OF = {"RGB ": "RGB"}  # what other modes become for a profile; a grey profile says nothing of colours
MANY_BITS = ("I", "F")  # how the modes of more than 8 bits begin


def to_srgb(image: Image.Image, named: Named) -> Image.Image:
    """``image``, without transparency, which may be changed, in sRGB: mode RGB, without a file and without info."""
    if named.curve is not None:
        return to_sdr(_plain_rgb(image), named.primaries, named.curve)
    if named.profile:
        try:
            return _through(named.profile, image)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile, or one for another kind of picture: take the numbers as they are
    return _plain_rgb(image)


def to_8_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits as 8 bits, mode L. An 8-bit picture that somebody widened stays as it was."""
    values = np.asarray(image)
    grey = np.empty(values.shape, np.uint8)
    scale = _scale(image.mode, float(np.nanmax(values)) if values.dtype.kind == "f" else float(values.max()))
    for row, wide in enumerate(values):  # one by one, because 64 bits a pixel are too many for large pictures
        grey[row] = np.nan_to_num(wide.astype(np.float64) * scale + 0.5).clip(0, 255)
    return Image.fromarray(grey)


def _scale(mode: str, largest: float) -> float:
    """What to multiply with, for values of which none is above ``largest``."""
    if mode == "F" and largest <= 1:
        return 255.0
    if mode in ("I", "F") and largest <= 255:
        return 1.0
    return 1 / 257 if largest <= 65_535 else 255 / largest


def _through(profile: bytes, image: Image.Image) -> Image.Image:
    embedded, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    space = embedded.profile.xcolor_space
    if image.mode not in DIRECT.get(space, ()):
        if space not in BY_WAY_OF or image.mode == "CMYK":
            raise ValueError("a profile for another kind of picture")
        image = image.convert(BY_WAY_OF[space])
    if image.mode == "RGB":
        ImageCms.profileToProfile(image, embedded, srgb, inPlace=True)
        return _plain_rgb(image)
    return _plain_rgb(ImageCms.profileToProfile(image, embedded, srgb, outputMode="RGB") or image)


def _plain_rgb(image: Image.Image) -> Image.Image:
    return Image.Image()._new(image.im) if image.mode == "RGB" else image.convert("RGB")
