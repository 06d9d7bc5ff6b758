"""Files that stop early: a whole photo or one sentence, however much of that a decoder says."""

import struct

import numpy as np
import pytest
from PIL import Image

from pix2pix import InvalidImage
from pix2pix.photo import open_photo
from tests.photo.test_decoding import assert_one_clear_sentence, encoded

PERCENT = range(10, 100, 10)
TILE = 128
FORMATS = {
    "webp": ("WEBP", {}),
    "webp, lossless": ("WEBP", {"lossless": True}),
    "webp, transparent": ("WEBP", {"mode": "RGBA"}),
    "webp, animated": ("WEBP", {"save_all": True}),
    "heic": ("HEIF", {}),
    "heic, transparent": ("HEIF", {"mode": "RGBA"}),
    "avif": ("AVIF", {}),
    "avif, animated": ("AVIF", {"save_all": True}),
    "jp2": ("JPEG2000", {"irreversible": True}),
    "jp2, lossless": ("JPEG2000", {}),
    "jp2, in tiles": ("JPEG2000", {"tile_size": (64, 64)}),
    "j2k": ("JPEG2000", {"no_jp2": True}),
    "jpeg": ("JPEG", {}),
    "png": ("PNG", {}),
}


def soft(number: int = 0) -> Image.Image:
    values = np.random.default_rng(number).integers(0, 256, (10, 10, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((TILE, TILE), Image.Resampling.BICUBIC)


def box(kind: bytes, *parts: bytes, version: int | None = None) -> bytes:
    body = b"".join(parts)
    head = b"" if version is None else struct.pack(">L", version << 24)
    return struct.pack(">L4s", 8 + len(head) + len(body), kind) + head + body


def in_tiles(columns: int, rows: int) -> bytes:
    """A HEIC as phones write it: one picture in tiles, each an item of the file, and after them what is no picture."""
    from pillow_heif import register_heif_opener

    register_heif_opener()
    files = [encoded(soft(number), "HEIF") for number in range(columns * rows)]
    tiles = [file[file.index(b"mdat") + 4 :] for file in files]
    at = files[0].index(b"hvcC") - 4
    decoder = files[0][at : at + int.from_bytes(files[0][at : at + 4], "big")]
    numbers, whole = range(2, 2 + len(tiles)), (TILE * columns, TILE * rows)
    infos = [box(b"infe", struct.pack(">HH", 1, 0), b"grid\0", version=2)]
    infos += [box(b"infe", struct.pack(">HH", number, 0), b"hvc1\0", version=2) for number in numbers]
    sizes = [box(b"ispe", struct.pack(">LL", *size), version=0) for size in ((TILE, TILE), whole)]
    has = struct.pack(">LHBB", 1 + len(tiles), 1, 1, 3) + b"".join(struct.pack(">HBBB", n, 2, 0x81, 2) for n in numbers)
    made_of = box(b"dimg", struct.pack(f">HH{len(tiles)}H", 1, len(tiles), *numbers))
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *whole)

    def headed(start: int) -> bytes:
        places = struct.pack(">HHHHLL", 1, 1, 0, 1, 0, len(grid))  # within the box itself
        for number, tile in zip(numbers, tiles, strict=True):
            places += struct.pack(">HHHHLL", number, 0, 0, 1, start, len(tile))
            start += len(tile)
        parts = [
            box(b"hdlr", bytes(4) + b"pict" + bytes(13), version=0),
            box(b"pitm", struct.pack(">H", 1), version=0),
            box(b"iinf", struct.pack(">H", len(infos)), *infos, version=0),
            box(b"iref", made_of, version=0),
            box(b"iprp", box(b"ipco", decoder, *sizes), box(b"ipma", has, version=0)),
            box(b"iloc", struct.pack(">BBH", 0x44, 0, len(tiles) + 1), places, version=1),
            box(b"idat", grid),
        ]
        return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + box(b"meta", *parts, version=0)

    data = b"".join(tiles)
    return headed(len(headed(0)) + 8) + box(b"mdat", data) + box(b"free", bytes(len(data)))


def assert_short(error: InvalidImage) -> None:
    assert_one_clear_sentence(error)
    assert len(str(error)) <= 160


def assert_whole_or_one_sentence(file: bytes, length: int, whole: np.ndarray) -> bool:
    """Whether what ``file`` has in its first bytes is taken."""
    try:
        photo = open_photo(file[:length])
    except InvalidImage as error:
        assert_short(error)
        return False
    assert np.array_equal(np.asarray(photo.rgb), whole), f"{length} of {len(file)} bytes"
    return True


@pytest.mark.parametrize("name", FORMATS)
def test_a_cut_file_is_whole_or_refused(name):
    file_format, options = FORMATS[name]
    options = dict(options)
    image = soft().convert(options.pop("mode", "RGB"))
    options |= {"append_images": [image.rotate(90)]} if "save_all" in options else {}
    file = encoded(image, file_format, **options)
    whole = np.asarray(open_photo(file).rgb)
    lengths = [len(file) * percent // 100 for percent in PERCENT] + [len(file) - last for last in (40, 3, 1)]
    for length in lengths:
        assert_whole_or_one_sentence(file, length, whole)


@pytest.mark.parametrize(("columns", "rows"), [(2, 1), (2, 2)])
def test_a_heic_in_tiles_that_lost_some_is_refused(columns, rows):
    file = in_tiles(columns, rows)
    whole = np.asarray(open_photo(file).rgb)
    for number in range(columns * rows):
        row, column = divmod(number, columns)
        drawn = whole[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        assert np.abs(drawn.astype(int) - np.asarray(soft(number))).mean() < 12
    end = file.index(b"free") - 4
    for percent in (30, 60, 90, 99):
        assert not assert_whole_or_one_sentence(file, end * percent // 100, whole)
    assert not assert_whole_or_one_sentence(file, end - 1, whole)
    assert assert_whole_or_one_sentence(file, end, whole)
    assert assert_whole_or_one_sentence(file, end + 20, whole)  # what is lost is no picture
