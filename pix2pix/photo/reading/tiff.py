"""The first directory of a TIFF, read before Pillow does: whether it is a photo or only built like one.

Most cameras' RAW files are TIFFs whose first picture is a small preview, which must not be taken for the photo.
"""

import struct
from collections.abc import Iterator
from typing import IO

from PIL.TiffImagePlugin import TiffImageFile

from pix2pix.photo.exif import SHOT, TEXT, Field, write_exif
from pix2pix.photo.metadata import TEXTS

KIND, WIDTH, HEIGHT, PHOTOMETRIC, INSIDE, TILE_WIDTH, TILE_HEIGHT, DNG = 254, 256, 257, 262, 330, 322, 323, 0xC612
OF_SENSORS = (32_803, 34_892)  # values of PHOTOMETRIC: colour filters, and what was made of them
REDUCED = 1  # a bit of KIND: a small copy of another picture
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
NUMBERS = {3: "H", 4: "L", 13: "L", 16: "Q"}  # kinds of which the first values are looked at
MAX_FIELDS, MAX_INSIDE = 4_000, 8
MAX_TILE = 4_096**2  # pixels

Directory = dict[int, tuple[int, ...]]


def is_tiff(prefix: bytes) -> bool:
    """Whether a file that begins with ``prefix`` is built like a TIFF."""
    return prefix[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_sensor_data(file: IO[bytes]) -> bool:
    """Whether the TIFF in ``file`` holds what a camera's sensor saw, so that its first picture is but a preview.

    Raises:
        ValueError: its fields claim more than the file has, or tiles that no photo has.
    """
    order = _Order.of(file)
    first = dict(order.directory(file, order.start))
    if first.get(TILE_WIDTH, (0,))[0] * first.get(TILE_HEIGHT, (0,))[0] > MAX_TILE:
        raise ValueError("tiles that no photo has")
    if DNG in first or first.get(KIND, (0,))[0] & REDUCED or first.get(PHOTOMETRIC, (0,))[0] in OF_SENSORS:
        return True
    inside = [dict(order.directory(file, at)) for at in first.get(INSIDE, ())[:MAX_INSIDE]]
    return any(one.get(PHOTOMETRIC, (0,))[0] in OF_SENSORS or _area(one) > _area(first) for one in inside)


def exif_of(image: TiffImageFile) -> bytes:
    """What ``image``, not loaded yet, says of the shot, as an EXIF block; TIFFs have it among their own fields."""
    exif = image.getexif()
    said = {**dict(exif), **exif.get_ifd(SHOT)}
    texts = {tag: said[tag] for tag in TEXTS if isinstance(said.get(tag), str)}
    return write_exif({tag: Field(TEXT, text.encode("utf-8", "replace") + b"\0") for tag, text in texts.items()})


def _area(directory: Directory) -> int:
    return directory.get(WIDTH, (0,))[0] * directory.get(HEIGHT, (0,))[0]


class _Order:
    """How the numbers of one TIFF are written: their byte order, and whether it is the large kind of TIFF."""

    def __init__(self, sign: str, is_large: bool, start: int) -> None:
        self.start = start
        self._count, self._field = (sign + "Q", sign + "HHQ8s") if is_large else (sign + "H", sign + "HHL4s")
        self._sign, self._place = sign, sign + ("Q" if is_large else "L")

    @classmethod
    def of(cls, file: IO[bytes]) -> "_Order":
        file.seek(0)
        prefix = file.read(16).ljust(16, b"\0")
        sign, is_large = ("<" if prefix[:2] == b"II" else ">"), b"+" in prefix[2:4]
        (start,) = struct.unpack_from(sign + ("Q" if is_large else "L"), prefix, 8 if is_large else 4)
        return cls(sign, is_large, start)

    def directory(self, file: IO[bytes], at: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """The fields of whole numbers of the directory at ``at``: tag and first values."""
        length = file.seek(0, 2)
        if at >= length:
            return
        file.seek(at)
        head = file.read(struct.calcsize(self._count))
        (number,) = struct.unpack(self._count, head) if len(head) == struct.calcsize(self._count) else (0,)
        if number > MAX_FIELDS:
            raise ValueError("more fields than any file has")
        size, claimed = struct.calcsize(self._field), 0
        block = file.read(size * number)
        for start in range(0, len(block) - size + 1, size):
            tag, kind, count, value = struct.unpack_from(self._field, block, start)
            claimed += count * SIZES.get(kind, 1)
            if claimed > length:  # values that lie on each other: Pillow would read each of them into memory
                raise ValueError("fields that claim more than the file has")
            if kind in NUMBERS:
                yield tag, self._values(file, kind, count, value)

    def _values(self, file: IO[bytes], kind: int, count: int, value: bytes) -> tuple[int, ...]:
        count, width = min(count, MAX_INSIDE), SIZES[kind]
        if count * width > len(value):
            file.seek(struct.unpack(self._place, value)[0])
            value = file.read(count * width)
        count = min(count, len(value) // width)
        return struct.unpack(f"{self._sign}{count}{NUMBERS[kind]}", value[: count * width]) or (0,)
