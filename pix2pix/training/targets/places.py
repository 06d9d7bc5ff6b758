"""Places in a picture and what is put there: regions, frames and flat shapes, as masks over the whole picture.

Pictures are (N, 3, H, W) RGB in 0..1, masks (1, 1, H, W) in 0..1. Everything is relative to the picture's sides, so a
place is the same in a picture of any size.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from pix2pix.training.targets.colour import colour

PAINTS = {
    "red": (0.88, 0.10, 0.10),
    "orange": (1.00, 0.55, 0.05),
    "yellow": (1.00, 0.90, 0.10),
    "green": (0.10, 0.65, 0.20),
    "cyan": (0.10, 0.85, 0.90),
    "blue": (0.10, 0.25, 0.90),
    "purple": (0.50, 0.15, 0.75),
    "pink": (1.00, 0.55, 0.75),
    "white": (0.97, 0.97, 0.97),
    "black": (0.03, 0.03, 0.03),
}
NEAR, CENTRE, FAR = 0.24, 0.5, 0.76  # where shapes lie, in parts of a side
POSITIONS = {
    "upper left": (NEAR, NEAR),
    "top": (CENTRE, NEAR),
    "upper right": (FAR, NEAR),
    "left": (NEAR, CENTRE),
    "middle": (CENTRE, CENTRE),
    "right": (FAR, CENTRE),
    "lower left": (NEAR, FAR),
    "bottom": (CENTRE, FAR),
    "lower right": (FAR, FAR),
}  # x and y
SIZES = {"small": 0.075, "medium": 0.13, "large": 0.2}  # radius in parts of the short side
REGION_SOFTNESS = 0.04  # of the short side: how far a region's border reaches
SOFT_REGION_SOFTNESS = 0.16  # the same for the middle and the edges
CRISP = 1.5  # pixels over which a frame or a shape begins
FRAME_WIDTH = 0.075  # of the short side

Distance = Callable[[Tensor, Tensor], Tensor]


def coordinates(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """y (1, 1, H, 1) and x (1, 1, 1, W) of the pixels' middles, in 0..1 from the upper left corner on."""
    height, width = pictures.shape[2:]
    y = (torch.arange(height, dtype=pictures.dtype, device=pictures.device) + 0.5) / height
    x = (torch.arange(width, dtype=pictures.dtype, device=pictures.device) + 0.5) / width
    return y.view(1, 1, -1, 1), x.view(1, 1, 1, -1)


def _measures(pictures: Tensor) -> tuple[Tensor, Tensor, int, int, int]:
    """y and x of the pixels' middles in pixels, height, width and the shorter of the two."""
    height, width = pictures.shape[2:]
    y, x = coordinates(pictures)
    return y * height, x * width, height, width, min(height, width)


def _inside(distance: Tensor, softness: float) -> Tensor:
    """A mask from signed distances in pixels, negative inside; its border is a ramp of ``softness`` pixels."""
    return (0.5 - distance / softness).clamp(0, 1)


def _inset(pictures: Tensor) -> Tensor:
    """Signed distance in pixels to the picture's own border, negative inside, (1, 1, H, W)."""
    y, x, height, width, _ = _measures(pictures)
    return -torch.minimum(torch.minimum(x, width - x), torch.minimum(y, height - y))


def region_mask(name: str, pictures: Tensor) -> Tensor:
    """Where the region ``name``, one of REGIONS, lies in ``pictures``."""
    short = min(pictures.shape[2:])
    softness = SOFT_REGION_SOFTNESS if name in ("middle", "edges") else REGION_SOFTNESS
    return _inside(REGIONS[name](pictures), softness * short).expand(1, 1, *pictures.shape[2:])


def _beyond(across: float, down: float) -> Callable[[Tensor], Tensor]:
    """The half or quarter towards which (across, down) points, each -1, 0 or 1."""

    def distance(pictures: Tensor) -> Tensor:
        y, x, height, width, _ = _measures(pictures)
        beside, below = across * (width / 2 - x), down * (height / 2 - y)
        return torch.maximum(beside, below) if across and down else beside + below

    return distance


def _middle(pictures: Tensor) -> Tensor:
    """An ellipse of half the sides."""
    y, x = coordinates(pictures)
    return (torch.hypot((x - 0.5) / 0.27, (y - 0.5) / 0.27) - 1) * 0.27 * min(pictures.shape[2:])


def _edges(pictures: Tensor) -> Tensor:
    return -_inset(pictures) - 0.19 * min(pictures.shape[2:])


REGIONS = {
    "top half": _beyond(0, -1),
    "bottom half": _beyond(0, 1),
    "left half": _beyond(-1, 0),
    "right half": _beyond(1, 0),
    "upper left corner": _beyond(-1, -1),
    "upper right corner": _beyond(1, -1),
    "lower left corner": _beyond(-1, 1),
    "lower right corner": _beyond(1, 1),
    "middle": _middle,
    "edges": _edges,
}


def frame_mask(pictures: Tensor) -> Tensor:
    """Where a frame around ``pictures`` lies."""
    return _inside(-_inset(pictures) - FRAME_WIDTH * min(pictures.shape[2:]), CRISP)


def shape_mask(shape: str, size: str, position: str, pictures: Tensor) -> Tensor:
    """Where a shape lies; the names are of SHAPES, SIZES and POSITIONS."""
    y, x, height, width, short = _measures(pictures)
    across, down = POSITIONS[position]
    radius = SIZES[size] * short
    return _inside(SHAPES[shape]((x - across * width) / radius, (y - down * height) / radius) * radius, CRISP)


def _circle(x: Tensor, y: Tensor) -> Tensor:
    return torch.hypot(x, y) - 1


def _square(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - 0.886


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    """Equilateral, pointing upwards, a little lower than its centre so that it looks centred."""
    return torch.maximum(0.866 * x.abs() - 0.5 * (y - 0.2), y - 0.2) - 0.6


def _star(x: Tensor, y: Tensor) -> Tensor:
    """Five points, the first one upwards; a point's tip lies at 1.08, the notch between two at 0.5."""
    fold = math.pi / 5
    angle = torch.atan2(x, -y)
    angle = (torch.remainder(angle + fold, 2 * fold) - fold).abs()
    reach = torch.hypot(x, y)
    along, across = reach * angle.cos(), reach * angle.sin()
    notch_along, notch_across = 0.5 * math.cos(fold), 0.5 * math.sin(fold)
    length = math.hypot(1.08 - notch_along, notch_across)
    return ((along - 1.08) * notch_across + across * (1.08 - notch_along)) / length


SHAPES: dict[str, Distance] = {"circle": _circle, "square": _square, "triangle": _triangle, "star": _star}


def paint(pictures: Tensor, mask: Tensor, name: str) -> Tensor:
    """``pictures`` in the flat colour ``name``, one of PAINTS, where ``mask`` is."""
    return pictures + mask * (colour(PAINTS[name], pictures) - pictures)
