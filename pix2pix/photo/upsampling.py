"""A small edit applied to the full-size photo: the colours of the edit, the detail of the photo.

The edit is explained at the model's size by local lines from colour to colour, ``after = gain . before + offset``: the
guided filter with colour guidance (He, Sun and Tang, "Guided Image Filtering", TPAMI 2013, equations 14 to 18), whose
coefficients, enlarged, are applied to the full-size guide (He and Sun, "Fast Guided Filter", arXiv:1505.00996). Two
things are ours. Where a window's own colours say too little, as in a clear sky, it falls back on the line of the wider
area around it, so that fine grain gets through as well. And a window counts by how well its line explains the edit:
where there is something new, a hat or a snowflake, the edit itself is shown and nothing of the photo under it. The same
holds where the edit blurs: there the photo's detail stays out.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from PIL import Image

from pix2pix.photo.reach import ramp, reach

WINDOW = 3  # radius in pixels of the canvas
AREA, WHOLE = 32, 10**6  # sides in pixels
# Side of the areas that are fitted, in pixels, from the whole picture to the single window; and how much the line of
# the area before counts against the area's own colours, as a variance of colours in 0..1.
FITS = ((WHOLE, 1e-6), (AREA, 1e-4), (1, 3e-4))
NOISE = 0.06  # deviation, over the three channels, that an autoencoder may leave in a flat area
EXPLAINED, NEW = 0.1, 0.3  # share of the variance left over: below the first all is trusted, above the second nothing
BLURRED, SHARP = 0.65, 0.8  # share of the fine detail kept; autoencoders keep 0.8 to 1, "blur it" 0.2 to 0.7
LEAST_DETAIL = 1e-5  # variance of fine detail in 0..1 below which an area counts as sharp
BAND_PIXELS = 2**19  # a band of rows takes about 30 MB while it is drawn
MAX_THREADS = 8
CACHED_PIXELS = 2**13


def transfer(photo: Image.Image, canvas_before: Image.Image, canvas_after: Image.Image) -> Image.Image:
    """Repeat on ``photo`` the edit that made ``canvas_after`` out of ``canvas_before``.

    Args:
        photo: RGB, any size.
        canvas_before: RGB, the same photo at the model's size.
        canvas_after: RGB of that size: its edit.

    Returns:
        RGB of the photo's size: the edit, enlarged with Lanczos, and on top the detail of the photo that the canvas
        could not hold, through the local gain of the edit; the photo itself where the edit does not reach. Beyond the
        result itself, memory hardly grows with the photo.
    """
    before, after = _channels(canvas_before), _channels(canvas_after)
    gain, explained = _within(reach(canvas_before, canvas_after), before, *explain(before, after))
    planes = [Image.fromarray(plane) for plane in (*before, *explained, *gain.reshape(9, *gain.shape[2:]))]
    result = Image.new("RGB", photo.size)
    photo.load()
    rows = max(1, BAND_PIXELS // photo.width)

    def draw(top: int) -> None:
        band = 0, top, photo.width, min(photo.height, top + rows)
        result.paste(_draw_band(photo, planes, band), band)

    with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as threads:
        for _ in threads.map(draw, range(0, photo.height, rows)):
            pass  # looked at, so that an error is raised
    return result


def explain(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
    fallback = np.zeros_like(variance) + np.eye(3, dtype=np.float32)[..., None, None]  # as if nothing had changed
    for side, least in FITS:
        fit = partial(_fit, least=least)
        if side == 1:
            gain, offset = _in_bands(fit, *moments, fallback)
        else:
            line = fit(*(_pooled(values, side) for values in (*moments, fallback)))
            gain, offset = (_resized(part, before.shape[:0:-1], Image.Resampling.BILINEAR) for part in line)
        (trust,) = _in_bands(_trust, gain, offset, *moments, energy)
        fallback = gain * trust
    gain, offset, trust = _mean(fallback), _mean(offset * trust), _mean(trust)
    sharp = _sharpness(gain, before, after)
    return gain * sharp, after + sharp * (_apply(gain, before) + offset - trust * after)


def _symmetric(entry: Callable[[int, int], np.ndarray]) -> np.ndarray:
    """(3, 3, H, W) of ``entry(i, k)``, which is ``entry(k, i)``, each called once."""
    upper = {(i, k): entry(i, k) for i in range(3) for k in range(i, 3)}
    return np.stack([np.stack([upper[min(i, k), max(i, k)] for k in range(3)]) for i in range(3)])


def _in_bands(function: Callable[..., tuple[np.ndarray, ...]], *values: np.ndarray) -> list[np.ndarray]:
    """``function`` of (..., H, W) arrays, in which no pixel knows of another: as many rows at once as fit into a
    processor's cache."""
    height, width = values[0].shape[-2:]
    rows = max(1, CACHED_PIXELS // width)
    bands = [slice(top, top + rows) for top in range(0, height, rows)]
    drawn = [function(*(value[..., band, :] for value in values)) for band in bands]
    return [np.concatenate(parts, axis=-2) for parts in zip(*drawn, strict=True)]


def _trust(
    gain: np.ndarray,
    offset: np.ndarray,
    variance: np.ndarray,
    covariance: np.ndarray,
    mean_before: np.ndarray,
    mean_after: np.ndarray,
    energy: np.ndarray,
) -> tuple[np.ndarray]:
    """How well the line of each window explains the edit there, (H, W) in 0..1."""
    shift = mean_after - offset - _apply(gain, mean_before)
    left = energy - (gain * (2 * covariance - _compose(variance, gain))).sum((0, 1)) + (shift**2).sum(0)
    return (1 - ramp(left / (energy + NOISE**2), EXPLAINED, NEW),)


def _within(
    reach: np.ndarray, before: np.ndarray, gain: np.ndarray, explained: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The edit where it reaches, (H, W) in 0..1, and no edit elsewhere."""
    none = np.eye(3, dtype=np.float32)[..., None, None]
    return none + reach * (gain - none), before + reach * (explained - before)


def _sharpness(gain: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Whether the edit has the fine detail its lines promise, (H, W) in 0..1: 0 where it was meant to be blurred."""
    fine_before, fine_after = before - _mean(before, 2), after - _mean(after, 2)
    promised = _apply(gain, fine_before)
    shared, all_of_it = _pooled((promised * fine_after).sum(0), AREA), _pooled((promised**2).sum(0), AREA)
    kept = (shared + LEAST_DETAIL) / (all_of_it + LEAST_DETAIL)
    return _resized(ramp(kept, BLURRED, SHARP), before.shape[:0:-1], Image.Resampling.BILINEAR)


def _channels(image: Image.Image) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(image, np.float32).transpose(2, 0, 1)) / 255


def _mean(values: np.ndarray, reach: int = WINDOW) -> np.ndarray:
    """Mean over the window of radius ``reach`` around each pixel of (..., H, W), borders replicated."""
    planes = values.reshape(-1, *values.shape[-2:])  # one at a time, because one stays in the processor's cache
    return (
        np.stack([_sums(_sums(plane, reach).T, reach).T for plane in planes]).reshape(values.shape)
        / (2 * reach + 1) ** 2
    )


def _sums(plane: np.ndarray, reach: int) -> np.ndarray:
    """Of the ``reach`` rows above and below each row of (H, W), and of itself."""
    rows = np.concatenate([*reach * [plane[:1]], plane, *reach * [plane[-1:]]])
    total: np.ndarray = rows[: len(plane)] + rows[1 : len(plane) + 1]
    for k in range(2, 2 * reach + 1):
        total += rows[k : k + len(plane)]
    return total


def _pooled(values: np.ndarray, side: int) -> np.ndarray:
    """Means of (..., H, W) over squares of about ``side`` pixels, at least one."""
    height, width = values.shape[-2:]
    return _resized(values, (max(1, width // side), max(1, height // side)), Image.Resampling.BOX)


def _resized(values: np.ndarray, size: tuple[int, int], filter: Image.Resampling) -> np.ndarray:
    planes = values.reshape(-1, *values.shape[-2:])
    resized = np.stack([np.asarray(Image.fromarray(plane).resize(size, filter)) for plane in planes])
    return resized.reshape(*values.shape[:-2], *resized.shape[-2:])


def _fit(
    variance: np.ndarray,
    covariance: np.ndarray,
    mean_before: np.ndarray,
    mean_after: np.ndarray,
    fallback: np.ndarray,
    *,
    least: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Gain, (3, 3, H, W), and offset, (3, H, W), of ridge regression towards the gain ``fallback``."""
    red, green, blue = variance + least * np.eye(3)[..., None, None]  # in double precision from here
    adjugate = np.stack([np.cross(*rows, axis=0) for rows in ((green, blue), (blue, red), (red, green))])
    inverse = adjugate / (red * adjugate[0]).sum(0)
    gain = _compose(inverse, covariance + least * fallback).astype(np.float32)
    return gain, mean_after - _apply(gain, mean_before)


def _compose(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Matrix products at every pixel, (3, 3, H, W)."""
    first, second, third = (left[:, k, None] * right[k] for k in range(3))
    product: np.ndarray = first + second + third
    return product


def _apply(gain: np.ndarray, colours: np.ndarray) -> np.ndarray:
    applied: np.ndarray = (gain * colours[:, None]).sum(0)
    return applied


def _draw_band(photo: Image.Image, planes: list[Image.Image], band: tuple[int, int, int, int]) -> Image.Image:
    """The rows of the result in ``band``; ``planes`` are before, explained and gain, 3 + 3 + 9 of mode F."""
    size = band[2], band[3] - band[1]
    width, height = planes[0].size
    source = 0, band[1] * height / photo.height, width, band[3] * height / photo.height

    def enlarged(plane: Image.Image, filter: Image.Resampling) -> np.ndarray:
        return np.asarray(plane.resize(size, filter, box=source))

    detail = [
        np.asarray(channel, np.float32) / 255 - enlarged(plane, Image.Resampling.LANCZOS)
        for channel, plane in zip(photo.crop(band).split(), planes[:3], strict=True)
    ]
    drawn = np.empty((size[1], size[0], 3), np.uint8)
    for channel in range(3):
        colour = enlarged(planes[3 + channel], Image.Resampling.LANCZOS).copy()
        for k in range(3):
            colour += detail[k] * enlarged(planes[6 + 3 * k + channel], Image.Resampling.BILINEAR)
        drawn[..., channel] = (colour * 255 + 0.5).clip(0, 255.5)
    return Image.fromarray(drawn)
