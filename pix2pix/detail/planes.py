"""Pictures as planes of numbers on the device that works on them, and their sizes changed as Pillow does it."""

from functools import lru_cache

import numpy as np
import torch
from PIL.Image import Image, Resampling, fromarray

CPU = torch.device("cpu")
SUPPORT = {Resampling.BOX: 0.5, Resampling.BILINEAR: 1.0, Resampling.LANCZOS: 3.0}

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


def levels(image: Image, device: torch.device = CPU) -> torch.Tensor:
    """RGB as (3, H, W) float32 on ``device``, in 0..255."""
    return torch.from_numpy(np.array(image)).to(device).permute(2, 0, 1).float().contiguous()


def resized(values: torch.Tensor, size: tuple[int, int], filter: Resampling) -> torch.Tensor:
    """(..., H, W) float32 at ``size``, width and height.

    Pillow itself is quickest on a CPU. A GPU multiplies by a matrix for each axis, most of whose entries are zero.
    """
    planes = values.reshape(-1, *values.shape[-2:])
    if values.device == CPU:
        images = (fromarray(plane).resize(size, filter) for plane in planes.numpy())
        changed = torch.from_numpy(np.stack([np.asarray(image) for image in images]))
    else:
        changed = by_matrices(planes, size, filter, (0, 0, values.shape[-1], values.shape[-2]))
    return changed.reshape(*values.shape[:-2], *changed.shape[-2:])


def by_matrices(planes: torch.Tensor, size: tuple[int, int], filter: Resampling, box: Box) -> torch.Tensor:
    """What ``planes``, (N, H, W) float32, have in ``box``, at ``size``; on any device."""
    height, width = planes.shape[1:]
    down = _weights(height, size[1], filter, (box[1], box[3]), planes.device)
    across = _weights(width, size[0], filter, (box[0], box[2]), planes.device)
    return down @ planes @ across.T


@lru_cache(maxsize=16)
def _weights(
    length: int, wanted: int, filter: Resampling, span: tuple[float, float], device: torch.device
) -> torch.Tensor:
    """(wanted, length) float32, rows of sum 1: how much each pixel counts, as in Pillow's ``precompute_coeffs``."""
    start, end = span
    scale = (end - start) / wanted
    stretch = max(1.0, scale)
    support = SUPPORT[filter] * stretch
    centres = (start + (np.arange(wanted) + 0.5) * scale)[:, None]
    pixels = np.arange(length)
    near = (pixels >= np.floor(centres - support + 0.5)) & (pixels < np.floor(centres + support + 0.5))
    weights = np.where(near, _kernel(filter, (pixels + 0.5 - centres) / stretch), 0)
    return torch.from_numpy((weights / weights.sum(1, keepdims=True)).astype(np.float32)).to(device)


def _kernel(filter: Resampling, at: np.ndarray) -> np.ndarray:
    kernels: dict[Resampling, np.ndarray] = {
        Resampling.BOX: (at > -0.5) & (at <= 0.5),
        Resampling.BILINEAR: (1 - np.abs(at)).clip(0),
        Resampling.LANCZOS: np.where(np.abs(at) < 3, np.sinc(at) * np.sinc(at / 3), 0),
    }
    return kernels[filter]
