"""Which kind of file a result becomes: the photo's own by default, by its content, or the one that was chosen."""

import io
import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from pix2pix import EditRequest, InvalidRequest, Result, open_photo, read_receipt, save_result
from pix2pix.files.archive import ArchivedPhoto, write_archive
from pix2pix.files.formats import suffix_for
from pix2pix.photo.decoding import origin_of

REQUEST = EditRequest("make it night", 1, 1.0, 1.0, 7, 256)
OWN = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "GIF": ".png", "AVIF": ".jpg", "HEIF": ".jpg"}
OWN |= {"TIFF": ".png", "BMP": ".png", "JPEG2000": ".png"}


def encoded(image: Image.Image, file_format: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def result_of(data: bytes) -> Result:
    photo = open_photo(data)
    picture = photo.with_colours(photo.rgb)
    return Result(picture, photo.rgb, REQUEST, 0.1, None, "tiny", None, origin=photo.origin)


def format_of(path) -> str:
    with Image.open(path) as image:
        return image.format


@pytest.mark.parametrize(("file_format", "suffix"), OWN.items())
def test_the_own_format_is_told_by_the_content_with_and_without_decoding(scene, tmp_path, file_format, suffix):
    (tmp_path / "photo.txt").write_bytes(encoded(scene, file_format))
    for origin in (origin_of(tmp_path / "photo.txt"), open_photo(tmp_path / "photo.txt").origin):
        assert origin.format == file_format
        assert suffix_for(origin) == suffix
        assert [suffix_for(origin, choice) for choice in ("png", "jpeg", "webp")] == [".png", ".jpg", ".webp"]
        assert origin.shown_by_browsers == (file_format not in ("HEIF", "TIFF", "BMP", "JPEG2000"))


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "AVIF", "HEIF"])
def test_a_transparent_photo_never_becomes_a_jpeg_by_itself(scene, tmp_path, file_format):
    image = scene.convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(scene.size))
    result = result_of(encoded(image, file_format))
    suffix = suffix_for(result.origin)
    assert suffix == (".webp" if file_format == "WEBP" else ".png")
    save_result(result, tmp_path / f"made{suffix}")
    with Image.open(tmp_path / f"made{suffix}") as made:
        assert made.getchannel("A").tobytes() == result.image.getchannel("A").tobytes()


def test_several_pictures_in_one_jpeg_are_a_jpeg(scene):
    data = encoded(scene, "MPO", save_all=True, append_images=[scene])
    assert origin_of(data).format == open_photo(data).format == "JPEG"


@pytest.mark.parametrize("choice", ["tiff", "PNG", "", None, 3])
def test_a_choice_that_is_none_is_refused(scene, choice):
    with pytest.raises(InvalidRequest, match="own, png, jpeg or webp"):
        suffix_for(origin_of(encoded(scene, "PNG")), choice)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 80}, {"quality": 80, "exif": b"Exif\0\0II*\0"}])
def test_a_webp_loses_nothing_where_the_photo_lost_nothing(scene, tmp_path, options):
    lossless = "lossless" in options
    for image in (scene, scene.convert("RGBA")):
        result = result_of(encoded(image, "WEBP", **options))
        assert result.origin.lossless is lossless
        save_result(result, tmp_path / "made.webp")
        with Image.open(tmp_path / "made.webp") as made:
            assert (made.convert("RGB").tobytes() == result.image.convert("RGB").tobytes()) is lossless


def test_an_animation_is_looked_into(scene):
    for lossless in (True, False):
        data = encoded(scene, "WEBP", save_all=True, append_images=[scene.rotate(9)], lossless=lossless)
        assert origin_of(data).lossless is lossless


def test_a_photo_does_not_grow_to_many_times_its_size(photos, tmp_path):
    with Image.open(photos[0]) as image:
        picture = image.convert("RGB")
    for file_format in ("JPEG", "WEBP", "AVIF"):
        data = encoded(picture, file_format, quality=90)
        result = result_of(data)
        path = tmp_path / f"made{suffix_for(result.origin)}"
        save_result(result, path)
        assert os.path.getsize(path) < 2.5 * len(data)
        with Image.open(path) as made:
            error = np.abs(np.asarray(made.convert("RGB"), float) - np.asarray(result.image, float))
        assert error.mean() < 2


