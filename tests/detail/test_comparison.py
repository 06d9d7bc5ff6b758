"""What counts as a change: not the noise of a model, but any real edit, however small or slight."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from pix2pix.detail.comparison import DRIFT, NOISE, change


@pytest.fixture(scope="module")
def canvas(photos) -> Image.Image:
    with Image.open(photos[0]) as image:
        return image.convert("RGB").resize((320, 224), Image.Resampling.LANCZOS)


def noisy(image: Image.Image, deviation: float) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, deviation, (image.height, image.width, 3))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def lighter(image: Image.Image, levels: int) -> Image.Image:
    return Image.eval(image, lambda value: min(255, value + levels))


def test_nothing_is_no_change(canvas):
    assert change(canvas, canvas) == 0


def test_on_a_plain_picture_it_is_what_the_formula_says():
    grey = Image.new("RGB", (64, 48), (100, 100, 100))
    assert change(grey, lighter(grey, 5)) == pytest.approx(max(5 / NOISE, 5 / DRIFT))
    dot = grey.copy()
    dot.paste((200, 200, 200), (28, 20, 30, 22))  # four pixels of 100 levels in a window of 64
    assert change(grey, dot) == pytest.approx(100 * (4 / 64) ** 0.5 / NOISE)


def test_the_noise_of_a_model_is_no_change(canvas):
    assert change(canvas, noisy(canvas, 2.5)) < 1
    assert change(canvas, lighter(canvas, 3)) < 1


@pytest.mark.parametrize("corner", [(0, 0), (317, 0), (0, 221), (317, 221), (150, 111)])
def test_a_speck_anywhere_is_a_change(corner):
    grey = Image.new("RGB", (320, 224), (120, 120, 120))
    speck = grey.copy()
    speck.paste((220, 40, 40), (*corner, corner[0] + 3, corner[1] + 3))
    assert change(grey, speck) > 1


def test_slight_edits_of_the_whole_picture_are_a_change(canvas):
    red, green, blue = canvas.split()
    warmer = Image.merge("RGB", (red.point(lambda v: v * 1.08), green, blue.point(lambda v: v * 0.92)))
    for edited in (lighter(canvas, 10), warmer, noisy(canvas, 15), canvas.filter(ImageFilter.GaussianBlur(2))):
        assert change(canvas, edited) > 1


def test_a_thin_line_at_any_edge_is_a_change(canvas):
    width, height = canvas.size
    for box in ((0, 0, width, 1), (0, 0, 1, height), (0, height - 1, width, height), (width - 1, 0, width, height)):
        framed = canvas.copy()
        framed.paste((255, 0, 255), box)
        assert change(canvas, framed) > 1


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (7, 7), (33, 9)])
def test_pictures_of_any_size_can_be_compared(size):
    assert change(Image.new("RGB", size), Image.new("RGB", size)) == 0
    assert change(Image.new("RGB", size), Image.new("RGB", size, "white")) > 1
