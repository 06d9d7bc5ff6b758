"""Whatever the shape, the way to the model's canvas and back loses nothing but resolution."""

import random

import numpy as np
import pytest
from PIL import Image

from pix2pix import InvalidImage
from pix2pix.detail import full_size
from pix2pix.photo import open_photo, to_canvas

MODES = ["L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "1"]


def picture(width: int, height: int, mode: str, orientation: int = 1) -> Image.Image:
    across = np.linspace(0, 255, width)[None, :].repeat(height, 0)
    down = np.linspace(0, 255, height)[:, None].repeat(width, 1)
    rgb = Image.fromarray(np.stack([across, down, 255 - across], -1).astype(np.uint8))
    if mode == "I;16":
        image = Image.fromarray((across * 257).astype(np.uint16))
    elif mode in ("LA", "RGBA"):
        image = rgb.convert(mode)
        image.putalpha(Image.fromarray(down.astype(np.uint8)))
    else:
        image = rgb.convert(mode)
    image.getexif()[0x0112] = orientation
    return image


def some_shapes(count: int) -> list[tuple[int, int, str, int]]:
    rng = random.Random(2)
    shapes = [(1, 1), (1, 16), (16, 1), (2, 3), (2048, 128), (63, 65), (512, 512)]
    while len(shapes) < count:
        short = round(2 ** rng.uniform(0, 8))
        sides = [short, round(short * rng.uniform(1, 16))]
        rng.shuffle(sides)
        shapes.append(tuple(sides))
    return [(w, h, MODES[k % len(MODES)], 1 + k % 8 if k % 3 == 0 else 1) for k, (w, h) in enumerate(shapes)]


@pytest.mark.parametrize(("resolution", "grid"), [(256, 8), (512, 64)])
def test_two_hundred_shapes_and_modes_come_back_in_their_own_size(resolution, grid):
    for width, height, mode, orientation in some_shapes(200):
        photo = open_photo(picture(width, height, mode, orientation))
        upright = (height, width) if orientation >= 5 else (width, height)
        assert photo.size == upright
        canvas = to_canvas(photo, resolution, grid)
        assert canvas.image.mode == "RGB"
        assert canvas.image.width % grid == canvas.image.height % grid == 0
        drawn_width, drawn_height = canvas.box[2] - canvas.box[0], canvas.box[3] - canvas.box[1]
        assert drawn_width * drawn_height == pytest.approx(resolution**2, rel=0.17)
        assert drawn_width / drawn_height == pytest.approx(upright[0] / upright[1], rel=0.02)
        result = canvas.undo(canvas.image)
        assert result.size == upright
        if mode in ("LA", "RGBA"):
            assert result.getchannel("A").tobytes() == photo.alpha.tobytes()
        else:
            assert result.mode == "RGB"


@pytest.mark.parametrize(
    ("size", "expected", "margin"),
    [((3000, 2000), (320, 208), 0.03), ((4000, 3000), (304, 224), 0.02), ((1080, 1920), (192, 336), 0.03)],
)
def test_photos_of_the_usual_formats_get_hardly_a_margin(size, expected, margin):
    canvas = to_canvas(open_photo(picture(*size, "RGB")), 256, 16)
    left, top, right, bottom = canvas.box
    assert canvas.image.size == expected
    assert 1 - (right - left) * (bottom - top) / (expected[0] * expected[1]) <= margin


def test_an_unchanged_canvas_gives_the_picture_back(scene):
    photo = open_photo(scene.resize((300, 200), Image.Resampling.BICUBIC))
    canvas = to_canvas(photo, 256, 64)
    error = np.asarray(canvas.undo(canvas.image), float) - np.asarray(photo.rgb, float)
    assert 10 * np.log10(255**2 / (error**2).mean()) > 38


def test_the_margin_is_the_picture_reflected(scene):
    canvas = to_canvas(open_photo(scene), 64, 32)
    left, top, _right, _bottom = canvas.box
    pixels = np.asarray(canvas.image)
    assert (left, top) != (0, 0)
    assert np.array_equal(pixels[:, left - 1], pixels[:, left + 1]) or left == 0
    assert np.array_equal(pixels[top - 1], pixels[top + 1]) or top == 0


def test_a_photo_of_the_models_own_size_is_not_resampled():
    photo = open_photo(picture(256, 256, "RGB"))
    canvas = to_canvas(photo, 256, 8)
    assert canvas.image.tobytes() == photo.rgb.tobytes() == full_size(canvas, canvas.image, canvas.image).tobytes()


@pytest.mark.parametrize("resolution", [64, 256, 512, 1024])
@pytest.mark.parametrize("size", [(4000, 100), (100, 4000), (40, 1), (20_000, 500)])
def test_a_strip_of_one_to_forty_fits_on_a_canvas_of_bounded_area(size, resolution):
    photo = open_photo(Image.linear_gradient("L").resize(size).convert("RGB"))
    canvas = to_canvas(photo, resolution, 64)
    width, height = canvas.image.size
    assert width % 64 == height % 64 == 0
    assert width * height <= max(2, 10 * 64 / resolution) * resolution**2
    assert max(width, height) <= 7 * resolution + 64
    assert canvas.undo(canvas.image).size == size


def test_beyond_that_the_sentence_says_what_to_do():
    with pytest.raises(InvalidImage, match="40 times the other; crop it"):
        open_photo(Image.new("L", (4100, 100)))
