"""Some rows of a full-size result at a time: drawn by Pillow and numpy on a CPU, by torch on a GPU.

Pillow passes over weights that are zero, which are nearly all; a GPU is quick enough to multiply by them.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from PIL import Image
from PIL.Image import Resampling

from pix2pix.detail.planes import CPU, Box, by_matrices, levels

DrawBand = Callable[[Image.Image, int, int], Image.Image]  # rows of the photo, its height, and where in it they begin


def bands_of(planes: torch.Tensor) -> DrawBand:
    """What draws the result, RGB, in some rows of any photo, RGB.

    Args:
        planes: (3 + 3 + 9, H, W) float32: before, explained and gain, RGB in 0..1.
    """
    if planes.device == CPU:
        return partial(_by_pillow, [Image.fromarray(plane) for plane in planes.numpy()])
    return partial(_by_torch, planes)


def _part(rows: Image.Image, height: int, top: int, size: tuple[int, int]) -> Box:
    """Where planes of ``size``, width and height, have what the photo has in ``rows``."""
    scale = size[1] / height
    return 0, top * scale, size[0], (top + rows.height) * scale


def _by_pillow(planes: list[Image.Image], rows: Image.Image, height: int, top: int) -> Image.Image:
    part = _part(rows, height, top, planes[0].size)

    def enlarged(plane: Image.Image, filter: Resampling) -> np.ndarray:
        return np.asarray(plane.resize(rows.size, filter, box=part))

    detail = [
        np.asarray(channel, np.float32) / 255 - enlarged(plane, Resampling.LANCZOS)
        for channel, plane in zip(rows.split(), planes[:3], strict=True)
    ]
    drawn = np.empty((rows.height, rows.width, 3), np.uint8)
    for channel in range(3):
        colour = enlarged(planes[3 + channel], Resampling.LANCZOS).copy()
        for k in range(3):
            colour += detail[k] * enlarged(planes[6 + 3 * k + channel], Resampling.BILINEAR)
        drawn[..., channel] = (colour * 255 + 0.5).clip(0, 255.5)
    return Image.fromarray(drawn)


@torch.inference_mode()
def _by_torch(planes: torch.Tensor, rows: Image.Image, height: int, top: int) -> Image.Image:
    part = _part(rows, height, top, (planes.shape[2], planes.shape[1]))
    enlarged = by_matrices(planes[:6], rows.size, Resampling.LANCZOS, part)
    detail, colours = levels(rows, planes.device) / 255 - enlarged[:3], enlarged[3:]
    for k in range(3):
        colours += detail[k] * by_matrices(planes[6 + 3 * k : 9 + 3 * k], rows.size, Resampling.BILINEAR, part)
    drawn = (colours * 255 + 0.5).clamp(0, 255.5).byte().permute(1, 2, 0)
    return Image.fromarray(np.ascontiguousarray(drawn.cpu().numpy()))
