"""Results become files that say how they were made, and nothing else."""

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
from pix2pix.files.receipt import RECEIPT_KEY, SOURCE_TYPE
from pix2pix.photo import open_photo

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


def test_nothing_of_the_uploads_own_metadata_travels_along(scene, result, tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "my secret holiday"
    exif.get_ifd(0x8825)[1] = "N"
    upload = io.BytesIO()
    scene.save(upload, "JPEG", exif=exif, icc_profile=b"secret profile", comment=b"secret comment")
    photo = open_photo(upload.getvalue())
    for ending in ("png", "jpg", "webp"):
        path = tmp_path / f"edited.{ending}"
        save_result(replace(result, image=photo.rgb), path)
        assert b"secret" not in path.read_bytes()
        with Image.open(path) as image:
            assert not dict(image.getexif())
            assert "icc_profile" not in image.info


def test_a_receipt_that_is_missing_or_changed_is_none(result, scene, tmp_path):
    scene.save(tmp_path / "plain.png")
    assert read_receipt(tmp_path / "plain.png") is None
    save_result(result, tmp_path / "edited.jpg")
    assert read_receipt(tmp_path / "edited.jpg") is None
    for text in ("", "[]", "{}", '{"instruction": "x"}', "not json", "[" * 100_000, '{"instruction": ' + "9" * 9999):
        forged = io.BytesIO()
        texts = PngInfo()
        texts.add_text(RECEIPT_KEY, text)
        scene.save(forged, "PNG", pnginfo=texts)
        assert read_receipt(forged.getvalue()) is None


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
