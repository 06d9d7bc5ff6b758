"""Whether a HEIC has all its pixels: phones store it in tiles, and libheif draws those that are lost as grey."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from pix2pix.photo.reading.boxes import boxes, top_box

IN_FILE = 0  # of the ways to say where an item lies
TILES, BELONGS_TO = b"dimg", b"auxl"  # kinds of references: what a picture is made of, and whose transparency it is


@dataclass
class _Items:
    """What a file says of the items in it.

    Attributes:
        primary: the picture.
        ends: where in the file each item ends that lies in it.
        references: kind, from and to.
    """

    primary: int = 0
    ends: dict[int, int] = field(default_factory=dict)
    references: list[tuple[bytes, int, int]] = field(default_factory=list)

    def of_picture(self, transparent: bool) -> set[int]:
        """The items that the picture needs."""
        parts = {(start, to) for kind, start, to in self.references if kind == TILES}
        if transparent:
            parts |= {(to, start) for kind, start, to in self.references if kind == BELONGS_TO}
        needed, new = set(), {self.primary}
        while new:
            needed |= new
            new = {to for start, to in parts if start in new} - needed
        return needed


def is_cut(file: IO[bytes], transparent: bool) -> bool:
    """Whether ``file``, a HEIC, ends before its picture does; a file that cannot be understood here is not."""
    try:
        items = _items_of(file)
    except (struct.error, IndexError, ValueError):
        return False
    length = file.seek(0, 2)
    return any(items.ends.get(item, 0) > length for item in items.of_picture(transparent))


def _items_of(file: IO[bytes]) -> _Items:
    items = _Items()
    for kind, box in boxes(top_box(file, b"meta")[4:]):
        if kind == b"pitm":
            items.primary = _Reader(box, 4).number(4 if box[0] else 2)
        elif kind == b"iloc":
            items.ends = dict(_ends(box))
        elif kind == b"iref":
            items.references = list(_references(box))
    return items


class _Reader:
    """Numbers of ``data`` in turn, from ``at`` on."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def number(self, size: int) -> int:
        """The next ``size`` bytes as a number; raises ``ValueError`` where there are no more."""
        self._at += size
        if self._at > len(self._data):
            raise ValueError("a box ends early")
        return int.from_bytes(self._data[self._at - size : self._at], "big")


def _ends(box: bytes) -> Iterator[tuple[int, int]]:
    """Each item that lies in the file, and where it ends."""
    version, reader = box[0], _Reader(box, 4)
    sizes, more = reader.number(1), reader.number(1)
    of_offset, of_length, of_base = sizes >> 4, sizes & 15, more >> 4
    of_index = more & 15 if version else 0
    for _ in range(reader.number(4 if version == 2 else 2)):
        item = reader.number(4 if version == 2 else 2)
        way = reader.number(2) & 15 if version else IN_FILE
        reader.number(2)  # which file: there is only this one
        base, end = reader.number(of_base), 0
        for _ in range(reader.number(2)):
            reader.number(of_index)
            end = max(end, base + reader.number(of_offset) + reader.number(of_length))
        if way == IN_FILE:
            yield item, end


def _references(box: bytes) -> Iterator[tuple[bytes, int, int]]:
    size = 4 if box[0] else 2
    for kind, one in boxes(box[4:]):
        reader = _Reader(one, 0)
        start = reader.number(size)
        for _ in range(reader.number(2)):
            yield kind, start, reader.number(size)
