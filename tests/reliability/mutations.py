"""Broken files without end: whole ones of every format, and what chance makes of them. Seeded, so each comes again."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener

from tests import SHARED

SIDE = 400  # pixels of photos that are encoded anew
LIES = (0, 1, 2, 255, 256, 4_097, 14_000, 32_767, 65_535, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
SIZES = (  # a mark, how far behind its beginning the size stands, and how it is written
    (b"\x89PNG", 16, ">LL"),
    (b"GIF8", 6, "<HH"),
    (b"BM", 18, "<LL"),
    (b"\xff\xc0\0", 5, ">HH"),
    (b"\xff\xc2\0", 5, ">HH"),
    (b"ispe", 8, ">LL"),
    (b"ihdr", 4, ">LL"),
    (b"\xff\x51\0", 6, ">LL"),
    (b"VP8 ", 14, "<HH"),
)
SIGNATURE = b"\x89PNG\r\n\x1a\n"

ENCODINGS: tuple[tuple[str, str, dict], ...] = (  # mode, format, options
    ("RGB", "JPEG", {}),
    ("RGB", "JPEG", {"progressive": True}),
    ("RGB", "JPEG", {"exif": b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0", "restart_marker_rows": 1}),
    ("CMYK", "JPEG", {}),
    ("RGB", "MPO", {}),
    ("RGB", "WEBP", {}),
    ("RGBA", "WEBP", {"lossless": True, "xmp": b"<x:xmpmeta/>"}),
    ("RGB", "AVIF", {}),
    ("RGBA", "AVIF", {}),
    ("RGB", "HEIF", {}),
    ("RGBA", "HEIF", {}),
    ("RGB", "TIFF", {"compression": "raw"}),
    ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    ("RGB", "TIFF", {"compression": "jpeg"}),
    ("CMYK", "TIFF", {"compression": "tiff_adobe_deflate"}),
    ("1", "TIFF", {"compression": "group4"}),
    ("P", "TIFF", {}),
    ("P", "GIF", {}),
    ("RGB", "BMP", {}),
    ("P", "BMP", {}),
    ("RGB", "JPEG2000", {}),
    ("LA", "PNG", {}),
    ("P", "PNG", {}),
)


def sources() -> list[bytes]:
    """Whole files: those that the project shares, where they are, and some of each format made here."""
    register_heif_opener()
    shared = sorted((SHARED / "hostile").rglob("*.[pj][np]g")) + sorted((SHARED / "photos").glob("*.png"))[:2]
    rng = np.random.default_rng(5)
    soft = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize((160, 120))
    made = [_encoded(soft, *one) for one in ENCODINGS]
    animations = [_animation(soft, name) for name in ("GIF", "WEBP", "PNG", "AVIF", "TIFF")]
    return [*(_small(path) for path in shared), *made * 4, *animations * 2]


def mutated(whole: list[bytes], seed: int, number: int) -> bytes:
    """File ``number`` of the series ``seed``: one of ``whole`` after one to three accidents."""
    chance = random.Random(f"{seed}-{number}")
    data = bytearray(chance.choice(whole))
    for _ in range(chance.choice((1, 1, 2, 3))):
        chance.choice(ACCIDENTS)(data, chance, whole)
    if data.startswith(SIGNATURE) and chance.random() < 0.5:
        data = _with_right_checksums(data)  # so that the lie gets past the door
    return bytes(data)


def _flip(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    for _ in range(chance.choice((1, 1, 4, 32))):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _truncate(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    del data[int(len(data) * chance.random() ** 0.5) :]


def _splice(data: bytearray, chance: random.Random, whole: list[bytes]) -> None:
    other = chance.choice((bytes(data), chance.choice(whole)))
    start, length = chance.randrange(len(other) or 1), chance.choice((4, 16, 100, 3_000))
    at = chance.randrange(len(data) or 1)
    data[at : at + chance.choice((0, length))] = other[start : start + length]


def _lie(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    """A number of the header is another one."""
    for _ in range(chance.choice((1, 2, 4))):
        kind = chance.choice(("<B", "<H", ">H", "<L", ">L"))
        value = struct.pack(kind, chance.choice(LIES) % 2 ** (8 * struct.calcsize(kind)))
        at = chance.randrange(max(1, min(len(data), chance.choice((40, 200, 700)))))
        data[at : at + len(value)] = value


def _claim(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    """It has another size than it says."""
    for mark, after, kind in SIZES:
        at = data.find(mark)
        if at >= 0:
            sides = (chance.choice((1, 40, 4_000, 5_000, 14_000, 16_383, 65_535)) for _ in range(2))
            data[at + after : at + after + struct.calcsize(kind)] = struct.pack(kind, *sides)


def _repeat(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    at, length = chance.randrange(len(data) or 1), chance.choice((8, 64, 1_000))
    data[at:at] = data[at : at + length] * chance.choice((2, 10, 100))


ACCIDENTS: tuple[Callable[[bytearray, random.Random, list[bytes]], None], ...]
ACCIDENTS = (_flip, _truncate, _splice, _lie, _claim, _repeat)


def _encoded(image: Image.Image, mode: str, file_format: str, options: dict) -> bytes:
    file = io.BytesIO()
    image.convert(mode).save(file, file_format, **options)
    return file.getvalue()


def _animation(image: Image.Image, file_format: str) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, save_all=True, append_images=[image.rotate(90), image.rotate(180)])
    return file.getvalue()


def _small(path: Path) -> bytes:
    """The file itself, or a small JPEG of a large one."""
    data = path.read_bytes()
    if len(data) < 100_000:
        return data
    with Image.open(path) as image:
        image.thumbnail((SIDE, SIDE))
        return _encoded(image, "RGB", "JPEG", {"exif": image.getexif()})


def _with_right_checksums(data: bytearray) -> bytearray:
    right, at = bytearray(data[:8]), 8
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 4 : at + 8 + length]
        right += data[at : at + 4] + body + struct.pack(">L", zlib.crc32(body))
        at += length + 12
    return right
