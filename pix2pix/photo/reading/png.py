"""The chunks of a PNG that a photo needs, as a file of its own: what is broken, endless or of no use is left out of it.

A PNG is a list of chunks. Some may be packed so that a few bytes become gigabytes, a wrong checksum of a remark would
keep the whole picture from opening, and an animation may have a hundred thousand frames of which the first is meant.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from pix2pix.photo.reading.excerpt import Excerpt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PICTURE = (b"IHDR", b"PLTE", b"IDAT")
REMARKS = (b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"eXIf")
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
FRAME = b"fdAT"  # of an animation, behind the first picture
MAX_CHUNKS, MAX_REMARK, MAX_TEXTS = 50_000, 1_000_000, 64
MAX_PROFILE, MAX_TEXT = 8_000_000, 1_000_000  # bytes, unpacked; all texts together may have four times as many


@dataclass
class _Found:
    """What was found on the way through the chunks."""

    parts: list[tuple[int, int]] = field(default_factory=lambda: [(0, len(SIGNATURE))])
    info: dict[str, Any] = field(default_factory=dict)
    texts: int = 0
    room: int = 4 * MAX_TEXT

    def keep(self, start: int, length: int) -> None:
        before, size = self.parts[-1]
        if before + size == start:
            self.parts[-1] = (before, size + length)
        else:
            self.parts.append((start, length))


def needed_of(file: IO[bytes]) -> tuple[Excerpt, dict[str, Any]]:
    """What of the PNG in ``file`` a photo needs.

    Returns:
        That as a file, and what Pillow does not read by itself: "icc_profile" and "cicp", where they are there.

    Raises:
        ValueError: it has more chunks than any photo has.
    """
    found = _Found()
    for number, (kind, start, length) in enumerate(_chunks(file)):
        if number > MAX_CHUNKS:
            raise ValueError("more chunks than any photo has")
        if kind == FRAME:
            break
        if kind in PICTURE or (kind in (*REMARKS, *TEXTS, b"iCCP", b"cICP") and _is_wanted(file, kind, length, found)):
            found.keep(start, length + 12)
    return Excerpt(file, found.parts), found.info


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and length of each; afterwards the file stands behind the kind."""
    at = len(SIGNATURE)
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return
        length, kind = struct.unpack(">L4s", head)
        yield kind, at, length
        at += length + 12


def _is_wanted(file: IO[bytes], kind: bytes, length: int, found: _Found) -> bool:
    """Whether a chunk that is no part of the picture itself is whole and small enough; some go to ``found.info``."""
    if length > MAX_REMARK * (MAX_PROFILE // MAX_REMARK if kind == b"iCCP" else 1):
        return False
    data, checksum = file.read(length), file.read(4)
    if struct.pack(">L", zlib.crc32(kind + data)) != checksum:
        return False
    if kind == b"cICP":
        found.info["cicp"] = tuple(data)
    elif kind == b"iCCP":
        profile = _unpacked(data.partition(b"\0")[2][1:], MAX_PROFILE)
        found.info |= {"icc_profile": profile} if profile else {}
    elif kind in TEXTS:
        return _is_short_text(kind, data, found)
    return kind in REMARKS


def _is_short_text(kind: bytes, data: bytes, found: _Found) -> bool:
    found.texts += 1
    if found.texts > MAX_TEXTS or found.room < 0:
        return False
    _, _, rest = data.partition(b"\0")
    if kind == b"zTXt":
        text = _unpacked(rest[1:], MAX_TEXT)
    elif kind == b"iTXt" and rest[:1] == b"\1":
        text = _unpacked(rest[2:].split(b"\0", 2)[-1], MAX_TEXT)
    else:
        text = rest
    found.room -= len(text or b"")
    return text is not None and found.room >= 0


def _unpacked(packed: bytes, limit: int) -> bytes | None:
    """What was ``packed``, or ``None`` if that is broken or more than ``limit`` bytes."""
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, limit)
    except zlib.error:
        return None
    return None if unpacker.unconsumed_tail else data
