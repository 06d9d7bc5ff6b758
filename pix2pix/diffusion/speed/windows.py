"""A 3 x 3 convolution as one matrix product, for small pictures of many channels.

There the weights are most of what is read. Torch puts them into another order first, at each call; a matrix product
reads them as they are. Chellapilla, Puri, Simard: *High Performance Convolutional Neural Networks for Document
Processing* (2006).
"""

import torch
import torch.nn.functional as F


def convolve(pixels: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """``pixels``, (N, C, H, W), convolved with padding 1: (N, O, H, W), in the order of channels_last.

    Args:
        weight: (O, C, 3, 3), in the order of channels_last.
    """
    padded = F.pad(pixels.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
    windows = padded.unfold(1, 3, 1).unfold(2, 3, 1).permute(0, 1, 2, 4, 5, 3)  # (N, H, W, 3, 3, C)
    return F.linear(windows.flatten(3), weight.permute(0, 2, 3, 1).flatten(1), bias).permute(0, 3, 1, 2)
