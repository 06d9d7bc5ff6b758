"""Pictures as tensors, and how alike two of them are."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def to_tensor(image: Image.Image) -> Tensor:
    """An RGB image as (1, 3, H, W) float32 in 0..1."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def to_image(pictures: Tensor) -> Image.Image:
    """The first picture of (N, 3, H, W) in 0..1; values outside are clamped."""
    return Image.fromarray((pictures[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())


def psnr(a: Tensor, b: Tensor, weights: Tensor | None = None) -> float:
    """Peak signal-to-noise ratio in dB of pictures (N, 3, H, W) in 0..1; 100 where they are the same.

    Args:
        weights: how much each pixel counts, (N, 1, H, W); without them all count the same.
    """
    error = ((a - b) ** 2).mean(1, keepdim=True)
    mean = error.mean() if weights is None else (error * weights).sum() / weights.sum().clamp_min(1e-6)
    return -10 * torch.log10(mean.clamp_min(1e-10)).item()
