"""A picture of twice the size, convolved, from the small one: with four ninths of the multiplications.

In a picture whose pixels were doubled, three neighbours have two values at most, so that a 3 x 3 filter is a 2 x 2
filter of the small picture: one for each of the four pixels that came from one.
"""

import torch
import torch.nn.functional as F

NEAR = torch.tensor([[[1, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]])  # [first or second of two pixels][tap][neighbour]

Filters = tuple[tuple[torch.Tensor, ...], ...]


def halved(weight: torch.Tensor) -> Filters:
    """A weight, (O, C, 3, 3), as four of the small picture, (O, C, 2, 2) each: upper and lower, left and right."""
    near = NEAR.double()
    filters = torch.einsum("ukr,vls,ocrs->uvockl", near, near, weight.double()).to(weight.dtype)
    return tuple(tuple(one.contiguous(memory_format=torch.channels_last) for one in row) for row in filters)


def double_and_convolve(pixels: torch.Tensor, filters: Filters, bias: torch.Tensor | None) -> torch.Tensor:
    """``pixels``, (N, C, H, W), doubled and convolved with padding 1: (N, O, 2 H, 2 W), in channels_last's order."""
    photos, _, height, width = pixels.shape
    padded = F.pad(pixels.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1)).permute(0, 3, 1, 2)
    convolved = pixels.new_empty(photos, height, 2, width, 2, len(filters[0][0]))
    for lower in (0, 1):
        for right in (0, 1):
            part = padded[:, :, lower : lower + height + 1, right : right + width + 1]
            convolved[:, :, lower, :, right] = F.conv2d(part, filters[lower][right], bias).permute(0, 2, 3, 1)
    return convolved.view(photos, 2 * height, 2 * width, -1).permute(0, 3, 1, 2)
