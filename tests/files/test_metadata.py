"""What results keep of the photo's metadata, and what they never do, from all formats to all formats."""

import io
import struct

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pix2pix import EditRequest, Result, open_photo, read_receipt, save_result
from pix2pix.photo.exif import MAX_FIELDS, TEXT, Field, read_exif, write_exif

REQUEST = EditRequest("make it night", 1, 1.0, 1.0, 7, 256)
READ = ["PNG", "JPEG", "WEBP", "AVIF", "HEIF"]
WRITTEN = ["png", "jpg", "webp"]
MAIN = {
    0x010F: "Kamerawerk",
    0x0110: "K-1",
    0x011A: 300.0,
    0x011B: 300.0,
    0x0128: 2,
    0x0132: "2024:05:02 10:00:00",
    0x013B: "Ada Lovelace",
    0x8298: "(c) 2024 Ada",
}
SHOT = {
    0x9003: "2024:05:01 12:34:56",
    0x9004: "2024:05:01 12:34:57",
    0x9010: "+02:00",
    0x9011: "+02:00",
    0x9012: "+01:00",
    0x9291: "123",
}
SECRETS = {  # of the directory of the shot
    0x927C: b"secret note of the maker",
    0x9286: b"ASCII\0\0\0secret comment",
    0xA420: "secret number of the picture",
    0xA430: "secret owner",
    0xA431: "secret serial number",
    0xA435: "secret serial of the lens",
}


def exif_of_a_camera() -> Image.Exif:
    exif = Image.Exif()
    exif.update(MAIN)
    exif[0x0112] = 6
    exif[0x010E] = "secret caption"
    exif[0xC4A5] = b"secret print settings"
    exif.get_ifd(0x8769).update(SHOT | SECRETS)
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.0), 29: "secret day"})
    return exif


def photo_bytes(scene, file_format: str, **options) -> bytes:
    file = io.BytesIO()
    scene.save(file, file_format, **options)
    return file.getvalue()


def result_of(data: bytes) -> Result:
    photo = open_photo(data)
    picture = photo.with_colours(photo.rgb)
    return Result(picture, photo.rgb, REQUEST, 0.1, None, "tiny", None, origin=photo.origin)


@pytest.mark.parametrize("ending", WRITTEN)
@pytest.mark.parametrize("file_format", READ)
def test_who_and_when_is_kept_and_where_is_not(scene, tmp_path, file_format, ending):
    result = result_of(photo_bytes(scene, file_format, exif=exif_of_a_camera().tobytes()))
    path = tmp_path / f"made.{ending}"
    save_result(result, path)
    assert b"secret" not in path.read_bytes()
    assert read_receipt(path) == REQUEST
    with Image.open(path) as image:
        assert image.size == result.image.size
        exif = image.getexif()
        shot = dict(exif.get_ifd(0x8769))
        assert shot.pop(0x9286, b"").startswith(b"ASCII") == (ending != "png")
        assert {tag: value for tag, value in exif.items() if tag != 0x8769} == MAIN
        assert shot == SHOT
        assert not exif.get_ifd(0x8825)
        if ending != "webp":
            assert [round(dots) for dots in image.info["dpi"]] == [300, 300]


@pytest.mark.parametrize("ending", WRITTEN)
def test_nothing_is_kept_where_nothing_shall_be(scene, tmp_path, ending):
    result = result_of(photo_bytes(scene, "JPEG", exif=exif_of_a_camera(), dpi=(300, 300), comment=b"secret"))
    save_result(result, tmp_path / f"made.{ending}", metadata=False)
    assert read_receipt(tmp_path / f"made.{ending}") == REQUEST
    data = (tmp_path / f"made.{ending}").read_bytes()
    assert b"DigitalSourceType" in data
    assert b"Ada" not in data
    with Image.open(tmp_path / f"made.{ending}") as image:
        exif = image.getexif()
        assert set(exif) <= {0x8769}
        assert set(exif.get_ifd(0x8769)) <= {0x9286}
        assert "dpi" not in image.info or ending == "jpg"  # of a JPEG that says nothing Pillow says 72


def test_a_png_without_metadata_is_the_file_it_always_was(scene, tmp_path):
    result = Result(scene, scene, REQUEST, 0.1, None, "tiny", None)
    save_result(result, tmp_path / "made.png")
    chunks, data, at = [], (tmp_path / "made.png").read_bytes(), 8
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        chunks.append(data[at + 4 : at + 8])
        at += 12 + size
    assert chunks == [b"IHDR", b"iTXt", b"iTXt", b"IDAT", b"IEND"]


