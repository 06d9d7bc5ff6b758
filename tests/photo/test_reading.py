"""Files that photographers have: more formats, files whose end is lost, RAW, and colours of every mode."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from pix2pix import InvalidImage
from pix2pix.photo import open_photo
from pix2pix.photo.decoding import origin_of
from pix2pix.photo.reading import foreign
from pix2pix.photo.reading.formats import is_photo
from tests.photo.test_decoding import assert_one_clear_sentence, chunk, difference, encoded

NOISE = Image.effect_noise((240, 160), 60).convert("RGB")


def modes(scene: Image.Image) -> dict[str, Image.Image]:
    grey = np.asarray(scene.convert("L"))
    wide = {"I;16": grey.astype(np.uint16) * 257, "I": grey.astype(np.int32) * 257, "F": grey.astype(np.float32) / 255}
    plain = {mode: scene.convert(mode) for mode in ("RGB", "L", "1", "P", "CMYK", "RGBA", "LA")}
    return plain | {mode: Image.fromarray(values) for mode, values in wide.items()}


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiffs_of_every_mode(scene, compression):
    for mode, image in modes(scene).items():
        photo = open_photo(encoded(image, "TIFF", compression=compression))
        expected = scene.convert("L") if mode in ("I;16", "I", "F") else image
        assert difference(photo.rgb, expected.convert("RGB")) < 1, mode
        assert (photo.alpha is not None) == (mode in ("RGBA", "LA")), mode
        assert photo.format == "TIFF"


def rgb16_tiff(values: np.ndarray) -> bytes:
    """An uncompressed TIFF of ``values``, uint16, height x width x 3; Pillow writes none."""
    height, width, _ = values.shape
    data = values.astype("<u2").tobytes()
    fields = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 14)]
    fields += [(277, 3, 1, 3), (278, 4, 1, height), (279, 4, 1, len(data))]
    head = b"II*\0" + struct.pack("<L", 14 + len(data)) + struct.pack("<3H", 16, 16, 16) + data
    return head + struct.pack("<H", len(fields)) + b"".join(struct.pack("<HHLL", *one) for one in fields) + bytes(4)


def test_16_bit_colours_of_a_tiff(scene):
    photo = open_photo(rgb16_tiff(np.asarray(scene).astype(np.uint16) * 257))
    assert difference(photo.rgb, scene) == 0


def test_the_first_page_of_a_tiff_is_the_photo(scene):
    pages = [scene.rotate(90), scene.convert("L")]
    assert difference(open_photo(encoded(scene, "TIFF", save_all=True, append_images=pages)).rgb, scene) == 0


def test_a_tiff_keeps_its_date_and_stands_upright(scene):
    fields = TiffImagePlugin.ImageFileDirectory_v2()
    fields[274], fields[306], fields[315] = 6, "2024:05:01 12:34:56", "Ada"
    photo = open_photo(encoded(scene, "TIFF", tiffinfo=fields, dpi=(300, 300)))
    assert photo.size == scene.size[::-1]
    assert b"2024:05:01 12:34:56" in photo.origin.exif
    assert b"Ada" in photo.origin.exif


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P"])
def test_bmps(scene, mode):
    image = scene.convert(mode)
    assert difference(open_photo(encoded(image, "BMP")).rgb, image.convert("RGB")) == 0


@pytest.mark.parametrize("options", [{}, {"irreversible": True}, {"no_jp2": True}])
def test_a_jpeg_2000_without_its_end_is_whole_and_a_cut_one_is_not(scene, options, tmp_path):
    data = encoded(scene, "JPEG2000", **options)
    whole = open_photo(data).rgb
    for lost in (1, 2):
        (file := tmp_path / f"{lost}.jp2").write_bytes(data[:-lost])
        for source in (data[:-lost], file):
            assert np.array_equal(open_photo(source).rgb, whole)
    assert np.array_equal(open_photo(data + b"\0\0\0\x0cfree....").rgb, whole)
    for lost in (3, 5, 60):
        with pytest.raises(InvalidImage):
            open_photo(data[:-lost])


@pytest.mark.parametrize("irreversible", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_jpeg_2000_tells_whether_it_lost_something(scene, mode, irreversible):
    image = scene.convert(mode)
    data = encoded(image, "JPEG2000", irreversible=irreversible)
    assert difference(open_photo(data).rgb, image.convert("RGB")) <= 3 * irreversible
    assert origin_of(data).lossless is not irreversible


def test_nothing_but_the_list_is_decoded(scene):
    taken = {"PNG", "JPEG", "MPO", "WEBP", "GIF", "AVIF", "HEIF", "TIFF", "BMP", "DIB", "JPEG2000"}
    for name in set(Image.SAVE) - taken:
        for image in (scene, scene.convert("1")):
            try:
                data = encoded(image, name)
            except Exception:
                continue
            with pytest.raises(InvalidImage):
                open_photo(data)


def tiff_of(*fields: tuple[int, int]) -> bytes:
    """A small grey TIFF with ``fields`` more in its directory."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in fields:
        info.tagtype[tag] = 4
        info[tag] = value
    return encoded(Image.new("L", (16, 12), 99), "TIFF", tiffinfo=info)