def test_jpegs_keep_the_fineness_of_colours(scene, tmp_path):
    save_result(result_of(encoded(scene, "JPEG")), tmp_path / "made.jpg")
    with Image.open(tmp_path / "made.jpg") as made:
        assert {layer[1:3] for layer in made.layer} == {(1, 1)}  # 4:4:4


def test_what_a_webp_cannot_hold_is_said(tmp_path):
    long = Image.new("RGB", (16_384, 1024))
    with pytest.raises(InvalidRequest, match="16,383"):
        save_result(Result(long, long, REQUEST, 0.1, None, "tiny", None), tmp_path / "made.webp")
    assert os.listdir(tmp_path) == []


def test_an_archive_keeps_the_kind_of_each_file(scene, tmp_path):
    photos = []
    for name, ending in (("a.heic", "jpg"), ("b.jpg", "jpg"), ("c.webp", "webp"), ("a.jpg", "jpg"), ("a.png", "png")):
        path = tmp_path / f"{len(photos)}.{ending}"
        save_result(result_of(encoded(scene, "PNG")), path)
        photos.append(ArchivedPhoto(name, REQUEST, path))
    write_archive(photos, tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        names = archive.namelist()[:-1]
        assert names == ["a.jpg", "b.jpg", "c.webp", "a-2.jpg", "a.png"]
        assert all(read_receipt(archive.read(name)) == REQUEST for name in names)


@pytest.fixture
def album(scene, tmp_path):
    """A folder of photos of which some have the wrong ending, and all have a date."""
    folder = tmp_path / "in"
    folder.mkdir()
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:05:01 12:34:56"
    for name, file_format in {
        "a.jpg": "JPEG",
        "b.jpg": "HEIF",
        "c.png": "WEBP",
        "d.hif": "HEIF",
        "e.gif": "GIF",
    }.items():
        options = {} if file_format == "GIF" else {"exif": exif.tobytes()}
        (folder / name).write_bytes(encoded(scene, file_format, **options))
    return folder


def dates_in(folder) -> set[str | None]:
    dates = set()
    for path in folder.iterdir():
        with Image.open(path) as image:
            dates.add(image.getexif().get_ifd(0x8769).get(0x9003))
    return dates


def test_a_folder_keeps_the_kinds_and_dates_of_its_photos(run, album, tmp_path):
    out = tmp_path / "out"
    assert run("edit", album, "make it night", "--out", out) == (0, "", "")
    made = {path.name: format_of(path) for path in out.iterdir()}
    assert made == {"a.jpg": "JPEG", "b.jpg": "JPEG", "c.webp": "WEBP", "d.jpg": "JPEG", "e.png": "PNG"}
    assert dates_in(out) == {"2024:05:01 12:34:56", None}  # a GIF has none
    assert len({read_receipt(path).seed for path in out.iterdir()}) == 1


@pytest.mark.parametrize(("choice", "ending"), [("png", ".png"), ("jpeg", ".jpg"), ("webp", ".webp")])
def test_a_format_can_be_chosen_for_a_folder_and_going_on_follows_it(run, album, tmp_path, tiny_editor, choice, ending):
    arguments = ("edit", album, "make it night", "--out", tmp_path / "out", "--format", choice, "--metadata", "off")
    assert run(*arguments)[0] == 0
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert sorted(path.name for path in made) == [f"{stem}{ending}" for stem in "abcde"]
    assert {format_of(path) for path in made} == {choice.upper()}
    assert dates_in(tmp_path / "out") == {None}
    next(iter(made)).unlink()
    calls = []
    tiny_editor.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    assert run(*arguments)[0] == 0
    assert len(calls) == 3  # the steps of one photo
    assert len({read_receipt(path).seed for path in made}) == 1


def test_a_named_file_says_its_format_itself(run, album, tmp_path):
    assert run("edit", album / "b.jpg", "x", "--out", tmp_path / "made.webp", "--format", "png")[0] == 0
    assert format_of(tmp_path / "made.webp") == "WEBP"


def test_a_format_that_there_is_not_is_wrong_usage(run, album, tmp_path):
    assert run("edit", album, "x", "--out", tmp_path / "out", "--format", "tiff")[0] == 2


def test_a_jpeg_2000_that_lost_something_becomes_a_jpeg(scene):
    assert suffix_for(origin_of(encoded(scene, "JPEG2000", irreversible=True))) == ".jpg"
    assert suffix_for(origin_of(encoded(scene.convert("RGBA"), "JPEG2000", irreversible=True))) == ".png"
