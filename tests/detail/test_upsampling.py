"""The edit is that of the small picture, the detail that of the photo: against edits that are known in closed form."""

import tracemalloc

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix.detail.lines import explain
from pix2pix.detail.upsampling import full_size, transfer
from pix2pix.diffusion.conditioning import encode_photo
from pix2pix.diffusion.pictures import redraw
from pix2pix.photo import Photo, to_canvas
from pix2pix.training.pictures import to_image, to_tensor
from pix2pix.training.targets.edits import apply
from pix2pix.training.targets.filters import gaussian_blur

SCALE = 4


@pytest.fixture(scope="module")
def photo(photos) -> Image.Image:
    image = Image.open(photos[0]).convert("RGB")
    return image.crop((0, 0, image.width // SCALE * SCALE, image.height // SCALE * SCALE))


@pytest.fixture(scope="module")
def before(photo) -> Image.Image:
    return photo.resize((photo.width // SCALE, photo.height // SCALE), Image.Resampling.LANCZOS)


def edited(name: str, image: Image.Image) -> Image.Image:
    noise = torch.randn((1, 1, image.height, image.width), generator=torch.Generator().manual_seed(1))
    return to_image(apply(name, to_tensor(image), noise))


def as_an_autoencoder_would(image: Image.Image) -> Image.Image:
    pictures = gaussian_blur(to_tensor(image), 0.6)
    return to_image(pictures + 0.012 * torch.randn(pictures.shape, generator=torch.Generator().manual_seed(2)))


def lanczos(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS)


def psnr(a: Image.Image, b: Image.Image) -> float:
    return -10 * np.log10(max(1e-10, ((values(a) - values(b)) ** 2).mean() / 255**2))


def values(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float64)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 3), (64, 43), (192, 128)])
def test_an_unchanged_canvas_gives_the_photo_back(photos, size):
    for path in photos[:3]:
        photo = Image.open(path).convert("RGB")
        small = lanczos(photo, size)
        assert psnr(transfer(photo, small, small), photo) > 50


@pytest.mark.parametrize("name", ["black and white", "night", "sepia", "vivid", "negative", "fog", "teal", "warmer"])
def test_tone_and_colour_come_with_the_detail_of_the_photo(photo, before, name):
    after = as_an_autoencoder_would(edited(name, before))
    target = edited(name, photo)
    assert psnr(transfer(photo, before, after), target) > psnr(lanczos(after, photo.size), target) + 3


@pytest.mark.parametrize("name", ["posterize", "blur", "sharpen", "sketch", "pixelate", "oil painting", "cartoon"])
def test_edits_that_redraw_are_no_worse_than_enlarged(photo, before, name):
    after = as_an_autoencoder_would(edited(name, before))
    target = edited(name, photo)
    assert psnr(transfer(photo, before, after), target) > psnr(lanczos(after, photo.size), target) - 0.3


def test_a_linear_edit_is_found():
    matrix = np.array([[0.5, 0.2, 0.1], [0.1, 0.6, 0.0], [0.0, 0.1, 0.3]], np.float32)
    pixels = np.random.default_rng(0).uniform(0, 1, (3, 40, 60)).astype(np.float32)
    after = np.einsum("ihw,io->ohw", pixels, matrix) + 0.1
    gain, explained = explain(torch.from_numpy(pixels), torch.from_numpy(after))
    assert np.abs(explained.numpy() - after).max() < 1e-3
    assert np.abs(gain.numpy() - matrix[..., None, None]).max() < 1e-2


@pytest.mark.parametrize("size", [(1, 1), (1, 16), (16, 1), (2, 3), (63, 65), (2048, 128)])
def test_photos_of_any_shape_keep_it(scene, size):
    canvas = to_canvas(Photo(scene.resize(size)), 64, 8)
    result = full_size(canvas, edited("night", canvas.image), canvas.image)
    assert (result.size, result.mode) == (size, "RGB")
    assert values(result).mean() < values(canvas.photo.rgb).mean()


def textured(kind: str, height: int, width: int) -> np.ndarray:
    down, across = np.mgrid[:height, :width]
    if kind == "noise":
        return np.random.default_rng(0).uniform(0, 255, (height, width, 3))
    if kind == "checks":
        return np.repeat(((down // 3 + across // 3) % 2 * 200 + 25)[..., None], 3, -1)
    return np.stack([128 + 90 * np.sin(across / 2), 80 + 40 * np.sin(down / 3), 0 * down + 128], -1)


@pytest.mark.parametrize("edit", [None, "night", "black and white"])
@pytest.mark.parametrize("kind", ["noise", "checks", "waves"])
def test_a_new_object_hides_what_was_under_it(photo, before, kind, edit):
    top, left, height, width, border = before.height // 3, before.width // 3, before.height // 3, before.width // 3, 2
    pixels = np.array(edited(edit, before) if edit else before)
    pixels[top : top + height, left : left + width] = textured(kind, height, width)
    after = Image.fromarray(pixels)
    inside = (
        slice((top + border) * SCALE, (top + height - border) * SCALE),
        slice((left + border) * SCALE, (left + width - border) * SCALE),
    )
    drawn, enlarged = (values(image)[inside] for image in (transfer(photo, before, after), lanczos(after, photo.size)))
    detail = (values(photo) - values(lanczos(before, photo.size)))[inside]
    assert detail.std() > 2
    assert np.abs(drawn - enlarged).mean() < 2
    assert np.abs(np.corrcoef(drawn.ravel(), detail.ravel())[0, 1]) < 0.1
    trace = ((drawn - enlarged) * detail).sum() / (detail**2).sum()
    assert abs(trace) < 0.01


def test_flakes_stay_white(photo, before):
    pixels = np.array(edited("fog", before))
    spots = [(x, y) for x in range(10, before.width - 10, 16) for y in range(10, before.height - 10, 16)]
    for x, y in spots:
        pixels[y - 1 : y + 2, x - 1 : x + 2] = 255
    drawn = values(transfer(photo, before, Image.fromarray(pixels)))
    middle = SCALE // 2
    assert np.mean([drawn[y * SCALE + middle, x * SCALE + middle].min() for x, y in spots]) > 235


def test_bands_have_no_seams(photo, before, monkeypatch):
    after = edited("night", before)
    whole = values(transfer(photo, before, after))
    monkeypatch.setattr("pix2pix.detail.upsampling.BAND_PIXELS", 7 * photo.width)
    assert np.abs(values(transfer(photo, before, after)) - whole).max() <= 1


def test_memory_does_not_grow_with_the_photo(before, monkeypatch):
    monkeypatch.setattr("pix2pix.detail.upsampling.BAND_PIXELS", 2**14)
    after = edited("night", before)
    peaks = []
    for size in ((512, 512), (512, 4096)):
        photo = before.resize(size)
        tracemalloc.start()
        transfer(photo, before, after)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_a_photo_smaller_than_the_canvas_gets_the_edit(before):
    small = before.resize((50, 31), Image.Resampling.LANCZOS)
    drawn = transfer(small, before, edited("negative", before))
    assert psnr(drawn, edited("negative", small)) > 35


def test_an_edit_that_is_only_the_copy_gives_the_photo_back(photo, before):
    for autoencoder in (as_an_autoencoder_would, lambda image: edited("posterize", image)):
        copy = autoencoder(before)
        assert np.abs(values(transfer(photo, copy, copy)) - values(photo)).max() <= 1


@pytest.mark.parametrize("name", ["black and white", "warmer", "sepia", "more contrast", "fog"])
def test_what_the_autoencoder_loses_is_no_part_of_the_edit(pocket, photo, before, name):
    copy, after = (
        redraw(pocket.pipeline, encode_photo(pocket.pipeline, canvas))[0] for canvas in (before, edited(name, before))
    )
    target = edited(name, photo)
    assert psnr(transfer(photo, copy, after), target) > psnr(transfer(photo, before, after), target) + 0.5


def test_undo_transfers_from_the_copy_it_is_given_and_keeps_transparency(photo):
    alpha = Image.linear_gradient("L").resize(photo.size)
    canvas = to_canvas(Photo(photo, alpha), 128, 64)
    drawn = edited("night", canvas.image)
    plain, detailed = canvas.undo(drawn), full_size(canvas, drawn, canvas.image)
    assert plain.getchannel("A").tobytes() == detailed.getchannel("A").tobytes() == alpha.tobytes()
    assert plain.convert("RGB").tobytes() == lanczos(drawn.crop(canvas.box), photo.size).tobytes()
    target = edited("night", photo)
    assert psnr(detailed.convert("RGB"), target) > psnr(plain.convert("RGB"), target) + 3
    copy = as_an_autoencoder_would(canvas.image)
    expected = transfer(photo, copy.crop(canvas.box), drawn.crop(canvas.box))
    assert full_size(canvas, drawn, copy).convert("RGB").tobytes() == expected.tobytes()
