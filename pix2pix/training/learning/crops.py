"""Random pieces of the generated scenes."""

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from pix2pix.training.targets.scenes import SIDE


def random_crops(scenes: np.ndarray, rng: Generator, count: int, crop: int) -> Tensor:
    """(count, 3, crop, crop) in 0..1: crops of scenes, some mirrored, turned, or with channels exchanged.

    A third of them are scaled down from twice the size, so that they have as much detail as a large photo made small.
    """
    crops = np.empty((count, crop, crop, 3), np.uint8)
    for index, scene in enumerate(rng.integers(0, len(scenes), count)):
        scale = 2 if 2 * crop <= SIDE and rng.random() < 0.33 else 1
        top, left = rng.integers(0, SIDE - crop * scale + 1, 2)
        picture = scenes[scene, top : top + crop * scale, left : left + crop * scale]
        if scale == 2:
            picture = picture.reshape(crop, 2, crop, 2, 3).mean((1, 3)).round().astype(np.uint8)
        crops[index] = _turned(picture, rng)
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255


def _turned(picture: np.ndarray, rng: Generator) -> np.ndarray:
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    if rng.random() < 0.4:
        picture = picture[::-1]
    if rng.random() < 0.5:
        picture = picture.transpose(1, 0, 2)
    if rng.random() < 0.3:
        picture = picture[..., rng.permutation(3)]
    return picture
