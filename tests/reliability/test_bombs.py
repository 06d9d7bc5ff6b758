"""Small files that would become gigabytes or take minutes: refused, or read safely, at once and in little memory."""

import io
import struct
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from pix2pix import InvalidImage
from pix2pix.photo import Photo, open_photo
from pix2pix.photo.reading import jpeg, png
from tests.photo.test_decoding import chunk, encoded, png_header
from tests.reliability.mutations import SIZES
from tests.reliability.opening import memory

SECONDS, MEGABYTES = 0.1, 20  # beside three times the file, which some libraries read as a whole
SCENE = Image.effect_noise((96, 64), 50).convert("RGB")
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "JPEG2000", "HEIF", "AVIF")
ZEROS = zlib.compress(bytes(60_000_000), 9)
BELOW = zlib.compress(bytes(900_000), 9)  # what a single text may have
PNG = encoded(SCENE)


def opened(data: bytes) -> tuple[Photo | InvalidImage, float, float]:
    """The answer, its seconds and its peak in MB; asked again where it was slow, since others may use the machine."""
    for _ in range(3):
        answer, seconds, peak = opened_once(data)
        if seconds < SECONDS:
            break
    return answer, seconds, peak


def opened_once(data: bytes) -> tuple[Photo | InvalidImage, float, float]:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    before, started, answer = memory("VmRSS"), time.process_time(), None
    try:
        answer = open_photo(data)
    except InvalidImage as error:
        answer = error
    return answer, time.process_time() - started, memory("VmHWM") - before


@pytest.fixture(scope="module", autouse=True)
def libraries_are_loaded():
    for name in FORMATS:
        open_photo(encoded(SCENE, name))


def claiming(name: str, width: int, height: int) -> bytes:
    """A small file of the format ``name`` that claims another size."""
    data = bytearray(encoded(SCENE, name))
    if name == "TIFF":
        for tag, side in ((256, width), (257, height)):
            at = next(
                at for at in range(len(data)) if data[at : at + 4] in (struct.pack("<HH", tag, k) for k in (3, 4))
            )
            data[at : at + 12] = struct.pack("<HHLL", tag, 4, 1, side)
    for mark, after, kind in SIZES:
        at = data.find(mark)
        if at >= 0:
            sides = (height, width) if mark[:3] in (b"\xff\xc0\0", b"\xff\xc2\0", b"ihd") else (width, height)
            most = 2 ** (4 * struct.calcsize(kind)) - 1
            data[at + after : at + after + struct.calcsize(kind)] = struct.pack(
                kind, *(min(one, most) for one in sides)
            )
    if name == "PNG":
        return bytes(png_header(width, height))
    return bytes(data)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "size", [(60_000, 60_000), (16_000, 12_501), (14_000, 14_000), (1, 65_535), (2**31 - 1, 2**31 - 1)]
)
def test_a_size_that_is_a_lie(name, size):
    answer, seconds, peak = opened(claiming(name, *size))
    assert isinstance(answer, InvalidImage)
    assert (seconds < SECONDS, peak < MEGABYTES) == (True, True), (seconds, peak)


def jpeg_with(segment: bytes, number: int) -> bytes:
    data = encoded(SCENE, "JPEG")
    return data[:2] + (b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment) * number + data[2:]


def many_tiffs(number: int) -> bytes:
    data = encoded(Image.new("L", (4, 4)), "TIFF")
    (start,) = struct.unpack_from("<L", data, 4)
    size = 2 + 12 * struct.unpack_from("<H", data, start)[0] + 4
    pages = [data[start : start + size - 4] + struct.pack("<L", len(data) + (k + 1) * size) for k in range(number)]
    return data[: start + size - 4] + struct.pack("<L", len(data)) + data[start + size :] + b"".join(pages)


def many_gifs(number: int) -> bytes:
    data = encoded(Image.new("P", (8, 8)), "GIF")
    frame = data[data.index(b",") : -1]
    return data[:-1] + frame * number + b";"


