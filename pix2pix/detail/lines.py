"""An edit explained at the model's size by local lines from colour to colour, ``after = gain . before + offset``.

The guided filter with colour guidance (He, Sun and Tang, "Guided Image Filtering", TPAMI 2013, equations 14 to 18). Two
things are ours. Where a window's own colours say too little, as in a clear sky, it falls back on the line of the wider
area around it, so that fine grain gets through as well. And a window counts by how well its line explains the edit:
where there is something new, a hat or a snowflake, the edit itself is shown and nothing of the photo under it. The same
holds where the edit blurs: there the photo's detail stays out.
"""

from collections.abc import Callable
from functools import partial

import torch
from PIL.Image import Resampling

from pix2pix.detail.planes import CPU, resized
from pix2pix.detail.reach import ramp

WINDOW = 3  # radius in pixels of the canvas
AREA, WHOLE = 32, 10**6  # sides in pixels
# Side of the areas that are fitted, in pixels, from the whole picture to the single window; and how much the line of
# the area before counts against the area's own colours, as a variance of colours in 0..1.
FITS = ((WHOLE, 1e-6), (AREA, 1e-4), (1, 3e-4))
NOISE = 0.06  # deviation, over the three channels, that an autoencoder may leave in a flat area
EXPLAINED, NEW = 0.1, 0.3  # share of the variance left over: below the first all is trusted, above the second nothing
BLURRED, SHARP = 0.65, 0.8  # share of the fine detail kept; autoencoders keep 0.8 to 1, "blur it" 0.2 to 0.7
LEAST_DETAIL = 1e-5  # variance of fine detail in 0..1 below which an area counts as sharp
SERIAL = 2**15  # numbers that torch works on in one thread; more are shared among several, who mostly wait then


