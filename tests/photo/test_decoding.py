"""Photos from anywhere open upright and in the right colours, or are refused in one sentence."""

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from pix2pix import InvalidImage
from pix2pix.photo import Photo, open_photo
from pix2pix.photo.decoding import open_small, origin_of
from pix2pix.photo.limits import MAX_BYTES, MAX_PIXELS
from tests import ROOT, SHARED


def encoded(image: Image.Image, file_format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no picture."""
    claims = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", claims) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def assert_one_clear_sentence(error: Exception) -> None:
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert "/" not in text
    assert "Error" not in text


def difference(first: Image.Image, second: Image.Image) -> float:
    return float(np.abs(np.asarray(first, dtype=float) - np.asarray(second, dtype=float)).mean())


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF", "TIFF", "BMP", "JPEG2000"])
def test_formats(scene, file_format):
    photo = open_photo(encoded(scene, file_format))
    assert photo.size == scene.size
    assert difference(photo.rgb, scene) < 12


@pytest.mark.parametrize("name", ["IMG_1.HEIC", "IMG_1.jpg", "IMG_1.hif", "IMG_1", "IMG_1.png", "IMG_1.txt"])
@pytest.mark.parametrize("file_format", ["HEIF", "AVIF", "JPEG", "WEBP"])
def test_the_content_says_what_a_file_is_and_never_its_name(scene, tmp_path, name, file_format):
    path = tmp_path / name
    path.write_bytes(encoded(scene, file_format))
    assert origin_of(path).format == open_photo(path).format == file_format
    assert open_photo(path).size == scene.size


@pytest.mark.parametrize("source", ["path", "string", "bytes", "image", "photo"])
def test_sources(scene, tmp_path, source):
    path = tmp_path / "a photo.png"
    scene.save(path)
    sources = {
        "path": path,
        "string": str(path),
        "bytes": path.read_bytes(),
        "image": scene,
        "photo": Photo(scene),
    }
    assert difference(open_photo(sources[source]).rgb, scene) == 0


def broken_files(scene: Image.Image) -> dict[str, bytes]:
    png, jpeg = encoded(scene), encoded(scene, "JPEG")
    flipped = bytearray(png)
    flipped[len(png) // 2] ^= 255
    return {
        "empty": b"",
        "text": b"this is not a picture",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "truncated png": png[: len(png) // 2],
        "truncated jpeg": jpeg[: len(jpeg) // 2],
        "flipped byte": bytes(flipped),
        "no pixels": png_header(0, 5),
        "30000 x 30000": png_header(30_000, 30_000),
        "400 megapixels": png_header(20_000, 20_000),
        "just too many pixels": png_header(16_000, MAX_PIXELS // 16_000 + 1),
        "claims what it has not": png_header(13_000, 13_000),
        "1 x 4096": encoded(Image.new("RGB", (1, 4096))),
        "1 x 41": encoded(Image.new("RGB", (1, 41))),
    }


def test_broken_files_are_refused_in_one_sentence(scene, tmp_path):
    for name, data in broken_files(scene).items():
        path = tmp_path / f"{name}.png"
        path.write_bytes(data)
        for source in (data, path):
            with pytest.raises(InvalidImage) as caught:
                open_photo(source)
            assert_one_clear_sentence(caught.value)


@pytest.mark.parametrize("source", ["nowhere.png", "/", "", "a\0b", None, 7, 3.5, [], object()])
def test_what_is_no_file_is_refused_in_one_sentence(source):
    with pytest.raises(InvalidImage) as caught:
        open_photo(source)
    assert_one_clear_sentence(caught.value)


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"exif": b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0"}]
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_large_jpeg_is_decoded_small_where_that_is_enough(scene, mode, options):
    large = scene.resize((1920, 1280), Image.Resampling.BICUBIC).convert(mode)
    data = encoded(large, "JPEG", quality=95, **options)
    small, whole = open_small(data, 300), open_photo(data)
    assert min(small.size) >= 300
    assert max(small.size) <= 960
    assert difference(small.rgb, whole.rgb.resize(small.size, Image.Resampling.BOX)) < 3


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "HEIF"])
def test_other_photos_and_small_ones_are_decoded_whole(scene, file_format):
    assert open_small(encoded(scene, file_format), 10).size == open_small(encoded(scene, "JPEG"), 90).size == scene.size


def test_limits_are_checked_before_anything_is_decoded(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(InvalidImage, match="megapixels"):
        open_photo(png_header(20_000, 20_000))


def test_a_file_of_too_many_bytes_is_not_even_read(scene, tmp_path):
    path = tmp_path / "long.png"
    scene.save(path)
    os.truncate(path, MAX_BYTES + 1)
    with pytest.raises(InvalidImage, match="256 MB"):
        open_photo(path)


@pytest.mark.parametrize(("said", "limit"), [("", 200), ("50", 50), ("0", 200), ("many", 200), ("1000", 1000)])
def test_the_limit_can_be_set_for_a_machine(said, limit):
    code = "from pix2pix.photo.limits import MAX_PIXELS; print(MAX_PIXELS)"
    environment = os.environ | {"PIX2PIX_MAX_MEGAPIXELS": said}
    out = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, check=True)
    assert int(out.stdout) == limit * 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_more_pixels_than_pillow_opens_by_itself(file_format, recwarn):
    """Without touching Pillow's own limit, which belongs to the whole process."""
    size = (12_500, 15_900) if file_format != "WEBP" else (11_500, 16_000)
    data = encoded(Image.new("L", size, 77).convert("RGB"), file_format)
    before = Image.MAX_IMAGE_PIXELS
    photo = open_photo(data)
    assert photo.size == size
    assert photo.rgb.getpixel((size[0] - 1, size[1] - 1)) == pytest.approx((77, 77, 77), abs=2)
    assert before == Image.MAX_IMAGE_PIXELS
    assert not recwarn.list


def test_the_largest_and_the_smallest_photo_allowed():
    assert open_photo(Image.new("L", (8_400, 6_000))).size == (8_400, 6_000)
    assert open_photo(Image.new("1", (1, 1))).size == (1, 1)
    assert open_photo(Image.new("RGB", (40, 1))).size == (40, 1)


def test_a_long_text_in_a_png_does_not_keep_it_from_opening(scene):
    png = encoded(scene)
    text = chunk(b"tEXt", b"Comment\0" + b"x" * 10_000_000)
    assert open_photo(png[:33] + text + png[33:]).size == scene.size


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_upright_by_exif(scene, orientation, file_format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = open_photo(encoded(scene, file_format, exif=exif, **({"quality": 95} if file_format != "PNG" else {})))
    tagged = scene.copy()
    tagged.getexif()[0x0112] = orientation
    expected = ImageOps.exif_transpose(tagged)
    assert photo.size == expected.size
    assert difference(photo.rgb, expected) < 5


def test_broken_exif_does_not_lose_the_photo(scene):
    assert open_photo(encoded(scene, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")).size == scene.size


def test_16_bit_grey_is_rescaled():
    values = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    photo = open_photo(encoded(Image.fromarray(values)))
    assert np.array_equal(np.asarray(photo.rgb)[..., 0], np.arange(256).reshape(16, 16))


def test_8_bit_grey_widened_to_32_bits_is_not_darkened():
    grey = Image.linear_gradient("L")
    assert difference(open_photo(grey.convert("I")).rgb, grey.convert("RGB")) == 0


def test_cmyk_is_converted_by_colour():
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert open_photo(red).rgb.getpixel((3, 3)) == (255, 0, 0)
    assert difference(open_photo(encoded(red, "JPEG")).rgb, Image.new("RGB", (8, 8), (255, 0, 0))) < 4


def test_palettes_are_converted_by_colour(scene):
    palette = scene.quantize(32)
    assert difference(open_photo(encoded(palette)).rgb, palette.convert("RGB")) == 0


def test_embedded_profiles_are_converted_to_srgb(scene):
    """A profile whose red and blue primaries are exchanged: honouring it exchanges the channels."""
    red, green, blue = scene.split()
    exchanged = Image.merge("RGB", (blue, green, red))
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at_red, at_blue = profile.index(b"rXYZ", 128), profile.index(b"bXYZ", 128)
    profile[at_red : at_red + 4], profile[at_blue : at_blue + 4] = b"bXYZ", b"rXYZ"
    photo = open_photo(encoded(exchanged, icc_profile=bytes(profile)))
    assert difference(photo.rgb, scene) < 3
    assert "icc_profile" not in photo.rgb.info


def test_a_broken_profile_does_not_lose_the_photo(scene):
    assert difference(open_photo(encoded(scene, icc_profile=b"no profile")).rgb, scene) == 0


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_kept_apart_and_hidden_colours_are_not_shown(scene, mode):
    image = scene.convert(mode)
    alpha = Image.linear_gradient("L").resize(scene.size)
    alpha.paste(0, (0, 0, 20, 20))
    image.putalpha(alpha)
    photo = open_photo(encoded(image))
    assert difference(photo.alpha, alpha) == 0
    pixels, hidden = np.asarray(photo.rgb), np.asarray(alpha) == 0
    assert hidden.any()
    assert (pixels[hidden] == 255).all()
    assert np.array_equal(pixels[~hidden], np.asarray(image.convert("RGB"))[~hidden])


def test_transparent_colours_of_palettes_and_grey_pictures_become_alpha():
    grey = Image.linear_gradient("L")
    for image in (grey, grey.convert("P"), grey.convert("RGB")):
        key = (7, 7, 7) if image.mode == "RGB" else 7
        alpha = np.asarray(open_photo(encoded(image, transparency=key)).alpha)
        assert np.array_equal(alpha == 0, np.asarray(grey) == 7)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "GIF"])
def test_first_frame_of_an_animation(scene, file_format):
    other = ImageOps.invert(scene)
    data = encoded(scene, file_format, save_all=True, append_images=[other, other], duration=100)
    assert difference(open_photo(data).rgb, scene) < 12


def test_an_image_handed_in_is_not_changed(scene):
    image = scene.convert("RGBA")
    image.putalpha(0)
    before = image.tobytes()
    open_photo(image)
    assert image.tobytes() == before


def hostile_files() -> list[Path]:
    return sorted((SHARED / "hostile" / "pngsuite").glob("*.png"))


def test_pngsuite_opens_or_is_refused_in_one_sentence(scene, tmp_path):
    """Files whose name begins with x are broken on purpose; of one only a checksum, its pixels are whole."""
    files = hostile_files()
    if not files:
        files = [tmp_path / "basn2c08.png", tmp_path / "xbroken.png"]
        scene.save(files[0])
        files[1].write_bytes(files[0].read_bytes()[:100])
    for file in files:
        if file.name.startswith("x") and file.name != "xcsn0g01.png":
            with pytest.raises(InvalidImage) as caught:
                open_photo(file)
            assert_one_clear_sentence(caught.value)
        else:
            photo = open_photo(file)
            with Image.open(file) as image:
                assert photo.size == image.size
                assert (photo.alpha is not None) == image.has_transparency_data


def test_the_eight_orientations_of_a_scene_show_the_same_picture(scene, tmp_path):
    folder = SHARED / "hostile" / "exif-orientation"
    if not folder.is_dir():
        folder = tmp_path
        for orientation in range(1, 9):
            turned = Image.Exif()
            turned[0x0112] = orientation
            back = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
            stored = scene if back is None else scene.transpose(back)
            stored.save(folder / f"Landscape_{orientation}.jpg", exif=turned, quality=95)
    for name in {file.name.partition("_")[0] for file in folder.glob("*.jpg")}:
        first = open_photo(folder / f"{name}_1.jpg")
        for orientation in range(2, 9):
            other = open_photo(folder / f"{name}_{orientation}.jpg")
            assert other.size == first.size
            assert difference(other.rgb, first.rgb) < 6
