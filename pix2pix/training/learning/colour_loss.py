"""What the denoiser is trained to make small: the squared error of latents, with more weight on colours."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

CELLS = 4  # latents per side whose mean colour is compared


@dataclass(frozen=True, eq=False)
class ColourLoss:
    """The squared error of latents, plus that of colours, plus that of colours averaged over CELLS x CELLS latents.

    Errors of colour show as blotches, the more the larger the blotch, and latents of equal deviation hide them.

    Attributes:
        opponent: (3, C), from scaled latents to brightness, red minus green and blue minus yellow of their pixels.
        weight, slow_weight: of the two errors of colour.
    """

    opponent: Tensor
    weight: float = 15.0
    slow_weight: float = 30.0

    def __call__(self, predicted: Tensor, clean: Tensor, weights: Tensor) -> Tensor:
        """The loss, one number, of scaled latents (N, C, h, w) with ``weights`` (N, 1, h, w)."""
        error = predicted - clean
        colour = torch.einsum("oc,nchw->nohw", self.opponent, error)
        slow = F.avg_pool2d(colour, CELLS)
        return (
            (error**2 * weights).mean()
            + self.weight * (colour**2 * weights).mean()
            + self.slow_weight * (slow**2 * F.avg_pool2d(weights, CELLS)).mean()
        )


def fit_colour_loss(pictures: Tensor, latents: Tensor) -> ColourLoss:
    """Fit the map by least squares.

    Args:
        pictures: (N, 3, H, W) RGB in 0..1.
        latents: (N, C, h, w), theirs, scaled.
    """
    colours = F.interpolate(pictures, size=latents.shape[2:], mode="area").permute(0, 2, 3, 1).flatten(0, 2)
    x = latents.permute(0, 2, 3, 1).flatten(0, 2)
    x, colours = x - x.mean(0), colours - colours.mean(0)
    rgb = torch.linalg.lstsq(x, colours).solution.T
    return ColourLoss(torch.stack([rgb.mean(0), rgb[0] - rgb[1], rgb[2] - (rgb[0] + rgb[1]) / 2]))
