"""The colours that a file names count, in every mode and however named. Oracles: littlecms and closed forms."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from pix2pix.photo import open_photo
from pix2pix.photo.colours.profiles import ADOBE, DISPLAY_P3, grey_profile, profile
from tests import SHARED
from tests.photo.test_decoding import chunk, difference, encoded

P3_TO_SRGB = np.array([[1.22494, -0.22494, 0], [-0.04206, 1.04206, 0], [-0.01964, -0.07864, 1.09827]])  # CSS Color 4
BT2020_TO_SRGB = np.array([[1.66049, -0.58764, -0.07285], [-0.12455, 1.1329, -0.00835], [-0.01815, -0.10058, 1.11873]])
TO_SRGB = {1: np.eye(3), 12: P3_TO_SRGB, 9: BT2020_TO_SRGB}


def linear(levels: np.ndarray) -> np.ndarray:
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def curved(light: np.ndarray) -> np.ndarray:
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def expected(image: Image.Image, primaries: int, gamma: float | None = None) -> np.ndarray:
    levels = np.asarray(image.convert("RGB"), float) / 255
    light = linear(levels) if gamma is None else levels**gamma
    return curved(light @ TO_SRGB[primaries].T) * 255


def apart(photo, values: np.ndarray) -> float:
    return float(np.abs(np.asarray(photo.rgb, float) - values).max())


def png_with(image: Image.Image, *chunks: tuple[bytes, bytes]) -> bytes:
    png = encoded(image)
    return png[:33] + b"".join(chunk(*one) for one in chunks) + png[33:]


def cicp(primaries: int, curve: int) -> tuple[bytes, bytes]:
    return b"cICP", bytes((primaries, curve, 0, 1))


def chrm(*points: float) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8L", *(round(one * 100_000) for one in points))


@pytest.mark.parametrize("primaries", [1, 12, 9])
@pytest.mark.parametrize(("curve", "gamma"), [(13, None), (1, None), (4, 2.2), (8, 1.0)])
def test_a_png_may_name_its_colours_by_number(scene, primaries, curve, gamma):
    photo = open_photo(png_with(scene, cicp(primaries, curve)))
    assert apart(photo, expected(scene, primaries, gamma)) <= (2 if curve != 8 else 3)


@pytest.mark.parametrize("mode", ["P", "RGBA", "RGB"])
def test_numbers_count_in_every_mode_and_before_profiles(scene, mode):
    image = scene.convert(mode)
    wrong = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    png = encoded(image, icc_profile=wrong)
    photo = open_photo(png[:33] + chunk(*cicp(12, 13)) + png[33:])
    assert apart(photo, expected(image, 12)) <= 2


@pytest.mark.parametrize("file_format", ["AVIF", "HEIF"])
def test_an_avif_or_heic_may_name_its_colours_by_number(scene, file_format):
    numbers = {"save_nclx_profile": True, "color_primaries": 12, "transfer_characteristics": 13}
    image = scene.resize((192, 128))
    plain = encoded(image, file_format, quality=95)
    if file_format == "HEIF":
        wide = encoded(image, file_format, quality=95, **numbers)
    else:
        at = plain.index(b"nclx")
        wide = plain[: at + 4] + struct.pack(">HH", 12, 13) + plain[at + 8 :]
    assert apart(open_photo(wide), expected(open_photo(plain).rgb, 12)) <= 4


@pytest.mark.parametrize("curve", [16, 18])
@pytest.mark.parametrize("primaries", [9, 12])
def test_pictures_for_bright_screens_become_sane_ones(curve, primaries):
    """Paper white (58 % of PQ, 75 % of HLG) is bright, highlights are brighter, greys stay grey."""
    ramp = Image.fromarray(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2).repeat(8, 0))
    pixels = np.asarray(open_photo(png_with(ramp, cicp(primaries, curve))).rgb, int)[0]
    assert np.ptp(pixels, axis=-1).max() <= 1
    assert (np.diff(pixels[:, 0]) >= 0).all()
    paper = round({16: 0.58, 18: 0.75}[curve] * 255)
    assert 200 < pixels[paper, 0] < 240
    assert pixels[0, 0] == 0
    assert pixels[-1, 0] == 255
    if curve == 16:  # below half of paper white, light stays as it is
        power = (np.arange(1, 120) / 255) ** (32 / 2523)
        light = ((power - 0.8359375).clip(0) / (18.8515625 - 18.6875 * power)) ** (16384 / 2610) * 10_000 / 203
        dark = light < 0.49
        assert np.abs(curved(light[dark]) * 255 - pixels[1:120, 0][dark]).max() <= 1


def test_saturated_colours_of_hdr_keep_their_hue():
    red = Image.new("RGB", (4, 4), (200, 90, 90))
    pixel = open_photo(png_with(red, cicp(9, 16))).rgb.getpixel((0, 0))
    assert pixel[0] > pixel[1] + 40
    assert abs(pixel[1] - pixel[2]) < 40


@pytest.mark.parametrize("gamma", [1.0, 0.55, 0.3])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "LA", "RGBA"])
def test_a_png_may_name_a_gamma(scene, mode, gamma):
    image = scene.convert(mode)
    data = png_with(image, (b"gAMA", struct.pack(">L", round(gamma * 100_000))))
    assert apart(open_photo(data), expected(image, 1, 1 / gamma)) <= 3


def test_a_gamma_with_chromaticities(scene):
    p3 = chrm(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
    data = png_with(scene, (b"gAMA", struct.pack(">L", 55_000)), p3)
    assert apart(open_photo(data), expected(scene, 12, 1 / 0.55)) <= 3


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"gAMA", struct.pack(">L", 45_455))],
        [(b"gAMA", struct.pack(">L", 45_455)), chrm(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)],
        [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">L", 100_000))],
        [(b"gAMA", struct.pack(">L", 0))],
        [(b"gAMA", struct.pack(">L", 2**31 - 1))],
        [(b"gAMA", struct.pack(">L", 50_000)), chrm(*[0] * 8)],
        [cicp(2, 2)],
        [cicp(255, 255)],
        [(b"cICP", b"\x0c")],
    ],
)
def test_what_is_srgb_or_makes_no_sense_stays_as_it_is(scene, chunks):
    assert difference(open_photo(png_with(scene, *chunks)).rgb, scene) == 0


def test_the_gammas_of_pngsuite_show_one_picture():
    files = sorted((SHARED / "hostile" / "pngsuite").glob("g[0-9][0-9]n[23]c??.png"))
    files += sorted((SHARED / "hostile" / "pngsuite").glob("g[0-9][0-9]n3p??.png"))
    for kind in ("n2c08", "n3p04"):
        photos = [open_photo(file) for file in files if kind in file.name]
        assert all(difference(one.rgb, photos[0].rgb) < 6 for one in photos)


def by_littlecms(image: Image.Image, icc: bytes) -> Image.Image:
    return ImageCms.profileToProfile(image, io.BytesIO(icc), ImageCms.createProfile("sRGB"), outputMode="RGB")


GREY, WIDE = grey_profile(1.4), profile(ADOBE, 1.8)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF"])
def test_profiles_of_greys(scene, file_format):
    grey = scene.convert("L")
    options = {"quality": 100} if file_format == "JPEG" else {}
    photo = open_photo(encoded(grey, file_format, icc_profile=GREY, **options))
    assert difference(photo.rgb, by_littlecms(grey, GREY)) < 1
    assert difference(photo.rgb, grey.convert("RGB")) > 5


def test_profiles_of_greys_with_16_bits_or_transparency(scene):
    grey = scene.convert("L")
    wide = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    for image in (wide, scene.convert("LA")):
        for file_format in ("PNG", "TIFF"):
            photo = open_photo(encoded(image, file_format, icc_profile=GREY))
            assert difference(photo.rgb, by_littlecms(grey, GREY)) < 1


@pytest.mark.parametrize("mode", ["L", "P", "RGBA"])
def test_profiles_of_colours_count_for_other_modes(scene, mode):
    image = scene.convert(mode)
    for file_format in ("PNG", "TIFF"):
        photo = open_photo(encoded(image, file_format, icc_profile=WIDE))
        assert difference(photo.rgb, by_littlecms(image.convert("RGB"), WIDE)) < 1


def test_lab(scene):
    srgb, of_lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(scene, srgb, of_lab, outputMode="LAB")
    assert difference(open_photo(encoded(lab, "TIFF")).rgb, scene) < 2


def test_a_profile_for_another_kind_of_picture_is_left_out(scene):
    cmyk = scene.convert("CMYK")
    assert difference(open_photo(encoded(scene, icc_profile=GREY)).rgb, scene) == 0
    assert difference(open_photo(encoded(cmyk, "TIFF", icc_profile=WIDE)).rgb, cmyk.convert("RGB")) == 0


def test_a_cameras_mark_for_adobes_colours(scene):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    plain = encoded(scene, "JPEG", quality=95)
    marked = encoded(scene, "JPEG", quality=95, exif=exif)
    oracle = by_littlecms(open_photo(plain).rgb, profile(ADOBE, 563 / 256))
    assert difference(open_photo(marked).rgb, oracle) < 1
    assert difference(open_photo(marked).rgb, open_photo(plain).rgb) > 2


def test_our_profiles_are_what_they_say():
    """Each primary of Display P3 at full strength, against the matrix that CSS has for it."""
    for channel in range(3):
        colour = [0, 0, 0]
        colour[channel] = 200
        image = Image.new("RGB", (2, 2), tuple(colour))
        drawn = by_littlecms(image, profile(DISPLAY_P3, None)).getpixel((0, 0))
        assert np.abs(np.array(drawn) - expected(image, 12)[0, 0]).max() <= 1


def jp2_with(image: Image.Image, *named: bytes) -> bytes:
    """A JPEG 2000 without loss whose header has each of ``named`` as a box of colours, in place of its own."""
    data = encoded(image, "JPEG2000")
    start = data.index(b"colr") - 4
    (own,) = struct.unpack_from(">L", data, start)
    boxes = b"".join(struct.pack(">L4s", 8 + len(one), b"colr") + one for one in named)
    header = data.index(b"jp2h") - 4
    (size,) = struct.unpack_from(">L", data, header)
    return (
        data[:header]
        + struct.pack(">L", size + len(boxes) - own)
        + data[header + 4 : start]
        + boxes
        + data[start + own :]
    )


@pytest.mark.parametrize("way", [2, 3])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_jpeg_2000_is_converted_by_its_profile(scene, mode, way):
    image, display = scene.convert(mode), profile(DISPLAY_P3, None)
    photo = open_photo(jp2_with(image, bytes((way, 0, 0)) + display))
    assert apart(photo, expected(scene, 12)) <= 2
    assert difference(photo.rgb, open_photo(encoded(image, icc_profile=display)).rgb) == 0


def test_a_grey_jpeg_2000_is_converted_by_its_profile(scene):
    grey, curve = scene.convert("L"), grey_profile(1.0)
    photo = open_photo(jp2_with(grey, b"\2\0\0" + curve))
    assert difference(photo.rgb, open_photo(encoded(grey, icc_profile=curve)).rgb) == 0
    assert difference(photo.rgb, grey.convert("RGB")) > 10


@pytest.mark.parametrize(
    "named", [[b"\2\0\0\0\0\0\0"], [b"\2\0\0broken"], [b"\1\0\0\0\0\0\x10", b"\2\0\0" + profile(ADOBE, 2.2)]]
)
def test_a_jpeg_2000_without_a_profile_that_counts(scene, named):
    assert difference(open_photo(jp2_with(scene, *named)).rgb, scene) == 0
    assert difference(open_photo(encoded(scene, "JPEG2000", no_jp2=True)).rgb, scene) == 0
