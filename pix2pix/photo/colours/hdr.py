"""Pictures for bright screens on ordinary ones: linear light by the standards' closed forms, highlights rolled off."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pix2pix.photo.colours.profiles import SRGB, Primaries, between

PQ, HLG = 16, 18  # curves, as ITU-T H.273 numbers them
WHITE, PEAK = 203.0, 1000.0  # nits of paper (ITU-R BT.2408), and of the brightest highlight that is told apart
KNEE = 0.5  # below it, light stays as it is
ROWS = 256  # at a time, so that large pictures are in memory once
LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)  # of BT.2020, on which HLG's brightness depends


def to_sdr(image: Image.Image, primaries: Primaries, curve: int) -> Image.Image:
    """``image`` (RGB, in ``primaries`` and ``curve``, PQ or HLG) as sRGB."""
    values = np.asarray(image)
    levels = np.linspace(0, 1, 256)
    light = (_pq(levels) if curve == PQ else _hlg(levels)).astype(np.float32)
    matrix = between(primaries, SRGB).T.astype(np.float32)
    drawn = np.empty_like(values)
    for top in range(0, len(values), ROWS):
        linear = light[values[top : top + ROWS]]
        if curve == HLG:
            linear *= np.maximum(linear @ LUMA, 1e-6)[..., None] ** 0.2 * (PEAK / WHITE)
        drawn[top : top + ROWS] = _encoded(_rolled_off(linear @ matrix))
    return Image.fromarray(drawn)


def _pq(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """SMPTE ST 2084: signal, 0..1, to light in units of paper white."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = signal ** (1 / m2)
    light: NDArray[np.float64] = (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return light * 10_000 / WHITE


def _hlg(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """ITU-R BT.2100, HLG: signal, 0..1, to light of the scene, 0..1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def _rolled_off(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Light with its highlights below 1; the strongest channel says by how much, so that hues stay."""
    peak, knee = PEAK / WHITE, KNEE
    a = -(knee**2) * (peak - 1) / (knee**2 - 2 * knee + peak)
    b = (knee**2 - 2 * knee * peak + peak) / (peak - 1)
    strongest = np.maximum(linear.max(-1, keepdims=True), 1e-6)
    rolled = (b * b + 2 * b * knee + knee**2) / (b - a) * (strongest + a) / (strongest + b)
    return np.asarray(np.where(strongest > knee, linear * (rolled / strongest), linear), np.float32)


def _encoded(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    linear = linear.clip(0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray((curved * 255 + 0.5).astype(np.uint8))
