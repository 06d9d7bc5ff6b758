"""What of a photo's metadata its results keep: when it was taken, by whom, whose it is, with which kind of camera, and
how large it prints. An open list of what is kept, so whatever else a file holds stays behind: the place, the thumbnail,
notes of the maker, serial numbers, captions, and the orientation, because the pixels are upright.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from PIL.Image import Image

from pix2pix.photo.exif import LONG, RATIONAL, SHORT, TEXT, UTF8, Field, read_exif, write_exif

MAKE, MODEL, ARTIST, COPYRIGHT = 0x010F, 0x0110, 0x013B, 0x8298
CHANGED, TAKEN, DIGITIZED = 0x0132, 0x9003, 0x9004
OFFSETS, FRACTIONS = (0x9010, 0x9011, 0x9012), (0x9290, 0x9291, 0x9292)  # of these three times
WIDE, HIGH, UNIT = 0x011A, 0x011B, 0x0128  # pixels for each inch or centimetre
TEXTS = (MAKE, MODEL, ARTIST, COPYRIGHT, CHANGED, TAKEN, DIGITIZED, *OFFSETS, *FRACTIONS)
MAX_TEXT = 2_000  # bytes
INCH, CENTIMETRE = 2, 3
MAX_DPI = 100_000


def kept_metadata(image: Image) -> bytes:
    """What is kept of the metadata of ``image``, loaded or not, as an EXIF block; empty if there is nothing.

    Broken metadata is as none. What PNGs say in texts of their own counts where EXIF says nothing.
    """
    try:
        fields = read_exif(_exif_of(image.info))
        texts = {tag: _text(fields[tag]) for tag in TEXTS if tag in fields and fields[tag].kind in (TEXT, UTF8)}
        said = {**_from_png(image.info), **{tag: text for tag, text in texts.items() if text.strip(b"\0 ")}}
        kept = {tag: Field(TEXT, text) for tag, text in said.items()}
        dpi = dots_per_inch(fields) or _dots_of_format(image)
        return write_exif(kept | (_resolution(*dpi) if dpi else {}))
    except (ValueError, TypeError, ArithmeticError):
        return b""


def dots_per_inch(fields: Mapping[int, Field]) -> tuple[float, float] | None:
    """How finely a picture prints, across and down, or ``None`` if ``fields`` do not say."""
    unit = _number(fields.get(UNIT, Field(SHORT, (INCH,))))
    wide, high = (_number(fields[tag]) if tag in fields else None for tag in (WIDE, HIGH))
    if wide is None or unit not in (INCH, CENTIMETRE):
        return None
    scale = 2.54 if unit == CENTIMETRE else 1.0
    return _sensible(wide * scale, (high or wide) * scale)


def _exif_of(info: Mapping[Any, Any]) -> bytes:
    exif = info.get("exif")
    if isinstance(exif, bytes):
        return exif
    raw = info.get("Raw profile type exif") or info.get("Raw profile type APP1")  # as ImageMagick writes it to PNGs
    return bytes.fromhex("".join(raw.split("\n")[3:])) if isinstance(raw, str) else b""


def _text(field: Field) -> bytes:
    return bytes(field.values)[:MAX_TEXT].rstrip(b"\0") + b"\0"


def _number(field: Field) -> float | None:
    if field.kind == RATIONAL and isinstance(field.values, tuple):
        over, under = field.values[:2]
        return over / under if under else None
    return float(field.values[0]) if field.kind in (SHORT, LONG) else None


def _sensible(wide: float, high: float) -> tuple[float, float] | None:
    return (wide, high) if all(math.isfinite(dots) and 1 <= dots <= MAX_DPI for dots in (wide, high)) else None


def _dots_of_format(image: Image) -> tuple[float, float] | None:
    """What the file says outside of EXIF. For a JPEG that says nothing, Pillow makes a value up."""
    dpi = image.info.get("dpi")
    if image.format in ("JPEG", "MPO") and image.info.get("jfif_unit") not in (1, 2):
        return None
    return _sensible(*map(float, dpi)) if isinstance(dpi, tuple) and len(dpi) == 2 else None


def _resolution(wide: float, high: float) -> dict[int, Field]:
    """In hundredths, because PNGs count by the metre and 300 dots come back as 299.9994."""
    across, down = (Field(RATIONAL, (round(100 * dots), 100)) for dots in (wide, high))
    return {WIDE: across, HIGH: down, UNIT: Field(SHORT, (INCH,))}


def _from_png(info: Mapping[Any, Any]) -> dict[int, bytes]:
    named = {ARTIST: info.get("Author"), COPYRIGHT: info.get("Copyright"), TAKEN: _exif_time(info.get("Creation Time"))}
    texts = {tag: text.strip() for tag, text in named.items() if isinstance(text, str)}
    return {tag: text.encode("utf-8", "replace")[:MAX_TEXT] + b"\0" for tag, text in texts.items() if text}


def _exif_time(text: object) -> str | None:
    """A time as PNGs have it ("2024-05-01T12:00:00", "Wed, 01 May 2024 12:00:00 +0200") in EXIF's form."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return parse(str(text).strip()).strftime("%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
    return None
