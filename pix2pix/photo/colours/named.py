"""Which colours a file names, in any of the ways that formats have for it; the first that is there counts:

numbers of ITU-T H.273 (a PNG's cICP, a HEIC's or AVIF's nclx), an ICC profile, a PNG's gamma and chromaticities, or the
mark that cameras leave in EXIF for Adobe's RGB.
"""

import struct
from dataclasses import dataclass
from typing import Any

from PIL import Image

from pix2pix.photo.colours.hdr import HLG, PQ
from pix2pix.photo.colours.profiles import ADOBE, BY_NUMBER, SRGB, Primaries, grey_profile, profile

LIKE_SRGB = (1, 2, 6, 11, 12, 13, 14, 15)  # curves that screens show as they show sRGB
POWERS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
SRGB_GAMMA, LEEWAY = 1 / 2.2, 0.01  # what a PNG in sRGB says of its gamma
LOWEST, HIGHEST = 0.1, 5.0  # gammas that are meant
INTEROP, ADOBE_MARK, ADOBE_GAMMA = 0xA005, "R03", 563 / 256


@dataclass(frozen=True)
class Named:
    """The colours of a file: a ``profile``, or ``primaries`` and a ``curve`` of hdr.py; both empty is sRGB."""

    profile: bytes = b""
    primaries: Primaries = SRGB
    curve: int | None = None


def named_colours(image: Image.Image) -> Named:
    """What the file of ``image``, loaded or not, says of its colours; nothing for what makes no sense."""
    info = image.info
    try:
        if "cicp" in info and len(info["cicp"]) == 4:
            return _by_numbers(*info["cicp"][:2])
        if info.get("icc_profile"):
            return Named(info["icc_profile"])
        if info.get("nclx_profile"):
            said = info["nclx_profile"]
            return _by_numbers(said["color_primaries"], said["transfer_characteristics"])
        if "gamma" in info and "srgb" not in info:
            return _by_gamma(info["gamma"], info.get("chromaticity"), image.mode)
        if image.format in ("JPEG", "MPO", "TIFF") and image.getexif().get_ifd(INTEROP).get(1) == ADOBE_MARK:
            return Named(profile(ADOBE, ADOBE_GAMMA))
    except (ArithmeticError, ValueError, TypeError, KeyError, OSError, SyntaxError, struct.error):
        pass
    return Named()


def _by_numbers(primaries: int, curve: int) -> Named:
    known = BY_NUMBER.get(primaries, SRGB)
    if curve in (PQ, HLG):
        return Named(primaries=known, curve=curve)
    if curve in POWERS:
        return Named(profile(known, POWERS[curve]))
    return Named(profile(known, None)) if curve in LIKE_SRGB and known != SRGB else Named()


def _by_gamma(gamma: float, chromaticity: Any, mode: str) -> Named:
    """Of a PNG: gamma of the file, which is one through that of the curve, and white, red, green, blue in turn."""
    if not LOWEST <= gamma <= HIGHEST:
        return Named()
    exponent = None if abs(gamma - SRGB_GAMMA) < LEEWAY else 1 / gamma
    if mode in ("1", "L", "LA", "I;16", "I"):
        return Named() if exponent is None else Named(grey_profile(exponent))
    primaries = SRGB
    if chromaticity and len(chromaticity) == 8:
        white, red, green, blue = (tuple(chromaticity[at : at + 2]) for at in range(0, 8, 2))
        primaries = Primaries(red, green, blue, white)
    near = all(
        abs(one - other) < LEEWAY
        for point, known in zip(_points(primaries), _points(SRGB), strict=True)
        for one, other in zip(point, known, strict=True)
    )
    return Named() if near and exponent is None else Named(profile(primaries, exponent))


def _points(primaries: Primaries) -> tuple[tuple[float, float], ...]:
    return primaries.red, primaries.green, primaries.blue, primaries.white
