"""Generated pictures to train on: dead leaves, horizons and 1/f textures. No photograph goes in.

Overlapping shapes of many sizes with 1/f textures have the edge and spectrum statistics of photographs: Lee, Mumford,
Huang, Occlusion models for natural images (IJCV 2001); Baradad et al., Learning to see by looking at noise
(arXiv:2106.05963).
"""

import math
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

SIDE = 256  # of a finished scene, in pixels
CANVAS = 320  # of a scene while it is drawn; the finish scales or crops it
CHUNK = 100  # scenes that share a texture bank and a seed
BANK = 100  # textures in a bank
BACKGROUNDS = 2  # labels of sky and ground; the labels of shapes follow


@dataclass(frozen=True)
class Layout:
    """The label of the shape at each pixel, (CANVAS, CANVAS), and the centre of each label, (n, 2) in -1..1."""

    labels: np.ndarray
    centres: np.ndarray


def make_scenes(path: Path, count: int, seed: int, workers: int) -> np.ndarray:
    """Draw ``count`` scenes into the .npy file ``path``; they are the same for any number of workers.

    Returns:
        The file, mapped: (count, SIDE, SIDE, 3) uint8 RGB.
    """
    part = path.with_suffix(".part")
    scenes = np.lib.format.open_memmap(part, "w+", np.uint8, (count, SIDE, SIDE, 3))
    chunks = [(seed, index, min(CHUNK, count - index * CHUNK)) for index in range(math.ceil(count / CHUNK))]
    with get_context("spawn").Pool(workers) as pool:
        for index, chunk in enumerate(pool.imap(_draw_chunk, chunks)):
            scenes[index * CHUNK : index * CHUNK + len(chunk)] = chunk
    scenes.flush()
    part.replace(path)
    return load_scenes(path)


def load_scenes(path: Path) -> np.ndarray:
    """The scenes in the .npy file ``path``, mapped: (n, SIDE, SIDE, 3) uint8 RGB."""
    scenes: np.ndarray = np.load(path, mmap_mode="r")
    return scenes


def _draw_chunk(chunk: tuple[int, int, int]) -> np.ndarray:
    seed, index, count = chunk
    rng = np.random.default_rng((seed, index))
    bank = np.stack([draw_texture(rng) for _ in range(BANK)])
    return np.stack([draw_scene(rng, bank) for _ in range(count)])


def draw_scene(rng: Generator, bank: np.ndarray) -> np.ndarray:
    """One scene, (SIDE, SIDE, 3) uint8 RGB; ``bank`` holds textures, (n, CANVAS, CANVAS) of unit deviation."""
    layout = _lay_out(rng)
    picture = _paint(rng, layout, _palette(rng, len(layout.centres)), bank)
    return _finish(rng, _light(rng, picture, layout, bank))


def pink_noise(rng: Generator, slope: float, stretch: float = 1.0, angle: float = 0.0) -> np.ndarray:
    """Noise whose power falls as 1/f**slope, (CANVAS, CANVAS) of deviation 1, stretched along ``angle`` (radians)."""
    fy, fx = np.fft.fftfreq(CANVAS)[:, None], np.fft.rfftfreq(CANVAS)[None]
    along, across = math.cos(angle) * fx + math.sin(angle) * fy, math.cos(angle) * fy - math.sin(angle) * fx
    frequency = np.maximum(np.hypot(along * stretch, across / stretch), 1 / CANVAS)
    spectrum = rng.standard_normal(frequency.shape) + 1j * rng.standard_normal(frequency.shape)
    spectrum = spectrum / frequency ** (slope / 2)
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, s=(CANVAS, CANVAS))
    return np.asarray(noise / noise.std(), np.float32)


def draw_texture(rng: Generator) -> np.ndarray:
    """One texture, (CANVAS, CANVAS): noise of some spectrum, waves, or a checkerboard."""
    kind = rng.random()
    if kind < 0.45:
        return pink_noise(rng, rng.uniform(0.6, 3.0))
    if kind < 0.75:
        return pink_noise(rng, rng.uniform(1.0, 2.6), rng.uniform(1.5, 4), rng.uniform(0, math.pi))
    if kind < 0.9:
        return _waves(rng)
    y, x = np.mgrid[:CANVAS, :CANVAS]
    period, aspect = np.exp(rng.uniform(math.log(6), math.log(50))), rng.uniform(0.5, 2)
    waves = np.sin(x * 2 * np.pi / period) * np.sin(y * 2 * np.pi / period / aspect)
    return np.asarray(np.sign(waves), np.float32)


