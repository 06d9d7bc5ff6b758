"""The closed forms of the edits against Pillow, or against what they must do to a picture."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter, ImageOps

from pix2pix.training.pictures import to_image, to_tensor
from pix2pix.training.targets import tones
from pix2pix.training.targets.colour import hsv_to_rgb, luminance, rgb_to_hsv
from pix2pix.training.targets.edits import EDITS, SLIGHT, STRONG, TINTS, apply
from pix2pix.training.targets.filters import gaussian_blur
from pix2pix.training.targets.recolour import THING_COLOURS, membership, recolour
from pix2pix.training.words.meanings import Change, Local, Recolour, apply_meaning

LEVELS = 1.6 / 255  # rounding of Pillow's and of ours


@pytest.fixture(scope="module")
def picture():
    """A soft colour field of 64x48 pixels on whole levels, so that Pillow sees the same numbers."""
    coarse = torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(3))
    fine = torch.nn.functional.interpolate(coarse, size=(48, 64), mode="bicubic").clamp(0, 1)
    return (fine * 255).round() / 255


def noise_for(picture, seed=0):
    return torch.randn(picture[:, :1].shape, generator=torch.Generator().manual_seed(seed))


def edited(name, picture, strength=1.0):
    return apply(name, picture, noise_for(picture), strength)


def assert_same(ours, theirs, tolerance=LEVELS):
    assert (ours - to_tensor(theirs.convert("RGB"))).abs().max().item() <= tolerance


def test_black_and_white_is_pillows_grey(picture):
    assert_same(edited("black and white", picture), to_image(picture).convert("L"))


def test_negative_is_pillows_invert(picture):
    assert_same(edited("negative", picture), ImageOps.invert(to_image(picture)))


def test_solarize_is_pillows(picture):
    assert_same(edited("solarize", picture), ImageOps.solarize(to_image(picture), 128))


@pytest.mark.parametrize(
    ("colour", "printed"), [((0.8, 0.2, 0.1), (1, 0, 0)), ((0.7, 0.7, 0.1), (1, 1, 0)), ((0.2,) * 3, (0,) * 3)]
)
def test_posterize_prints_in_colours_that_are_empty_or_full(colour, printed):
    flat = torch.tensor(colour)[None, :, None, None].expand(1, 3, 16, 16)
    assert torch.equal(edited("posterize", flat)[0, :, 8, 8], torch.tensor(printed).float())


@pytest.mark.parametrize("name", TINTS)
def test_tint_is_pillows_colorize_over_a_quarter_of_the_photo(name, picture):
    mid = tuple(round(value * 255) for value in TINTS[name])
    ramp = ImageOps.colorize(to_image(picture).convert("L"), (0, 0, 0), (255, 255, 255), mid=mid, midpoint=128)
    assert_same(edited(name, picture), Image.blend(ramp, to_image(picture), 0.25), 4 / 255)


def test_blur_is_the_convolution_with_a_gaussian(picture):
    row = torch.zeros(1, 3, 1, 41)
    row[..., 20] = 1
    expected = np.exp(-((np.arange(41) - 20) ** 2) / 18)
    assert np.allclose(gaussian_blur(row, 3.0)[0, 0, 0], expected / expected.sum(), atol=1e-3)
    assert_same(edited("blur", picture), to_image(picture).filter(ImageFilter.GaussianBlur(3)), 4 / 255)


def test_pixelate_is_a_small_picture_made_large(picture):
    small = to_image(picture).resize((8, 6), Image.Resampling.BOX)
    assert_same(edited("pixelate", picture), small.resize((64, 48), Image.Resampling.NEAREST))


def test_hsv_is_pillows(picture):
    theirs = to_tensor(Image.merge("RGB", to_image(picture).convert("HSV").split()))[0]
    hue, saturation, value = rgb_to_hsv(picture)
    assert (value[0] - theirs[2]).abs().max() < LEVELS
    assert (saturation[0] - theirs[1]).abs().max() < LEVELS
    assert ((hue[0] - theirs[0] + 0.5) % 1 - 0.5).abs().mean() < LEVELS
    assert torch.allclose(hsv_to_rgb(hue, saturation, value), picture, atol=1e-4)


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_changes_the_picture_and_stays_in_range(name, picture):
    result = edited(name, picture)
    assert result.shape == picture.shape
    assert 0 <= result.min() <= result.max() <= 1
    assert (result - picture).abs().mean() > 0.004


@pytest.mark.parametrize("name", [name for name, edit in EDITS.items() if edit.graded])
def test_degrees_are_graded(name, picture):
    slight, plain, strong = (edited(name, picture, strength) for strength in (SLIGHT, 1.0, STRONG))
    way = plain - picture
    sizes = [((result - picture) * way).sum() / (way**2).sum() for result in (slight, plain, strong)]
    assert sizes[0] < 0.85
    assert sizes[2] > 0.99


@pytest.mark.parametrize("name", EDITS)
def test_only_what_falls_at_random_follows_the_noise(name, picture):
    other = apply(name, picture, noise_for(picture, seed=1))
    assert torch.equal(edited(name, picture), other) != EDITS[name].scattered


def test_the_largest_flakes_lie_where_the_noise_is_highest(picture):
    noise = torch.zeros_like(picture[:, :1])
    noise[..., 20, 30], noise[..., 10, 10] = 4, 3.0
    flakes = (apply("snow", picture, noise) - apply("snow", picture, torch.zeros_like(noise))).sum(1)[0].abs() > 0.05
    large, small = flakes[11:30, 21:40].sum(), flakes[6:15, 6:15].sum()
    assert large > 3 * small > 0
    assert flakes.sum() == large + small


def test_recolouring_touches_only_things_of_that_colour():
    colours = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.2, 0.8], [0.5, 0.5, 0.5], [0.02, 0.0, 0.0]])
    picture = colours.T[None, :, :, None].expand(1, 3, 4, 4)
    result = recolour(picture, "red", "green")
    assert torch.allclose(result[..., 1:, :], picture[..., 1:, :], atol=1e-4)
    assert rgb_to_hsv(result)[0][0, 0, 0].item() == pytest.approx(THING_COLOURS["green"].hue, abs=0.02)


def test_a_pure_hue_is_of_one_colour_only():
    for name, colour in THING_COLOURS.items():
        pure = hsv_to_rgb(*(torch.tensor([[[value]]]) for value in (colour.hue, 0.9, 0.8)))
        assert [other for other in THING_COLOURS if membership(pure, other) > 0.5] == [name]


def test_two_edits_are_carried_out_in_order(picture):
    noise = noise_for(picture)
    both = apply_meaning((Change("blur"), Change("negative")), picture, noise)
    assert torch.allclose(both, edited("negative", edited("blur", picture)))
    assert torch.equal(apply_meaning((), picture, noise), picture)
    assert torch.equal(apply_meaning((Recolour("red", "blue"),), picture, noise), recolour(picture, "red", "blue"))


def test_a_vignette_darkens_the_corners_and_keeps_the_middle(picture):
    left = (edited("vignette", picture) / picture.clamp_min(0.01))[..., picture.amin(1)[0] > 0.05].amin()
    assert left < 0.25
    assert torch.equal(edited("vignette", picture)[..., 18:30, 24:40], picture[..., 18:30, 24:40])


def test_clear_takes_a_light_fog_away(picture):
    foggy = apply("fog", picture, noise_for(picture), tones.LIGHT_FOG)
    assert torch.allclose(edited("clear", foggy), picture, atol=1e-4)
    grey = torch.full_like(picture, 0.5)
    assert edited("clear", grey).mean() < 0.5


def test_a_local_edit_is_the_edit_here_and_the_photo_there(picture):
    result = apply_meaning((Local("negative", "left half"),), picture, noise_for(picture))
    assert torch.equal(result[..., :30], (1 - picture)[..., :30])
    assert torch.equal(result[..., 34:], picture[..., 34:])


def test_luminance_of_white_is_one():
    assert luminance(torch.ones(1, 3, 2, 2)).max().item() == pytest.approx(1)
