"""Places and shapes against Pillow's drawing, and the measurement of them against outcomes that are known."""

import math

import pytest
import torch
from PIL import Image, ImageDraw

from pix2pix.training.evaluation.measured.places import ALTERNATIVES, in_its_place, rivals_of
from pix2pix.training.pictures import to_image, to_tensor
from pix2pix.training.targets.places import (
    PAINTS,
    POSITIONS,
    REGIONS,
    SHAPES,
    SIZES,
    frame_mask,
    region_mask,
    shape_mask,
)
from pix2pix.training.words.meanings import Change, Frame, Local, Shape, apply_meaning, local_changes, shapes

WIDE = torch.zeros(1, 3, 120, 180)
TALL = torch.zeros(1, 3, 180, 120)


def middle_of(mask):
    """x and y of the middle of a mask, in parts of the sides."""
    rows, columns = torch.meshgrid(*(torch.linspace(0, 1, side) for side in mask.shape[2:]), indexing="ij")
    return [(mask[0, 0] * places).sum().item() / mask.sum().item() for places in (columns, rows)]


def drawn(draw_on, picture):
    """A mask drawn by Pillow at eight times the size and averaged."""
    height, width = picture.shape[2:]
    image = Image.new("L", (8 * width, 8 * height))
    draw_on(ImageDraw.Draw(image), 8)
    return to_tensor(image.resize((width, height), Image.Resampling.BOX).convert("RGB"))[:, :1]


@pytest.mark.parametrize("picture", [WIDE, TALL], ids=["wide", "tall"])
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("size", SIZES)
def test_a_circle_is_pillows(picture, position, size):
    height, width = picture.shape[2:]
    x, y, radius = POSITIONS[position][0] * width, POSITIONS[position][1] * height, SIZES[size] * 120
    box = [x - radius, y - radius, x + radius, y + radius]
    expected = drawn(lambda draw, scale: draw.ellipse([scale * side for side in box], fill=255), picture)
    assert (shape_mask("circle", size, position, picture) - expected).abs().mean() < 0.004


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_lies_where_it_was_asked_for_and_wholly_inside(shape):
    for position, (x, y) in POSITIONS.items():
        mask = shape_mask(shape, "large", position, WIDE)
        assert middle_of(mask) == pytest.approx([x, y], abs=0.05)
        assert max(mask[..., 0, :].max(), mask[..., -1, :].max(), mask[..., 0].max(), mask[..., -1].max()) == 0


def test_a_star_has_five_points():
    mask = shape_mask("star", "large", "middle", torch.zeros(1, 3, 400, 400))
    angles = torch.arange(0, 2 * math.pi, 0.01)
    ring = mask[0, 0, (200 - 70 * angles.cos()).long(), (200 + 70 * angles.sin()).long()] > 0.5
    assert (ring != ring.roll(1)).sum() == 10
    assert ring[0]


def test_shapes_of_one_size_are_about_equally_large():
    areas = [shape_mask(shape, "medium", "middle", WIDE).sum().item() for shape in SHAPES]
    assert max(areas) < 2 * min(areas)


@pytest.mark.parametrize(
    ("name", "share"), [("top half", 0.5), ("left half", 0.5), ("lower right corner", 0.25), ("middle", 0.23)]
)
def test_regions_are_as_large_as_their_names_say(name, share):
    assert region_mask(name, WIDE).mean().item() == pytest.approx(share, abs=0.03)


def test_halves_make_a_whole_and_corners_too():
    for names in (("top half", "bottom half"), ("left half", "right half")):
        assert torch.allclose(sum(region_mask(name, TALL) for name in names), torch.ones(1), atol=1e-5)
    corners = sum(region_mask(name, TALL) for name in REGIONS if name.endswith("corner"))
    assert corners.mean().item() == pytest.approx(1, abs=0.02)


def test_the_edges_are_all_around_and_not_in_the_middle():
    edges, middle = region_mask("edges", WIDE), region_mask("middle", WIDE)
    assert edges[..., 0, :].min() == edges[..., -1].min() == 1
    assert (edges * middle).max() < 0.3
    assert edges[..., 60, 90] == 0


def test_a_frame_is_pillows_rectangle():
    expected = drawn(lambda draw, s: draw.rectangle([9 * s, 9 * s, 171 * s - 1, 111 * s - 1], fill=255), WIDE)
    assert (frame_mask(WIDE) - (1 - expected)).abs().mean() < 0.01


@pytest.mark.parametrize("colour", PAINTS)
def test_what_is_painted_has_its_colour(colour):
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    painted = apply_meaning((Shape("square", colour, "large", "middle"),), picture, picture[:, :1])
    assert painted[0, :, 32, 32].tolist() == pytest.approx(PAINTS[colour], abs=1e-4)
    assert torch.equal(painted[..., :8, :], picture[..., :8, :])


def photo():
    noise = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    return to_image(torch.nn.functional.interpolate(noise, size=(64, 64), mode="bicubic").clamp(0, 1))


def measured(wanted, happened):
    """The sample of ``wanted`` where ``happened`` is what a model made."""

    def edit(image, sentence):
        picture = to_tensor(image)
        return apply_meaning(happened, picture, torch.zeros_like(picture[:, :1]))

    return in_its_place(edit, [photo()], [((wanted,), "as asked")])[0]


WANTED = [Local("darker", "top half"), Frame("white"), Shape("star", "red", "medium", "left")]


@pytest.mark.parametrize("wanted", WANTED)
def test_the_measurement_passes_what_was_asked_for(wanted):
    sample = measured(wanted, (wanted,))
    assert sample.passed
    assert sample.psnr == 100
    assert sample.outside > 80


@pytest.mark.parametrize("wanted", WANTED)
def test_the_measurement_fails_the_photo_itself_and_everything_else(wanted):
    assert measured(wanted, ()).nearest == "the photo itself"
    for rival in rivals_of(wanted):
        assert not measured(wanted, (rival,)).passed


def test_rivals_differ_in_one_respect():
    shape = Shape("star", "red", "small", "left")
    assert len(rivals_of(shape)) == sum(len(others) - 1 for others in ALTERNATIVES[Shape].values())
    assert Change("blur") in rivals_of(Local("blur", "edges"))


def test_there_are_nine_positions_four_shapes_three_sizes_and_at_least_eight_colours():
    assert len(shapes()) == 9 * 4 * 3 * len(PAINTS)
    assert len(PAINTS) >= 8
    assert len(local_changes()) == len(ALTERNATIVES[Local]["name"]) * len(REGIONS)
