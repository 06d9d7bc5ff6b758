"""3 x 3 convolutions with half of the multiplications.

Lavin, Gray: *Fast Algorithms for Convolutional Neural Networks* (arXiv:1509.09308), F(4, 3): four values of a filter of
three taps are sums of six products, where the definition has twelve. Here it works along the columns alone; across the
rows torch convolves as ever. In both directions it would take a quarter, and lose more than that to moving numbers.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

TAKEN, PRODUCTS, GIVEN = 6, 6, 4  # of six rows come six products, and of these four rows
BAND = 2_000_000  # numbers that are between the two transforms at a time; more would leave the cache
LEAST_BAND = 4  # tiles; less is more Python than arithmetic
FILTERS = torch.tensor(  # G of the paper, times 24
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]], dtype=torch.float64
)
Filters = tuple[torch.Tensor, ...]


def transformed(weight: torch.Tensor) -> Filters:
    """A weight, (O, C, 3, 3), as the filters of the six products, (O, C, 1, 3) each."""
    filters = torch.einsum("pk,ocks->pocs", FILTERS / 24, weight.double()).to(weight.dtype).unsqueeze(3)
    return tuple(one.contiguous(memory_format=torch.channels_last) for one in filters)


def convolve(pixels: torch.Tensor, filters: Filters, bias: torch.Tensor | None) -> torch.Tensor:
    """``pixels``, (N, C, H, W), convolved with padding 1: (N, O, H, W), in the order of channels_last.

    Args:
        pixels: float32; half precision would lose too much in the sums.
        filters: as ``transformed`` gives them.
    """
    photos, channels, height, width = pixels.shape
    tiles = -(-height // GIVEN)
    convolved = pixels.new_empty(photos, tiles * GIVEN, width, len(filters[0]))
    bands = -(-tiles // max(LEAST_BAND, BAND // (PRODUCTS * width * channels)))
    band = -(-tiles // bands) * GIVEN  # rows
    for photo, given in zip(pixels.permute(0, 2, 3, 1), convolved, strict=True):
        for first in range(0, height, band):
            part = given[first : first + band]
            _convolve_band(_rows(photo, first - 1, first + len(part) + 1), filters, bias, part)
    return convolved[:, :height].permute(0, 3, 1, 2)


def _rows(photo: torch.Tensor, first: int, end: int) -> torch.Tensor:
    """The rows from ``first`` to ``end`` of ``photo``, (H, W, C), with rows of zeros where it has none."""
    inside = photo[max(first, 0) : end]
    if len(inside) == end - first:
        return inside
    rows = inside.new_empty(end - first, *photo.shape[1:])  # torch's own padding writes all of it twice
    above = max(-first, 0)
    rows[:above], rows[above + len(inside) :] = 0, 0
    rows[above : above + len(inside)] = inside
    return rows


def _convolve_band(rows: torch.Tensor, filters: Filters, bias: torch.Tensor | None, given: torch.Tensor) -> None:
    """``rows``, (R + 2, W, C), of one photo come in; ``given`` is (R, W, O)."""
    taken = rows.unfold(0, TAKEN, GIVEN).movedim(3, 0)  # (6, tiles, W, C), where a row is there once
    sums = rows.new_empty(taken.shape)
    _sum_rows(taken, sums)
    biases = None, bias, None, None, None, None  # the second product is in each of the four rows once
    maps = torch.split(sums.permute(0, 3, 1, 2), 1)
    products = [F.conv2d(*each, padding=(0, 1))[0] for each in zip(maps, filters, biases, strict=True)]
    _sum_products([product.permute(1, 2, 0) for product in products], given.unfold(0, GIVEN, GIVEN).movedim(3, 0))


def _sum_rows(rows: torch.Tensor, sums: torch.Tensor) -> None:
    """B of the paper: (6, ...) of rows to (6, ...)."""
    odd, even = torch.add(rows[3:5], rows[1:3], alpha=-4)
    torch.add(even, odd, out=sums[1])
    torch.sub(even, odd, out=sums[2])
    odd, even = rows[3:5] - rows[1:3]
    torch.add(even, odd, alpha=2, out=sums[3])
    torch.add(even, odd, alpha=-2, out=sums[4])
    torch.add(torch.add(rows[4:6], rows[2:4], alpha=-5), rows[0:2], alpha=4, out=sums[::5])


def _sum_products(products: Sequence[torch.Tensor], given: torch.Tensor) -> None:
    """A of the paper: six products to (4, ...) of rows."""
    first, near, near_too, far, far_too, last = products
    nears, fars = near + near_too, far + far_too
    torch.add(nears, fars, out=given[0]).add_(first)
    torch.add(nears, fars, alpha=4, out=given[2])
    nears, fars = near.sub_(near_too), far.sub_(far_too)
    torch.add(nears, fars, alpha=2, out=given[1])
    torch.add(nears, fars, alpha=8, out=given[3]).add_(last)
