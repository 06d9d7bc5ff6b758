"""Areas: what a person paints, what latents they touch, and that nothing beyond them changes."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pix2pix.errors import InvalidImage, InvalidRequest
from pix2pix.photo import open_photo, to_canvas
from pix2pix.photo.area import area_of, cells_of, confined, open_mask

SIZES = [(96, 64), (97, 61), (640, 479), (31, 200), (1001, 333)]


def painted(size, box, mode="L"):
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rectangle(box, fill=255)
    return mask.convert(mode)


def test_within_its_border_it_is_soft_and_beyond_it_nothing():
    mask = np.asarray(open_mask(painted((400, 300), (100, 80, 299, 219)), (400, 300)))
    inside = np.zeros((300, 400), bool)
    inside[80:220, 100:300] = True
    assert not mask[~inside].any()
    assert (mask[120:180, 150:250] == 255).all()
    edge = mask[150, 100:110].astype(int)
    assert (np.diff(edge) >= 0).all()
    assert edge[0] < 128 < edge[5]


def test_a_mask_of_another_size_is_fitted():
    small = np.asarray(open_mask(painted((100, 75), (25, 20, 74, 54)), (400, 300)))
    large = np.asarray(open_mask(painted((400, 300), (100, 80, 299, 219)), (400, 300)))
    assert small.shape == large.shape
    assert np.abs(small.astype(int) - large).mean() < 6


def test_what_is_transparent_is_not_painted():
    colours = Image.new("RGBA", (40, 40), (255, 255, 255, 0))
    colours.paste((255, 255, 255, 255), (10, 10, 30, 30))
    assert open_mask(colours, (40, 40)).getbbox() == (10, 10, 30, 30)


def test_one_of_another_shape_is_refused():
    with pytest.raises(InvalidRequest, match="another shape"):
        open_mask(painted((300, 400), (0, 0, 100, 100)), (400, 300))


def test_an_empty_one_is_refused():
    with pytest.raises(InvalidRequest, match="empty"):
        open_mask(Image.new("L", (40, 30)), (40, 30))


def test_what_is_no_picture_is_refused():
    with pytest.raises(InvalidImage):
        open_mask(b"white", (40, 30))


@pytest.mark.parametrize("size", SIZES)
def test_every_latent_that_is_touched_counts(scene, size):
    canvas = to_canvas(open_photo(scene.resize(size)), 64, 8)
    whole = cells_of(Image.new("L", size, 255), canvas, 4)
    width, height = canvas.image.size
    assert whole.shape == (height // 4, width // 4)
    assert whole.all()
    box = (0, 0, size[0] // 2, size[1])
    half = cells_of(painted(size, box), canvas, 4)
    assert 0.4 < half.mean() < 0.75
    assert (cells_of(painted(size, box), canvas, 4) | cells_of(painted(size, (box[2], 0, *size)), canvas, 4)).all()


@pytest.mark.parametrize("size", SIZES)
def test_latents_become_an_area_in_the_same_place(scene, size):
    canvas = to_canvas(open_photo(scene.resize(size)), 64, 8)
    width, height = canvas.image.size
    cells = np.zeros((height // 4, width // 4), bool)
    cells[:, : cells.shape[1] // 2] = True
    area = np.asarray(area_of(cells, canvas))
    assert area.shape == size[::-1]
    middle = ((cells.shape[1] // 2) * 4 - canvas.box[0]) / (canvas.box[2] - canvas.box[0]) * size[0]
    reach = 5 / (canvas.box[2] - canvas.box[0]) * size[0]
    assert (area[:, : max(0, int(middle - reach))] == 255).all()
    assert not area[:, int(np.ceil(middle + reach)) :].any()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_outside_not_a_bit_changes(scene, mode):
    picture = scene.convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    photo = open_photo(picture)
    edited = photo.with_colours(Image.eval(photo.rgb, lambda level: 255 - level))
    area = open_mask(painted(scene.size, (20, 10, 60, 50)), scene.size)
    result = np.asarray(confined(edited, photo, area))
    before, outside = np.asarray(photo.with_colours(photo.rgb)), np.asarray(area) == 0
    assert np.array_equal(result[outside], before[outside])
    assert np.array_equal(result[30, 40], np.asarray(edited)[30, 40])


def test_grey_is_half_and_almost_black_is_black(scene):
    for level in (64, 128, 200):
        area = np.asarray(open_mask(Image.new("L", scene.size, level), scene.size))
        assert (area == level).all()
    noisy = painted(scene.size, (20, 10, 60, 50)).point(lambda level: level or 9)
    assert np.array_equal(*(open_mask(one, scene.size) for one in (noisy, painted(scene.size, (20, 10, 60, 50)))))
    with pytest.raises(InvalidRequest, match="The mask is empty"):
        open_mask(Image.new("L", scene.size, 9), scene.size)


@pytest.mark.parametrize("broken", [b"", b"no picture", "nowhere.png"])
def test_of_a_broken_mask_the_sentence_speaks_of_a_mask(scene, broken):
    with pytest.raises(InvalidImage, match="The mask cannot be opened"):
        open_mask(broken, scene.size)