def explain(before: torch.Tensor, after: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The local gain of an edit, and the edit without what the autoencoder lost.

    Args:
        before, after: (3, H, W) float32 RGB in 0..1.

    Returns:
        gain: (3, 3, H, W) float32, from channel of ``before`` to channel of ``after``; zero where nothing is explained.
        explained: (3, H, W) float32, the mean over all windows around a pixel of what each says it is: its line of
            ``before`` where that is trusted, and ``after`` where not.
    """
    mean_before, mean_after = _mean(before), _mean(after)
    variance = _symmetric(lambda i, k: _mean(before[i] * before[k]) - mean_before[i] * mean_before[k])
    covariance = _mean(before[:, None] * after) - mean_before[:, None] * mean_after
    energy = (_mean(after**2) - mean_after**2).sum(0)
    moments = variance, covariance, mean_before, mean_after
    fallback = torch.zeros_like(variance) + _one(before)  # as if nothing had changed
    for side, least in FITS:
        fit = partial(_fit, least=least)
        if side == 1:
            gain, offset = _in_bands(fit, *moments, fallback)
        else:
            line = fit(*(_pooled(values, side) for values in (*moments, fallback)))
            gain, offset = (_spread(part, before) for part in line)
        (trust,) = _in_bands(_trust, gain, offset, *moments, energy)
        fallback = gain * trust
    gain, offset, trust = _mean(fallback), _mean(offset * trust), _mean(trust)
    sharp = _sharpness(gain, before, after)
    return gain * sharp, after + sharp * (_apply(gain, before) + offset - trust * after)


def _one(like: torch.Tensor) -> torch.Tensor:
    """The gain that changes nothing, (3, 3, 1, 1)."""
    return torch.eye(3, dtype=like.dtype, device=like.device)[..., None, None]


def _symmetric(entry: Callable[[int, int], torch.Tensor]) -> torch.Tensor:
    """(3, 3, H, W) of ``entry(i, k)``, which is ``entry(k, i)``, each called once."""
    upper = {(i, k): entry(i, k) for i in range(3) for k in range(i, 3)}
    return torch.stack([torch.stack([upper[min(i, k), max(i, k)] for k in range(3)]) for i in range(3)])


def _in_bands(function: Callable[..., tuple[torch.Tensor, ...]], *values: torch.Tensor) -> list[torch.Tensor]:
    """``function`` of (..., H, W) tensors, in which no pixel knows of another: on a CPU some rows after the other."""
    height, width = values[0].shape[-2:]
    rows = max(1, SERIAL // (9 * width)) if values[0].device == CPU else height
    drawn = [function(*(value[..., top : top + rows, :] for value in values)) for top in range(0, height, rows)]
    return [torch.cat(parts, -2) for parts in zip(*drawn, strict=True)]


def _fit(
    variance: torch.Tensor,
    covariance: torch.Tensor,
    mean_before: torch.Tensor,
    mean_after: torch.Tensor,
    fallback: torch.Tensor,
    *,
    least: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gain, (3, 3, H, W), and offset, (3, H, W), of ridge regression towards the gain ``fallback``."""
    red, green, blue = variance.double() + least * _one(variance.double())
    adjugate = torch.stack([torch.linalg.cross(*rows, dim=0) for rows in ((green, blue), (blue, red), (red, green))])
    inverse = adjugate / (red * adjugate[0]).sum(0)
    gain = _compose(inverse, covariance + least * fallback).float()
    return gain, mean_after - _apply(gain, mean_before)


def _trust(
    gain: torch.Tensor,
    offset: torch.Tensor,
    variance: torch.Tensor,
    covariance: torch.Tensor,
    mean_before: torch.Tensor,
    mean_after: torch.Tensor,
    energy: torch.Tensor,
) -> tuple[torch.Tensor]:
    """How well the line of each window explains the edit there, (H, W) in 0..1."""
    shift = mean_after - offset - _apply(gain, mean_before)
    left = energy - (gain * (2 * covariance - _compose(variance, gain))).sum((0, 1)) + (shift**2).sum(0)
    return (1 - ramp(left / (energy + NOISE**2), EXPLAINED, NEW),)


def _sharpness(gain: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Whether the edit has the fine detail its lines promise, (H, W) in 0..1: 0 where it was meant to be blurred."""
    fine_before, fine_after = before - _mean(before, 2), after - _mean(after, 2)
    promised = _apply(gain, fine_before)
    shared, all_of_it = _pooled((promised * fine_after).sum(0), AREA), _pooled((promised**2).sum(0), AREA)
    kept = (shared + LEAST_DETAIL) / (all_of_it + LEAST_DETAIL)
    return _spread(ramp(kept, BLURRED, SHARP), before)


def _mean(values: torch.Tensor, reach: int = WINDOW) -> torch.Tensor:
    """Mean over the window of radius ``reach`` around each pixel of (..., H, W), borders replicated."""
    height, width = values.shape[-2:]
    planes = values.reshape(-1, height, width)
    means, at_once, rows = torch.empty_like(planes), len(planes), height
    if values.device == CPU:
        at_once, rows = 1, max(1, SERIAL // (width + 2 * reach) - 2 * reach)
    for first in range(0, len(planes), at_once):
        wide = _widened(planes[first : first + at_once], reach, 1)
        for top in range(0, height, rows):
            down = _sums(wide[:, top : top + rows + 2 * reach], reach, 1)
            given = means[first : first + at_once, top : top + rows]
            torch.div(_sums(_widened(down, reach, 2), reach, 2), (2 * reach + 1) ** 2, out=given)
    return means.reshape(values.shape)


def _widened(planes: torch.Tensor, reach: int, axis: int) -> torch.Tensor:
    """(N, H, W) with its first and last values along ``axis`` ``reach`` times more."""
    first, last = (planes.narrow(axis, at, 1) for at in (0, planes.shape[axis] - 1))
    return torch.cat([*reach * [first], planes, *reach * [last]], axis)


def _sums(wide: torch.Tensor, reach: int, axis: int) -> torch.Tensor:
    """Of each value along ``axis`` of (N, H, W) with the ``reach`` before and after it, where it has those."""
    length = wide.shape[axis] - 2 * reach
    total = wide.narrow(axis, 0, length) + wide.narrow(axis, 1, length)
    for k in range(2, 2 * reach + 1):
        total += wide.narrow(axis, k, length)
    return total


def _pooled(values: torch.Tensor, side: int) -> torch.Tensor:
    """Means of (..., H, W) over squares of about ``side`` pixels, at least one."""
    height, width = values.shape[-2:]
    return resized(values, (max(1, width // side), max(1, height // side)), Resampling.BOX)


def _spread(values: torch.Tensor, over: torch.Tensor) -> torch.Tensor:
    """What areas have, (..., h, w), for every pixel of ``over``."""
    return resized(values, (over.shape[-1], over.shape[-2]), Resampling.BILINEAR)


def _compose(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Matrix products at every pixel, (3, 3, H, W)."""
    first = torch.addcmul(left[:, 0, None] * right[0], left[:, 1, None], right[1])
    return torch.addcmul(first, left[:, 2, None], right[2])


def _apply(gain: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
    first = torch.addcmul(gain[0] * colours[0], gain[1], colours[1])
    return torch.addcmul(first, gain[2], colours[2])
