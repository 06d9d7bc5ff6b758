"""Colour arithmetic on batches of pictures: (N, 3, H, W) RGB in 0..1, hue as a fraction of the circle."""

import torch
from torch import Tensor

LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow's mode "L"


def colour(rgb: tuple[float, float, float], like: Tensor) -> Tensor:
    """``rgb`` as a (1, 3, 1, 1) tensor that broadcasts with pictures ``like`` these."""
    return torch.tensor(rgb, dtype=like.dtype, device=like.device).view(1, 3, 1, 1)


def luminance(pictures: Tensor) -> Tensor:
    """(N, 1, H, W) in 0..1."""
    return (pictures * colour(LUMINANCE, pictures)).sum(1, keepdim=True)


def rgb_to_hsv(pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue, saturation and value, (N, H, W) each in 0..1."""
    value, brightest = pictures.max(1)
    chroma = value - pictures.min(1).values
    red, green, blue = pictures.unbind(1)
    span = chroma.clamp_min(1e-5)
    sectors = torch.stack([((green - blue) / span) % 6, (blue - red) / span + 2, (red - green) / span + 4])
    hue = sectors.gather(0, brightest[None])[0] / 6
    return hue, chroma / value.clamp_min(1e-4), value


def hsv_to_rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """The inverse of ``rgb_to_hsv``; hue may lie outside 0..1."""
    channels = []
    for offset in (5, 3, 1):
        sector = (offset + hue * 6) % 6
        channels.append(value * (1 - saturation * torch.minimum(sector, 4 - sector).clamp(0, 1)))
    return torch.stack(channels, 1)


def gradient_map(pictures: Tensor, stops: list[tuple[float, float, float]]) -> Tensor:
    """Colours by luminance: black becomes the first of the evenly spaced ``stops``, white the last."""
    position = luminance(pictures).clamp(0, 1) * (len(stops) - 1)
    mapped = torch.zeros_like(pictures)
    for index, stop in enumerate(stops):
        mapped += (1 - (position - index).abs()).clamp_min(0) * colour(stop, pictures)
    return mapped
