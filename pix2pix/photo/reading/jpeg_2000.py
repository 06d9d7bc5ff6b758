"""What Pillow misses of a JPEG 2000: its colour profile, and the mark of its end where that alone is lost."""

import os
import struct
from typing import IO

from pix2pix.photo.reading.boxes import boxes, top_box
from pix2pix.photo.reading.excerpt import Excerpt

PROFILES = (2, 3)  # ways to name colours: a restricted profile, and any
HEADER, COLOURS = b"jp2h", b"colr"
END = b"\xff\xd9"


def needed_of(file: IO[bytes]) -> IO[bytes] | Excerpt:
    """``file`` itself, or with the mark of its end where that is not there: no pixel needs it, but the decoder does."""
    length = file.seek(-len(END), os.SEEK_END) + len(END)
    last = file.read()
    file.seek(0)
    if last == END:
        return file
    return Excerpt(file, [(0, length)], END[last[-1:] == END[:1] :])


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
