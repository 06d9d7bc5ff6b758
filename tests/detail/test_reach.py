"""Outside of a local edit is the photo; edits of the whole picture reach everywhere."""

import numpy as np
import pytest
from PIL import Image

from pix2pix.detail import full_size
from pix2pix.detail.planes import levels
from pix2pix.detail.reach import reach as reach_of_planes
from pix2pix.photo import Photo, to_canvas
from tests.detail.test_upsampling import edited, values

EVERYWHERE = ["black and white", "warmer", "sepia", "night", "fog", "faded", "more contrast", "negative", "sketch"]


def reach(before: Image.Image, after: Image.Image) -> np.ndarray:
    return reach_of_planes(levels(before), levels(after)).numpy()


@pytest.fixture(scope="module")
def canvas(photos) -> Image.Image:
    with Image.open(photos[0]) as image:
        return image.convert("RGB").resize((320, 224), Image.Resampling.LANCZOS)


def traced(image: Image.Image) -> Image.Image:
    """What a model makes of a part that it should leave alone: a little lighter here and darker there, with noise."""
    noise = np.random.default_rng(1).normal(0, 1.5, (image.height, image.width, 3))
    waves = 3 * np.sin(np.arange(image.width) / 12)[:, None]
    return Image.fromarray((values(image) + waves + noise).clip(0, 255).astype(np.uint8))


def upper_half(edit: Image.Image, rest: Image.Image) -> Image.Image:
    drawn = rest.copy()
    drawn.paste(edit.crop((0, 0, edit.width, edit.height // 2)))
    return drawn


@pytest.mark.parametrize("name", ["darker", "negative", "night", "sepia"])
def test_an_edit_of_one_half_reaches_no_farther(canvas, name):
    share = reach(canvas, upper_half(edited(name, canvas), traced(canvas)))
    assert (share.shape, share.dtype) == ((canvas.height, canvas.width), np.float32)
    assert share[:96].mean() > 0.98
    assert share[160:].max() == 0


def test_a_small_thing_is_whole_and_alone(canvas):
    drawn = traced(canvas)
    drawn.paste((30, 60, 220), (200, 150, 230, 180))
    share = reach(canvas, drawn)
    assert share[150:180, 200:230].min() == 1
    assert share[:, :150].max() < 0.1


@pytest.mark.parametrize("name", EVERYWHERE)
def test_edits_of_the_whole_picture_reach_wherever_they_change_anything(canvas, name):
    drawn = edited(name, canvas)
    lost = (1 - reach(canvas, drawn))[..., None] * (values(drawn) - values(canvas))
    assert np.abs(lost).mean() < 0.1
    assert np.abs(lost).max() < 8


def test_black_and_white_reaches_what_was_nearly_grey(canvas):
    pixels = values(canvas)
    grey = pixels.mean(-1, keepdims=True)
    pixels[112:] = (grey + 0.1 * (pixels - grey))[112:]
    nearly = Image.fromarray(pixels.astype(np.uint8))
    drawn = edited("black and white", nearly)
    lost = (1 - reach(nearly, drawn))[..., None] * (values(drawn) - values(nearly))
    assert np.abs(lost).mean() < 1
    assert np.abs(lost).max() < 8


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 3), (64, 43)])
def test_pictures_of_any_size(size):
    black, white = Image.new("RGB", size), Image.new("RGB", size, "white")
    assert reach(black, black).max() == 0
    assert reach(black, white).min() == 1
    assert reach(black, white).shape == size[::-1]


def test_at_full_size_the_photo_is_untouched_where_the_edit_does_not_reach(photos):
    with Image.open(photos[0]) as image:
        photo = image.convert("RGB")
    canvas = to_canvas(Photo(photo), 256, 16)
    drawn = upper_half(edited("night", canvas.image), traced(canvas.image))
    result = values(full_size(canvas, drawn, canvas.image))
    above, below = photo.height // 3, photo.height * 3 // 4
    assert np.array_equal(result[below:], values(photo)[below:])
    assert result[:above].mean() < values(photo)[:above].mean()