@pytest.mark.parametrize(("file_format", "dpi"), [("PNG", (300, 300)), ("JPEG", (240, 120)), ("PNG", (96.5, 96.5))])
def test_dots_per_inch_outside_of_exif_are_kept(scene, tmp_path, file_format, dpi):
    result = result_of(photo_bytes(scene, file_format, dpi=dpi))
    for ending in WRITTEN:
        save_result(result, tmp_path / f"made.{ending}")
        with Image.open(tmp_path / f"made.{ending}") as image:
            exif = image.getexif()
            assert (float(exif[0x011A]), float(exif[0x011B])) == pytest.approx(dpi, abs=0.02)
            if ending != "webp":
                assert image.info["dpi"] == pytest.approx(dpi, abs=0.6)


def test_a_photo_that_says_no_resolution_gets_none(scene):
    assert open_photo(photo_bytes(scene, "JPEG")).origin.exif == b""
    exif = Image.Exif()
    exif[0x013B] = "Ada"
    assert set(read_exif(open_photo(photo_bytes(scene, "JPEG", exif=exif)).origin.exif)) == {0x013B}


def test_pngs_may_say_it_in_texts(scene, tmp_path):
    texts = PngInfo()
    for name, text in {"Author": "Zoë", "Copyright": "CC0", "Creation Time": "2024-05-01T12:00:00+02:00"}.items():
        texts.add_itxt(name, text)
    texts.add_text("Comment", "secret")
    save_result(result_of(photo_bytes(scene, "PNG", pnginfo=texts)), tmp_path / "made.jpg")
    assert b"secret" not in (tmp_path / "made.jpg").read_bytes()
    with Image.open(tmp_path / "made.jpg") as image:
        exif = image.getexif()
        assert exif[0x013B].encode("latin-1").decode() == "Zoë"
        assert exif[0x8298] == "CC0"
        assert exif.get_ifd(0x8769)[0x9003] == "2024:05:01 12:00:00"


def test_names_in_any_script_come_back_byte_by_byte(scene, tmp_path):
    name = "Ренуар 雨 🌧".encode()
    block = write_exif({0x013B: Field(TEXT, name + b"\0")})
    save_result(result_of(photo_bytes(scene, "JPEG", exif=b"Exif\0\0" + block)), tmp_path / "made.webp")
    assert name in (tmp_path / "made.webp").read_bytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_read(order):
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    entry = struct.pack(f"{order}HHLHH", 0x0128, 3, 1, 3, 0)
    block = mark + struct.pack(f"{order}LH", 8, 1) + entry + bytes(4)
    assert read_exif(block)[0x0128].values == (3,)


def hostile_exif() -> list[bytes]:
    good = exif_of_a_camera().tobytes()
    endless = b"II*\0" + struct.pack("<LHHHLLL", 8, 1, 0x8769, 4, 1, 8, 0)  # the directory of the shot is the main one
    huge = b"II*\0" + struct.pack("<LHHHLLL", 8, 1, 0x013B, 2, 2**32 - 1, 8, 0)
    many = b"II*\0" + struct.pack("<LH", 8, 65_535) + struct.pack("<HHLL", 0x013B, 2, 4, 0) * 5000
    cut = [good[:length] for length in range(0, len(good), 7)]
    flipped = [good[:at] + bytes([good[at] ^ 255]) + good[at + 1 :] for at in range(6, len(good), 5)]
    return [b"", b"Exif\0\0", b"no exif", b"MM\0*\xff\xff\xff\xff", endless, huge, many, *cut, *flipped]


def test_broken_exif_never_loses_the_photo(scene, tmp_path):
    for block in hostile_exif():
        fields = read_exif(block)
        assert len(fields) <= 2 * MAX_FIELDS
        block = block if block.startswith(b"Exif") else b"Exif\0\0" + block
        if len(block) < 60_000:
            result = result_of(photo_bytes(scene, "JPEG", exif=block))
            assert set(result.image.size) == set(scene.size)
            save_result(result, tmp_path / "made.jpg")
            assert read_receipt(tmp_path / "made.jpg") == REQUEST


def test_what_is_written_is_read_again():
    fields = read_exif(exif_of_a_camera().tobytes())
    again = read_exif(write_exif(fields))
    assert {tag: field for tag, field in again.items() if tag != 0x8769} == {
        tag: field for tag, field in fields.items() if tag != 0x8769
    }
    assert write_exif({}) == b""
