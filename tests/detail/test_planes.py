"""Sizes changed by matrices, as on a GPU, beside Pillow; and the whole transfer that way."""

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix.detail import bands, lines, planes
from pix2pix.detail.planes import by_matrices, levels, resized
from pix2pix.detail.upsampling import transfer

SIZES = [((40, 30), (91, 77)), ((40, 30), (7, 9)), ((40, 30), (40, 30)), ((1, 1), (5, 3)), ((33, 2), (2, 33))]


@pytest.mark.parametrize("filter", planes.SUPPORT)
@pytest.mark.parametrize(("size", "wanted"), SIZES)
def test_matrices_do_as_pillow_does(filter, size, wanted):
    values = torch.from_numpy(np.random.default_rng(0).normal(size=(2, size[1], size[0])).astype(np.float32))
    whole = 0.0, 0.0, float(size[0]), float(size[1])
    part = 0.0, size[1] * 0.3, float(size[0]), size[1] * 0.7
    for box in (whole, part):
        expected = [np.asarray(Image.fromarray(plane).resize(wanted, filter, box)) for plane in values.numpy()]
        assert np.abs(by_matrices(values, wanted, filter, box).numpy() - np.stack(expected)).max() < 1e-5


def test_planes_keep_what_stands_before_them():
    values = torch.rand(3, 3, 8, 6)
    changed = resized(values, (12, 10), Image.Resampling.BILINEAR)
    assert changed.shape == (3, 3, 10, 12)
    assert torch.equal(changed[1, 2], resized(values[1, 2], (12, 10), Image.Resampling.BILINEAR))


def test_levels_are_those_of_the_picture(scene):
    assert np.array_equal(levels(scene).permute(1, 2, 0).numpy(), np.asarray(scene, np.float32))


def test_a_gpu_would_transfer_as_a_cpu_does(photos, monkeypatch):
    photo = Image.open(photos[0]).convert("RGB").resize((300, 211))
    before = photo.resize((100, 70), Image.Resampling.LANCZOS)
    after = Image.eval(before, lambda value: value // 2 + 20)
    after.paste((250, 250, 250), (40, 30, 60, 50))
    expected = np.asarray(transfer(photo, before, after), float)
    for module in (planes, lines, bands):
        monkeypatch.setattr(module, "CPU", torch.device("meta"))  # no tensor is there, so all go the other way
    drawn = np.asarray(transfer(photo, before, after), float)
    assert np.abs(drawn - expected).max() <= 1
    assert (drawn != expected).mean() < 0.001
