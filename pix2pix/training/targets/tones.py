"""Closed forms of light and colour, pixel by pixel, on batches of pictures: (N, 3, H, W) RGB in 0..1.

The results may leave 0..1. A strength of 1 is the plain edit.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from pix2pix.training.targets.colour import colour, gradient_map, luminance
from pix2pix.training.targets.places import coordinates

FOG = (0.80, 0.82, 0.84)  # its colour
THROUGH_FOG = 0.42  # of the light of things
PALE = 0.7  # of their colour
LIGHT_FOG = 0.3  # the strength of the fog that can be taken away


def black_and_white(pictures: Tensor) -> Tensor:
    """Three equal channels."""
    return luminance(pictures).expand(-1, 3, -1, -1)


def invert(pictures: Tensor) -> Tensor:
    """The photographic negative."""
    return 1 - pictures


def solarize(pictures: Tensor) -> Tensor:
    """Whatever is brighter than a half is inverted."""
    return pictures.minimum(1 - pictures)


def night(pictures: Tensor) -> Tensor:
    """Dark, a little paler, and blue."""
    pale = pictures * 0.8 + 0.2 * luminance(pictures)
    return pale.clamp(0, 1) ** 1.25 * colour((0.26, 0.34, 0.62), pictures)


def sunset(pictures: Tensor) -> Tensor:
    """Purple shadows, orange and yellow lights, over a quarter of the picture itself."""
    glow = gradient_map(pictures, [(0.12, 0.02, 0.20), (0.75, 0.22, 0.25), (1.0, 0.62, 0.25), (1.0, 0.95, 0.70)])
    return 0.25 * pictures + 0.75 * glow


def brighter(pictures: Tensor, strength: float) -> Tensor:
    """A gamma on the inverted picture: white stays white."""
    return 1 - (1 - pictures) ** (1 + 0.9 * strength)


def darker(pictures: Tensor, strength: float) -> Tensor:
    """A gamma, and half of the light."""
    return pictures ** (1 + 0.3 * strength) * math.pow(0.5, strength)


def warmer(pictures: Tensor, strength: float) -> Tensor:
    """More red, less blue."""
    gain = colour((1 + 0.18 * strength, 1 - 0.02 * strength, 1 - 0.38 * strength), pictures)
    return pictures * gain + strength * colour((0.05, 0.01, 0), pictures)


def colder(pictures: Tensor, strength: float) -> Tensor:
    """More blue, less red."""
    gain = colour((1 - 0.34 * strength, 1 - 0.05 * strength, 1 + 0.15 * strength), pictures)
    return pictures * gain + strength * colour((0, 0.02, 0.07), pictures)


def more_contrast(pictures: Tensor, strength: float) -> Tensor:
    """Away from middle grey."""
    return 0.5 + (pictures - 0.5) * (1 + 0.9 * strength)


def faded(pictures: Tensor, strength: float) -> Tensor:
    """Less colour, less contrast, lifted."""
    pale = luminance(pictures) + (pictures - luminance(pictures)) * math.pow(0.7, strength)
    return 0.5 + (pale - 0.5) * math.pow(0.45, strength) + 0.08 * strength


def vivid(pictures: Tensor, strength: float) -> Tensor:
    """Away from the grey of the same luminance."""
    grey = luminance(pictures)
    return grey + (1 + 1.2 * strength) * (pictures - grey)


def fog(pictures: Tensor, strength: float) -> Tensor:
    """A pale grey in front of a paler picture."""
    pale = pictures * PALE + (1 - PALE) * luminance(pictures)
    through = math.pow(THROUGH_FOG, strength)
    return pale * through + colour(FOG, pictures) * (1 - through)


def clear(pictures: Tensor) -> Tensor:
    """A light fog taken away, exactly: deeper shadows and richer colours. More would make a clear photo black."""
    through = math.pow(THROUGH_FOG, LIGHT_FOG)
    pale = (pictures - colour(FOG, pictures) * (1 - through)) / through
    grey = luminance(pale)
    return grey + (pale - grey) / PALE


def vignette(pictures: Tensor) -> Tensor:
    """Dark corners: the light falls off smoothly from 40 % of the way to the corners on."""
    y, x = coordinates(pictures)
    outward = (torch.hypot(2 * x - 1, 2 * y - 1) / 2**0.5 - 0.4).clamp_min(0) / 0.6
    return pictures * (1 - 0.9 * outward**2 * (3 - 2 * outward))


def tint(rgb: tuple[float, float, float]) -> Callable[[Tensor, float], Tensor]:
    """Black to ``rgb`` to white by luminance (``PIL.ImageOps.colorize``), over a quarter of the picture itself."""

    def tinted(pictures: Tensor, strength: float) -> Tensor:
        ramp = gradient_map(pictures, [(0, 0, 0), rgb, (1, 1, 1)])
        return ramp + (pictures - ramp) * math.pow(0.25, strength)

    return tinted
