"""The colour profile of a JPEG 2000, which Pillow does not read."""

import struct
from typing import IO

from pix2pix.photo.reading.boxes import boxes, top_box

PROFILES = (2, 3)  # ways to name colours: a restricted profile, and any
HEADER, COLOURS = b"jp2h", b"colr"


def profile_of(file: IO[bytes]) -> bytes | None:
    """The ICC profile that ``file`` names its colours with; ``None`` where it has none, as a bare codestream has."""
    here = file.tell()
    try:
        inside = boxes(top_box(file, HEADER))
        named = next((box for kind, box in inside if kind == COLOURS), b"")  # of several, the first counts
    except struct.error:
        return None
    finally:
        file.seek(here)
    return named[3:] if named[:1] and named[0] in PROFILES and named[3:] else None