def values_upon_each_other() -> bytes:
    data = bytes(2_000_000)
    fields = b"".join(struct.pack("<HHLL", 40_000 + k, 7, len(data), 8) for k in range(3_000))
    return b"II*\0" + struct.pack("<L", 8 + len(data)) + data + struct.pack("<H", 3_000) + fields + bytes(4)


def one_huge_tile() -> bytes:
    fields = {256: 64, 257: 64, 258: 8, 259: 8, 262: 1, 277: 1, 322: 7_696, 323: 7_696, 324: 400, 325: len(ZEROS)}
    entries = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in fields.items())
    return (b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + entries + bytes(4)).ljust(400, b"\0") + ZEROS


def in_png(kind: bytes, data: bytes, number: int = 1) -> bytes:
    return PNG[:33] + chunk(kind, data) * number + PNG[33:]


def animated_webp(number: int) -> bytes:
    frames = [Image.new("RGB", (8, 8), (k % 256, k // 256, 9)) for k in range(number)]
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=1)


FRAME = chunk(b"fcTL", bytes(26)) + chunk(b"fdAT", bytes(8))
BOMBS: dict[str, tuple[Callable[[], bytes], type]] = {
    "packed profile": (lambda: in_png(b"iCCP", b"x\0\0" + ZEROS), Photo),
    "packed text": (lambda: in_png(b"zTXt", b"x\0\0" + ZEROS), Photo),
    "packed XMP": (lambda: in_png(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + ZEROS), Photo),
    "a thousand packed texts": (lambda: in_png(b"zTXt", b"x\0\0" + BELOW, 1_000), Photo),
    "packed pixels": (lambda: png_header(1_000, 1_000)[:33] + chunk(b"IDAT", ZEROS), Photo),
    "many chunks": (lambda: in_png(b"abCd", b"", 40_000), Photo),
    "too many chunks": (lambda: in_png(b"abCd", b"", 100_000), InvalidImage),
    "frames of a PNG": (lambda: PNG[:-12] + FRAME * 100_000, Photo),
    "frames of a GIF": (lambda: many_gifs(100_000), Photo),
    "frames of a WEBP": (lambda: animated_webp(1_000), Photo),
    "pages of a TIFF": (lambda: many_tiffs(100_000), Photo),
    "EXIF in 300 pieces": (lambda: jpeg_with((b"Exif\0\0" + b"II*\0" * 16_000)[:65_533], 300), Photo),
    "XMP in 300 pieces": (
        lambda: jpeg_with((b"http://ns.adobe.com/xap/1.0/\0" + b"<a>" * 30_000)[:65_533], 300),
        Photo,
    ),
    "XMP of a WEBP": (lambda: encoded(SCENE, "WEBP", xmp=b"<x>" * 5_000_000), Photo),
    "XMP of a HEIC": (lambda: encoded(SCENE, "HEIF", xmp=b"<x>" * 2_000_000), Photo),
    "XMP of a TIFF": (lambda: encoded(SCENE, "TIFF", tiffinfo={700: b"<x>" * 2_000_000}), Photo),
    "values upon each other": (values_upon_each_other, InvalidImage),
    "a tile larger than its picture": (one_huge_tile, InvalidImage),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name):
    made, expected = BOMBS[name]
    data = made()
    answer, seconds, peak = opened(data)
    assert isinstance(answer, expected)
    assert (seconds < SECONDS, peak < MEGABYTES + 3 * len(data) / 1024**2) == (True, True), (seconds, peak)


def test_what_is_left_out_of_a_file_is_not_read():
    """Each protection by itself: what Pillow gets of these files."""
    needed, info = png.needed_of(io.BytesIO(in_png(b"iCCP", b"x\0\0" + ZEROS)))
    assert (needed.read(), info) == (PNG[:-12], {})
    file = io.BytesIO(jpeg_with(b"Exif\0\0" + bytes(60_000), 100))
    assert len(jpeg.needed_of(file).read()) < 40 * 61_000
    plain = io.BytesIO(encoded(SCENE, "JPEG"))
    assert jpeg.needed_of(plain) is plain
