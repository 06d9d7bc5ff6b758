"""The photographs that pocket is measured on; none of them is trained on."""

from pathlib import Path

import gradio
import numpy as np
import torch
from PIL import Image
from torch import Tensor

FOLDER = Path(__file__).parents[4] / "shared" / "photos"
GRADIO_PHOTOS = ("tower.jpg", "lion.jpg", "cheetah1.jpg")


def open_photos(folder: Path = FOLDER) -> dict[str, Image.Image]:
    """The PNG photographs in ``folder`` by name; without the folder those that come with gradio."""
    paths = sorted(folder.glob("*.png")) or [Path(gradio.media.get_image(name)) for name in GRADIO_PHOTOS]
    return {path.stem: Image.open(path).convert("RGB") for path in paths}


def to_tensor(image: Image.Image) -> Tensor:
    """(1, 3, H, W) in 0..1."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def to_image(pictures: Tensor) -> Image.Image:
    """The first of (N, 3, H, W) in 0..1."""
    return Image.fromarray((pictures[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())


def psnr(a: Tensor, b: Tensor, weights: Tensor | None = None) -> float:
    """Peak signal-to-noise ratio in dB of two pictures in 0..1; at most 100, where they are the same.

    Args:
        weights: how much each pixel counts, (1, 1, H, W); ``None`` counts all the same.
    """
    error = ((a - b) ** 2).mean(1, keepdim=True)
    mean = error.mean() if weights is None else (error * weights).sum() / weights.sum().clamp_min(1e-6)
    return -10 * torch.log10(mean.clamp_min(1e-10)).item()