def _waves(rng: Generator) -> np.ndarray:
    y, x = np.mgrid[:CANVAS, :CANVAS]
    angle, period = rng.uniform(0, math.pi), np.exp(rng.uniform(math.log(4), math.log(60)))
    bend = pink_noise(rng, 3.0) * rng.uniform(0, 1.5)
    waves = np.sin((x * math.cos(angle) + y * math.sin(angle)) * 2 * np.pi / period + bend)
    if rng.random() < 0.5:
        waves = np.sign(waves) * np.abs(waves) ** 0.3
    return np.asarray(waves / waves.std(), np.float32)


def _lay_out(rng: Generator) -> Layout:
    labels = Image.new("I", (CANVAS, CANVAS), 0)
    draw = ImageDraw.Draw(labels)
    if rng.random() < 0.5:
        _draw_horizon(rng, draw)
    count = int(np.exp(rng.uniform(math.log(4), math.log(220))))
    centres, radii = rng.uniform(-10, CANVAS + 10, (count, 2)), _radii(rng, count)
    kinds = rng.choice(len(SHAPES), size=count, p=rng.dirichlet([1.2, 1, 1.2, 0.8, 0.6]))
    for index in range(count):
        SHAPES[kinds[index]](rng, draw, centres[index], radii[index], BACKGROUNDS + index)
    middles = np.concatenate([np.zeros((BACKGROUNDS, 2)), centres / CANVAS * 2 - 1]).astype(np.float32)
    return Layout(np.asarray(labels), middles)


def _radii(rng: Generator, count: int) -> np.ndarray:
    """Radii in pixels by a power law, as in dead leaves models; mostly sorted, so that large shapes lie behind."""
    low, high, power = rng.uniform(2, 8), CANVAS * rng.uniform(0.1, 0.5), 1 - rng.uniform(1.5, 3)
    radii = (low**power + rng.random(count) * (high**power - low**power)) ** (1 / power)
    return np.sort(radii)[::-1] if rng.random() < 0.6 else radii


def _draw_horizon(rng: Generator, draw: ImageDraw.ImageDraw) -> None:
    height, roughness, corners = CANVAS * rng.uniform(0.2, 0.8), rng.uniform(0, CANVAS * 0.15), int(rng.integers(2, 12))
    ridge = [(CANVAS * i / corners, height + rng.uniform(-roughness, roughness)) for i in range(corners + 1)]
    draw.polygon([(0, CANVAS), *ridge, (CANVAS, CANVAS)], fill=1)


def _draw_disc(rng: Generator, draw: ImageDraw.ImageDraw, centre: np.ndarray, radius: float, label: int) -> None:
    draw.ellipse([*(centre - radius), *(centre + radius)], fill=label)


def _draw_box(rng: Generator, draw: ImageDraw.ImageDraw, centre: np.ndarray, radius: float, label: int) -> None:
    half = radius * rng.uniform(0.3, 1.5, 2)
    draw.rectangle([*(centre - half), *(centre + half)], fill=label)


def _draw_polygon(rng: Generator, draw: ImageDraw.ImageDraw, centre: np.ndarray, radius: float, label: int) -> None:
    angles = np.sort(rng.uniform(0, 2 * math.pi, rng.integers(3, 9)))
    reach = radius * rng.uniform(0.5, 1.3, len(angles))
    corners = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * reach[:, None]
    draw.polygon(list(map(tuple, corners)), fill=label)


def _draw_leaf(rng: Generator, draw: ImageDraw.ImageDraw, centre: np.ndarray, radius: float, label: int) -> None:
    around, tilt = np.linspace(0, 2 * math.pi, 20), rng.uniform(0, math.pi)
    x, y = radius * 1.3 * np.cos(around), radius * rng.uniform(0.2, 0.8) * np.sin(around)
    turned = np.stack([x * math.cos(tilt) - y * math.sin(tilt), x * math.sin(tilt) + y * math.cos(tilt)], 1)
    draw.polygon(list(map(tuple, centre + turned)), fill=label)


def _draw_stroke(rng: Generator, draw: ImageDraw.ImageDraw, centre: np.ndarray, radius: float, label: int) -> None:
    points, angle = [tuple(centre)], rng.uniform(0, 2 * math.pi)
    for _ in range(rng.integers(2, 5)):
        angle += rng.uniform(-0.7, 0.7)
        points.append((points[-1][0] + 2 * radius * math.cos(angle), points[-1][1] + 2 * radius * math.sin(angle)))
    draw.line(points, fill=label, width=int(rng.integers(1, max(2, int(radius * 0.4) + 2))), joint="curve")


SHAPES = (_draw_disc, _draw_box, _draw_polygon, _draw_leaf, _draw_stroke)


