"""Spatial operations with closed forms on batches of pictures: (N, C, H, W), borders replicated."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from pix2pix.training.targets.colour import colour, hsv_to_rgb, luminance, rgb_to_hsv

STROKES = 0.07  # deviation of the brightness of brush strokes in 0..1
RIDGES = 0.11  # deviation of the averaged noise that makes them


def gaussian_blur(pictures: Tensor, sigma: float) -> Tensor:
    """Gaussian of ``sigma`` pixels, cut at three sigma."""
    reach, channels = math.ceil(3 * sigma), pictures.shape[1]
    steps = torch.arange(-reach, reach + 1, dtype=pictures.dtype, device=pictures.device)
    kernel = torch.exp(-(steps**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(channels, 1, 1, -1)
    pictures = F.conv2d(F.pad(pictures, (reach, reach, 0, 0), mode="replicate"), kernel, groups=channels)
    return F.conv2d(F.pad(pictures, (0, 0, reach, reach), mode="replicate"), kernel.mT, groups=channels)


def pixelate(pictures: Tensor, block: int) -> Tensor:
    """Squares of ``block`` pixels from the upper left corner on, each of its mean colour."""
    height, width = pictures.shape[2:]
    padded = F.pad(pictures, (0, -width % block, 0, -height % block), mode="replicate")
    squares = F.interpolate(F.avg_pool2d(padded, block), scale_factor=block, mode="nearest")
    return squares[..., :height, :width]


def pencil_sketch(pictures: Tensor) -> Tensor:
    """Grey picture divided by its blur (colour dodge of the blurred negative), lines darkened."""
    grey = luminance(pictures)
    dodged = grey / gaussian_blur(grey, 2.5).clamp_min(0.04)
    return (dodged.clamp(0, 1) ** 1.6).expand(-1, 3, -1, -1)


def oil_paint(pictures: Tensor, radius: int = 6) -> Tensor:
    """Kuwahara filter (1976): of the four windows touching a pixel the smoother ones decide its colour."""
    height, width = pictures.shape[2:]
    padded = F.pad(pictures, (radius,) * 4, mode="replicate")
    means = F.avg_pool2d(padded, radius + 1, 1)
    grey = luminance(padded)
    variances = F.avg_pool2d(grey**2, radius + 1, 1) - F.avg_pool2d(grey, radius + 1, 1) ** 2
    weights = variances.clamp_min(1e-5) ** -2
    total, norm = torch.zeros_like(pictures), torch.zeros_like(weights[:, :, :height, :width])
    for top in (0, radius):
        for left in (0, radius):
            window = (..., slice(top, top + height), slice(left, left + width))
            total += means[window] * weights[window]
            norm += weights[window]
    return total / norm


def cartoon(pictures: Tensor) -> Tensor:
    """Flat, saturated colours in five levels of brightness with dark lines along the edges."""
    smooth = gaussian_blur(pictures, 1.5)
    hue, saturation, value = rgb_to_hsv(smooth)
    flat = hsv_to_rgb(hue, (saturation * 1.5).clamp(0, 1), (value * 5).floor().clamp(max=4) / 5 + 0.1)
    grey = F.pad(luminance(smooth), (1, 1, 1, 1), mode="replicate")
    slope = torch.hypot(grey[..., 1:-1, 2:] - grey[..., 1:-1, :-2], grey[..., 2:, 1:-1] - grey[..., :-2, 1:-1])
    return flat * (1 - ((slope - 0.06) / 0.1).clamp(0, 1))


def brush_strokes(pictures: Tensor, noise: Tensor, reach: int = 7) -> Tensor:
    """Paint drawn out along the edges of the picture, with ridges that ``noise`` (N, 1, H, W) lays at random.

    Colours and noise are averaged over ``reach`` pixels to both sides along the direction in which the brightness
    changes least: line integral convolution (Cabral and Leedom, SIGGRAPH 1993) on straight pieces, with the direction
    of the smoothed structure tensor.
    """
    across, down = _direction_of_least_change(luminance(gaussian_blur(pictures, 1.5)))
    layers = torch.cat([pictures, gaussian_blur(noise, 1.2)], 1)
    height, width = pictures.shape[2:]
    y, x = (torch.arange(side, device=pictures.device) for side in (height, width))
    y = y[:, None]
    drawn = torch.zeros_like(layers)
    for step in range(-reach, reach + 1):
        places = torch.stack([(x + step * across + 0.5) / width, (y + step * down + 0.5) / height], -1) * 2 - 1
        drawn += F.grid_sample(layers, places, padding_mode="border", align_corners=False)
    paint, ridges = drawn[:, :3] / (2 * reach + 1), drawn[:, 3:] / (2 * reach + 1)
    return paint + STROKES * ridges / RIDGES


def _direction_of_least_change(grey: Tensor) -> tuple[Tensor, Tensor]:
    """The two coordinates (N, H, W) of unit vectors along the edges of (N, 1, H, W); in flat areas they slant."""
    padded = F.pad(grey, (1, 1, 1, 1), mode="replicate")
    right = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    below = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    xx, yy, xy = gaussian_blur(torch.cat([right**2, below**2, right * below], 1), 3.0).unbind(1)
    angle = 0.5 * torch.atan2(2 * xy - 2e-5, xx - yy) + math.pi / 2
    return angle.cos(), angle.sin()


def snowfall(pictures: Tensor, noise: Tensor) -> Tensor:
    """Paler and colder, with flakes where ``noise`` (N, 1, H, W) is high, the larger the higher."""
    pale = (pictures * 0.8 + 0.2 * luminance(pictures)) * 0.82 + colour((0.10, 0.11, 0.13), pictures)
    flakes = torch.zeros_like(pictures[:, :1])
    for sigma, threshold, height in ((1.2, 2.9, 11.0), (2.0, 3.2, 32.0), (3.0, 3.5, 70.0)):
        seeds = (noise > threshold).to(pictures)
        flakes = torch.maximum(flakes, (gaussian_blur(seeds, sigma) * height).clamp(0, 1))
    return pale * (1 - flakes) + 0.98 * flakes


def rainfall(pictures: Tensor, noise: Tensor) -> Tensor:
    """Darker, greyer and bluer, with long slanted bright streaks where ``noise`` (N, 1, H, W) is high."""
    wet = (pictures * 0.55 + 0.45 * luminance(pictures)) * colour((0.58, 0.64, 0.72), pictures)
    length = 23
    slant = torch.eye(length, device=pictures.device).flip(1)
    kernel = F.interpolate(slant[None, None], size=(2 * length - 1, length), mode="nearest")
    kernel = kernel[..., length // 4 : -(length // 4) or None]
    streaks = F.conv2d((noise > 2.9).to(pictures), kernel, padding="same")
    return wet + 0.42 * (2 * gaussian_blur(streaks, 0.9)).clamp(0, 1)


def film_grain(pictures: Tensor, noise: Tensor) -> Tensor:
    """The matte look of old film: a third less colour, lifted blacks, softened whites, ``noise`` in the brightness."""
    matte = (pictures * 0.65 + 0.35 * luminance(pictures)) * 0.72 + colour((0.16, 0.14, 0.11), pictures)
    return matte + 0.045 * gaussian_blur(noise, 1.0) / 0.28
