"""Colours of things: pixels of one hue get another hue and keep their shading; the rest stays as it is."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pix2pix.training.targets.colour import hsv_to_rgb, rgb_to_hsv


@dataclass(frozen=True)
class ThingColour:
    """A hue in 0..1, and how far from it colours still have the same name."""

    hue: float
    reach: float


THING_COLOURS = {
    "red": ThingColour(0.00, 0.045),
    "orange": ThingColour(0.08, 0.035),
    "yellow": ThingColour(0.155, 0.04),
    "green": ThingColour(0.33, 0.12),
    "cyan": ThingColour(0.50, 0.055),
    "blue": ThingColour(0.61, 0.06),
    "purple": ThingColour(0.76, 0.07),
    "pink": ThingColour(0.90, 0.06),
}
SOFTNESS = 0.025  # of the border between two hues
HUE_VARIATION = 0.3  # how much of the hue differences within a thing stays


def recolour(pictures: Tensor, source: str, target: str) -> Tensor:
    """Pictures (N, 3, H, W) in 0..1 in which what was of colour ``source`` is of colour ``target``."""
    hue, saturation, value = rgb_to_hsv(pictures)
    new_hue = THING_COLOURS[target].hue + HUE_VARIATION * _hue_difference(hue, source)
    changed = hsv_to_rgb(new_hue, saturation, value)
    return pictures + membership(pictures, source)[:, None] * (changed - pictures)


def membership(pictures: Tensor, name: str) -> Tensor:
    """How surely each pixel is of the colour ``name``, (N, H, W) in 0..1; grey and very dark pixels are of none."""
    hue, saturation, value = rgb_to_hsv(pictures)
    excess = _hue_difference(hue, name).abs() - THING_COLOURS[name].reach
    near = 1 - (excess / SOFTNESS).clamp(0, 1)
    return near * ((saturation - 0.25) / 0.15).clamp(0, 1) * ((value - 0.1) / 0.1).clamp(0, 1)


def turn_hues(pictures: Tensor, turns: Tensor) -> Tensor:
    """All hues of picture n turned by ``turns[n]``, in parts of the circle."""
    hue, saturation, value = rgb_to_hsv(pictures)
    return hsv_to_rgb(hue + turns.view(-1, 1, 1), saturation, value)


def _hue_difference(hue: Tensor, name: str) -> Tensor:
    return torch.remainder(hue - THING_COLOURS[name].hue + 0.5, 1) - 0.5