def _palette(rng: Generator, count: int) -> np.ndarray:
    """One colour for each label, (count, 3) RGB in 0..1: a few hues with neighbours, or all of them."""
    bases = rng.random(rng.integers(1, 5))
    near = bases[rng.integers(0, len(bases), count)] + rng.normal(0, 0.04, count)
    hue = rng.random(count) if rng.random() < 0.3 else near
    saturation = np.clip(rng.beta(1.2, 2.0, count) * (0.3 + 1.3 * rng.beta(1.2, 2.2)), 0, 1)
    if rng.random() < 0.35:
        saturation[rng.random(count) < 0.4] = rng.uniform(0.6, 1)
    if rng.random() < 0.06:
        saturation *= rng.uniform(0, 0.15)
    value = rng.uniform(0.25, 0.75) + rng.uniform(-0.5, 0.5, count) * rng.uniform(0.4, 1.2)
    return _hsv_to_rgb(hue, saturation, np.clip(value, 0.02, 1))


def _hsv_to_rgb(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    sector = (np.array([5, 3, 1]) + hue[:, None] * 6) % 6
    ramp = np.clip(np.minimum(sector, 4 - sector), 0, 1)
    return np.asarray(value[:, None] * (1 - saturation[:, None] * ramp), np.float32)


def _paint(rng: Generator, layout: Layout, colours: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """Every shape in its colour, with a soft shading across it and one of five textures on it."""
    labels, count = layout.labels, len(colours)
    x, y = _coordinates()
    slopes = (rng.normal(0, 0.25, (count, 2)) * (rng.random((count, 1)) < 0.7)).astype(np.float32)
    offsets = (slopes * layout.centres).sum(1)
    shading = slopes[labels, 0] * x + slopes[labels, 1] * y - offsets[labels]
    picture = colours[labels] * (1 + np.clip(shading, -0.6, 0.6))[..., None]
    textures = np.stack([_moved(rng, bank[index]) for index in rng.integers(0, len(bank), 5)])
    choice = rng.integers(0, len(textures), count)
    strength = (rng.beta(1, 3, count) * 0.35 * rng.uniform(0, 1.6)).astype(np.float32)
    strength[rng.random(count) < 0.3] = 0
    texture = np.take_along_axis(textures, choice[labels][None], 0)[0] * strength[labels]
    tone = (1 + rng.normal(0, 0.25, (len(textures), 3))).astype(np.float32)
    texture = texture[..., None]
    return np.asarray(picture * (1 + 0.9 * texture * tone[choice[labels]]) + 0.12 * texture)


def _moved(rng: Generator, texture: np.ndarray) -> np.ndarray:
    turned = texture if rng.random() < 0.5 else texture.T
    return np.roll(turned, rng.integers(CANVAS, size=2), (0, 1))


def _coordinates() -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[-1 : 1 : CANVAS * 1j, -1 : 1 : CANVAS * 1j].astype(np.float32)
    return x, y


def _light(rng: Generator, picture: np.ndarray, layout: Layout, bank: np.ndarray) -> np.ndarray:
    """A sky that changes colour on its way down, light from one side, a cloudy modulation, a gamma."""
    x, y = _coordinates()
    if rng.random() < 0.6:
        sky = _hsv_to_rgb(rng.random(1), rng.uniform(0, 0.8, 1), rng.uniform(0.2, 1, 1))[0]
        share = (((y + 1) / 2) ** rng.uniform(0.5, 2) * (layout.labels == 0))[..., None]
        picture = picture * (1 - share) + sky * share
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * math.pi)
        picture = picture * (1 + rng.uniform(0, 0.5) * (x * math.cos(angle) + y * math.sin(angle)))[..., None]
    if rng.random() < 0.3:
        picture = picture * (1 + rng.uniform(0.05, 0.35) * bank[rng.integers(len(bank))])[..., None]
    if rng.random() < 0.2:
        picture = np.clip(picture, 0, 1) ** rng.uniform(0.6, 1.6)
    return np.asarray(np.clip(picture, 0, 1))


def _finish(rng: Generator, picture: np.ndarray) -> np.ndarray:
    """To SIDE x SIDE, more or less sharp, sometimes with a camera's noise."""
    image = Image.fromarray((picture * 255 + 0.5).astype(np.uint8))
    if rng.random() < 0.5:
        image = image.resize((SIDE, SIDE), Image.Resampling.BOX if rng.random() < 0.3 else Image.Resampling.BICUBIC)
    else:
        width = int(rng.uniform(SIDE, CANVAS))
        left, top = rng.integers(0, CANVAS - width + 1, 2)
        image = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, (left, top, left + width, top + width))
    pixels = np.asarray(image)
    if rng.random() < 0.3:
        pixels = np.clip(pixels + rng.normal(0, rng.uniform(1, 6), pixels.shape), 0, 255).astype(np.uint8)
    return pixels