def with_a_larger_one_inside() -> bytes:
    data = tiff_of((330, 0))
    at = data.index(struct.pack("<HHLL", 330, 4, 1, 0))
    inside = struct.pack("<HHHLLHHLLHHLL", 3, 256, 4, 1, 6000, 257, 4, 1, 4000, 262, 3, 1, 1) + bytes(4)
    return data[: at + 8] + struct.pack("<L", len(data)) + data[at + 12 :] + inside


RAWS = {
    "cr2": b"II*\0\x10\0\0\0CR\2\0" + bytes(99),
    "cr3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
    "raf": b"FUJIFILMCCD-RAW 0201" + bytes(99),
    "orf": b"IIRO\x08\0\0\0" + bytes(99),
    "rw2": b"IIU\0\x18\0\0\0" + bytes(99),
    "dng": tiff_of((0xC612, 0x01040000)),
    "nef": tiff_of((254, 1)),
    "arw": with_a_larger_one_inside(),
    "pef": tiff_of((262, 32803)),
}


@pytest.mark.parametrize("ending", RAWS)
def test_a_raw_file_is_never_its_preview(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(RAWS[ending])
    for source in (path, path.read_bytes()):
        with pytest.raises(InvalidImage) as caught:
            open_photo(source)
        assert str(caught.value) == foreign.RAW
    assert not is_photo(path)


def test_what_cannot_be_opened_says_what_to_do():
    for data in (b"\xff\x0a" + bytes(40), b"8BPS" + bytes(40), b"<svg " + bytes(40)):
        with pytest.raises(InvalidImage) as caught:
            open_photo(data)
        assert_one_clear_sentence(caught.value)
        assert "save it as" in str(caught.value)


JPEGS = {
    "plain": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
    "no subsampling": {"subsampling": 0},
    "rough": {"quality": 20},
}


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_without_its_end_is_whole_and_a_cut_one_is_not(options, mode):
    data = encoded(NOISE.convert(mode), "JPEG", **{"quality": 90, **options})
    whole = open_photo(data)
    for missing in (1, 2):
        assert difference(open_photo(data[:-missing]).rgb, whole.rgb) == 0
    for kept in (0.4, 0.9, 0.99):
        with pytest.raises(InvalidImage, match="incomplete"):
            open_photo(data[: int(len(data) * kept)])


def test_a_progressive_jpeg_cut_between_two_passes_is_not_whole():
    data = encoded(NOISE, "JPEG", progressive=True)
    passes = [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xda"]
    tables = [data.rindex(b"\xff\xc4", 0, at) for at in passes[1:]]
    for at in tables:
        with pytest.raises(InvalidImage):
            open_photo(data[:at])


def test_others_without_their_end(scene):
    png, gif = encoded(scene), encoded(scene, "GIF")
    for missing in (4, 8, 12, 14):
        assert difference(open_photo(png[:-missing]).rgb, scene) == 0
    assert difference(open_photo(gif[:-1]).rgb, open_photo(gif).rgb) == 0


@pytest.mark.parametrize("kind", [b"tEXt", b"gAMA", b"iCCP", b"tIME", b"pHYs", b"zTXt", b"eXIf", b"cICP", b"abCd"])
def test_a_wrong_checksum_of_a_remark_does_not_lose_the_photo(scene, kind):
    png = encoded(scene)
    broken = chunk(kind, b"Comment\0\0x")[:-4] + b"\0\0\0\0"
    assert difference(open_photo(png[:33] + broken + png[33:]).rgb, scene) == 0


def test_the_first_picture_of_an_endless_animation_opens(scene):
    png = encoded(scene)
    frames = [struct.pack(">5L2HBB", 2 * k, 8, 8, 0, 0, 1, 10, 0, 0) for k in range(50)]
    data = b"".join(chunk(b"fcTL", one) + chunk(b"fdAT", b"\0\0\0\1x") for one in frames)
    assert difference(open_photo(png[:-12] + data).rgb, scene) == 0


def test_a_heic_whose_first_bytes_could_be_an_avif(scene):
    data = encoded(scene, "HEIF", quality=95)
    assert data[4:12] == b"ftypheic"
    photo = open_photo(data[:8] + b"mif1" + data[12:])
    assert photo.format == "HEIF"
    assert difference(photo.rgb, scene) < 6


def test_a_jpeg_that_stops_early_is_read_without_a_switch_for_all():
    from PIL import ImageFile

    data = encoded(NOISE, "JPEG")
    open_photo(data[:-2])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(data[:-2])).load()


def test_a_picture_that_was_handed_in_stays_as_it_is():
    data = encoded(NOISE, "JPEG")
    handed = Image.open(io.BytesIO(data))
    assert difference(open_photo(handed).rgb, open_photo(data).rgb) == 0
    assert "load_read" not in vars(handed)
    cut = Image.open(io.BytesIO(data[:-2]))
    with pytest.raises(InvalidImage, match="incomplete"):
        open_photo(cut)
    assert cut.fp is not None
