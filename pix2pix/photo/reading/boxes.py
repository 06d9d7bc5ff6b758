"""Boxes, of which HEIC and JPEG 2000 consist: each has a size, a kind, and data that may be boxes again."""

import struct
from collections.abc import Iterator
from typing import IO

LARGE, TO_THE_END = 1, 0  # sizes that mean something else
MAX_BYTES, MAX_BOXES = 16_000_000, 1_000  # of a box that is read, and of a file before it


def top_box(file: IO[bytes], kind: bytes) -> bytes:
    """The data of the first box of that ``kind`` on the top level; nothing where there is none, or one too large.

    Raises:
        struct.error: ``file`` ends within the head of a box.
    """
    at = 0
    for _ in range(MAX_BOXES):
        file.seek(at)
        head = 8
        size, found = struct.unpack(">L4s", file.read(head))
        if size == LARGE:
            head = 16
            (size,) = struct.unpack(">Q", file.read(8))
        if found == kind:
            return file.read(MAX_BYTES if size == TO_THE_END else size - head) if size <= MAX_BYTES else b""
        if size < head:
            break
        at += size
    return b""


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each box that ``data`` consists of, as far as they make sense."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">L4s", data, at)
        if size < 8:
            return
        yield kind, data[at + 8 : at + size]
        at += size
