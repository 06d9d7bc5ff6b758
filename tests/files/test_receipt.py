"""Results become files that say how they were made."""

import io
import json
import os
from dataclasses import asdict, replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pix2pix import EditRequest, InvalidImage, InvalidRequest, Result, __version__, read_receipt, save_result
from pix2pix.files.receipt import RECEIPT_KEY, SOURCE_TYPE, Receipt, find_receipt
from pix2pix.photo import open_photo
from pix2pix.photo.digest import digest_of

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
REQUEST = EditRequest("mach es “Nacht” 🌙 \\ <b>", 20, 7.5, 1.5, 2**32 - 1, 512, detail=False)


@pytest.fixture
def result(scene):
    return Result(scene, scene, REQUEST, 1.0, None, checkpoint="owner/name", revision="abc")


@pytest.fixture
def transparent(result, scene):
    image = scene.convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(scene.size))
    return replace(result, image=image)


def test_png_gives_the_request_and_the_pixels_back(result, tmp_path):
    path = tmp_path / "edited.png"
    save_result(result, path)
    assert read_receipt(path) == read_receipt(path.read_bytes()) == REQUEST
    with Image.open(path) as image:
        assert image.tobytes() == result.image.tobytes()
        assert f'"version": "{__version__}"' in image.info[RECEIPT_KEY]
        assert '"checkpoint": "owner/name", "revision": "abc"' in image.info[RECEIPT_KEY]


def test_receipts_from_before_there_was_detail_are_read(scene, tmp_path):
    texts = PngInfo()
    texts.add_text(RECEIPT_KEY, json.dumps({k: v for k, v in asdict(REQUEST).items() if k != "detail"}))
    scene.save(tmp_path / "old.png", pnginfo=texts)
    assert read_receipt(tmp_path / "old.png") == replace(REQUEST, detail=False)


@pytest.mark.parametrize("ending", ["png", "jpg", "jpeg", "JPG", "webp"])
def test_every_file_says_that_it_was_made_with_ai(result, tmp_path, ending):
    path = tmp_path / f"edited.{ending}"
    save_result(result, path)
    assert SOURCE_TYPE.encode() in path.read_bytes()
    with Image.open(path) as image:
        (description,) = ElementTree.fromstring(image.info["xmp"]).iter(f"{{{RDF}}}Description")
        assert description.get(f"{{{IPTC}}}DigitalSourceType") == SOURCE_TYPE
        assert np.abs(np.asarray(image.convert("RGB"), float) - np.asarray(result.image, float)).mean() < 2


def test_transparency_is_kept_where_the_format_has_it(transparent, tmp_path):
    for ending in ("png", "webp"):
        save_result(transparent, tmp_path / f"edited.{ending}")
        with Image.open(tmp_path / f"edited.{ending}") as image:
            assert image.convert("RGBA").tobytes() == transparent.image.tobytes()
    save_result(transparent, tmp_path / "edited.jpg")
    with Image.open(tmp_path / "edited.jpg") as image:
        assert min(image.getpixel((5, 0))) > 245  # transparent there, so white


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_every_format_gives_the_whole_receipt_back_whatever_the_file_is_called(result, transparent, tmp_path, ending):
    for one in (result, transparent):
        save_result(one, tmp_path / f"edited.{ending}")
        data = (tmp_path / f"edited.{ending}").read_bytes()
        (tmp_path / "download.bin").write_bytes(data)
        for source in (data, tmp_path / "download.bin"):
            assert find_receipt(source) == Receipt(REQUEST, "owner/name", "abc", __version__)


def test_a_receipt_says_of_which_photo(result, scene, tmp_path):
    scene.save(tmp_path / "photo.png")
    opened = open_photo(tmp_path / "photo.png")
    assert opened.origin.digest == open_photo((tmp_path / "photo.png").read_bytes()).origin.digest
    assert open_photo(scene).origin.digest == ""
    for ending in ("png", "jpg", "webp"):
        save_result(replace(result, origin=opened.origin), tmp_path / f"edited.{ending}")
        assert find_receipt(tmp_path / f"edited.{ending}").photo == digest_of(tmp_path / "photo.png")


def test_the_longest_instruction_fits_into_every_format(result, tmp_path):
    request = replace(REQUEST, instruction="🌙" * 1000)
    for ending in ("png", "jpg", "webp"):
        save_result(replace(result, request=request), tmp_path / f"long.{ending}")
        assert read_receipt(tmp_path / f"long.{ending}") == request


def test_other_programs_find_the_receipt_in_the_comment_of_a_jpeg(result, tmp_path):
    save_result(result, tmp_path / "edited.jpg")
    with Image.open(tmp_path / "edited.jpg") as image:
        comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert comment[:8] == b"ASCII\0\0\0"
    assert json.loads(comment[8:])["instruction"] == REQUEST.instruction


def forged(scene, text: str, file_format: str) -> bytes:
    """``scene`` with ``text`` where its receipt should be."""
    file, texts, exif = io.BytesIO(), PngInfo(), Image.Exif()
    texts.add_text(RECEIPT_KEY, text)
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + text.encode("ascii", "replace")
    scene.save(file, file_format, **({"pnginfo": texts} if file_format == "PNG" else {"exif": exif}))
    return file.getvalue()


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_a_receipt_that_is_missing_or_changed_is_none(scene, file_format):
    plain = io.BytesIO()
    scene.save(plain, file_format)
    assert read_receipt(plain.getvalue()) is None
    whole = {**asdict(REQUEST), "instruction": "x"}
    wrong = ({"seed": "1"}, {"resolution": [1]}, {"detail": 3}, {"instruction": 5}, {"guidance_scale": float("nan")})
    texts = [
        "",
        "[]",
        "{}",
        '{"instruction": "x"}',
        "not json",
        "[" * 60_000,
        '{"instruction": ' + "9" * 9999,
        "7",
        "\0",
    ]
    for text in [*texts, *(json.dumps({**whole, **one}) for one in wrong)]:
        assert find_receipt(forged(scene, text, file_format)) is None
        assert read_receipt(forged(scene, text, file_format)) is None


@pytest.mark.parametrize(
    "comment", [b"", b"ASCII", b"UNICODE\0{}", b"\0" * 9, b"ASCII\0\0\0\xff\xfe", "text", 7, (1, 2)]
)
def test_comments_of_any_kind_are_no_receipt(scene, comment):
    file, exif = io.BytesIO(), Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    scene.save(file, "JPEG", exif=exif)
    assert find_receipt(file.getvalue()) is None


def test_settings_out_of_range_come_back_at_its_end_and_say_so(scene):
    """A receipt of another version, or of somebody's making; the picture could not be made again by it."""
    said = {**asdict(REQUEST), "num_inference_steps": 900, "resolution": 8, "guidance_scale": float("inf")}
    data = forged(scene, json.dumps({**said, "checkpoint": 5, "revision": "\n", "version": "9" * 999}), "PNG")
    receipt = find_receipt(data)
    expected = replace(REQUEST, num_inference_steps=150, resolution=32, guidance_scale=30.0)
    assert receipt == Receipt(expected, None, None, None, moved=("Steps", "Text guidance", "Size"))
    assert read_receipt(data) is None


def test_a_receipt_of_no_picture_is_an_error(tmp_path):
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(InvalidImage):
        read_receipt(tmp_path / "text.png")


@pytest.mark.parametrize("name", ["edited", "edited.tiff", "edited.gif", ".png", "edited."])
def test_unknown_endings_are_refused(result, tmp_path, name):
    with pytest.raises(InvalidRequest, match=r"\.png"):
        save_result(result, tmp_path / name)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("interruption", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_what_was_there(result, tmp_path, monkeypatch, interruption):
    path = tmp_path / "edited.png"
    path.write_bytes(b"before")

    def half_a_file(self, file, *_, **__):
        file.write(b"half")
        raise interruption

    monkeypatch.setattr(Image.Image, "save", half_a_file)
    with pytest.raises(type(interruption)):
        save_result(result, path)
    assert os.listdir(tmp_path) == ["edited.png"]
    assert path.read_bytes() == b"before"
