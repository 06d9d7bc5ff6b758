"""Training pairs: crops of scenes or whole scenes before and after an edit, encoded once and used a few times.

Pairs come in shards, and a block of steps trains on the last few of them. A shard follows from the seed and its number,
so after a kill it is made again and no pair needs to be stored.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from numpy.random import Generator
from torch import Tensor

from pix2pix.training.learning.autoencoder import FACTOR
from pix2pix.training.learning.crops import random_crops
from pix2pix.training.recipe import Shards
from pix2pix.training.state import numpy_generator, torch_generator
from pix2pix.training.targets.colour import rgb_to_hsv
from pix2pix.training.targets.recolour import THING_COLOURS, membership, turn_hues
from pix2pix.training.targets.scenes import SIDE
from pix2pix.training.words.meanings import Change, Frame, Meaning, Recolour, Shape, apply_meaning, is_scattered
from pix2pix.training.words.mixture import CROP_SHARES, WHOLE_SHARES, sample_kind, sample_meaning

THINGS_WEIGHT = 4.0  # added to the loss's weight of 1 where things change their colour,
PLACES_WEIGHT = 5.0  # where a shape or a frame is,
FLAKES_WEIGHT = 3.0  # and where there are flakes, streaks or grain
COLOUR_ABSENT = 0.15  # share of the recolourings for which no hue of the picture is made to fit

FORMATS = (1.0, 4 / 3, 3 / 2)  # of whole pictures, long side to short side
GRID = 32  # pixels; the autoencoder's factor and three halvings in the UNet

Encode = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Pairs:
    """N pairs.

    Attributes:
        sources, targets: (N, C, h, w) unscaled latents, bfloat16.
        weights: (N, 1, h, w), how much the loss counts at each latent, 1 on most pictures.
        kinds, meanings: what was asked for, as in ``mixture``.
    """

    sources: Tensor = field(repr=False)
    targets: Tensor = field(repr=False)
    weights: Tensor = field(repr=False)
    kinds: list[str] = field(repr=False)
    meanings: list[Meaning] = field(repr=False)

    def __len__(self) -> int:
        return len(self.kinds)


class Pool:
    """The last shards of one kind; they follow from the seed and the number of the block alone."""

    def __init__(
        self, scenes: np.ndarray, encode: Encode, kind: Shards, size: int, seed: int, device: torch.device
    ) -> None:
        self._scenes, self._encode, self._kind, self._size, self._seed = scenes, encode, kind, size, seed
        self._device = device
        self._shards: dict[int, Pairs] = {}

    def pairs_of(self, block: int) -> list[Pairs]:
        """The shards that block number ``block`` trains on."""
        wanted = range(block, block + self._size)
        self._shards = {index: self._shards.get(index) or self._make(index) for index in wanted}
        return list(self._shards.values())

    def _make(self, index: int) -> Pairs:
        rng = numpy_generator(self._seed, repr(self._kind), index)
        return make_pairs(self._scenes, self._encode, rng, self._kind, self._device)


def make_pairs(scenes: np.ndarray, encode: Encode, rng: Generator, kind: Shards, device: torch.device) -> Pairs:
    """One shard of ``kind``, edited and encoded on ``device``; what is random follows from ``rng`` on any device."""
    choices, generator = random.Random(int(rng.integers(2**63))), torch_generator(rng)
    side = int(rng.choice(kind.sides))
    pictures = random_pictures(scenes, rng, max(2, kind.sources * kind.sides[0] ** 2 // side**2), side, kind.whole)
    shares = WHOLE_SHARES if kind.whole else CROP_SHARES
    groups = torch.split(pictures.to(device), kind.group)
    parts = [_pairs_of_group(group, kind.edits, shares, encode, choices, generator) for group in groups]
    return Pairs(
        sources=torch.cat([part.sources for part in parts]),
        targets=torch.cat([part.targets for part in parts]),
        weights=torch.cat([part.weights for part in parts]),
        kinds=[kind for part in parts for kind in part.kinds],
        meanings=[meaning for part in parts for meaning in part.meanings],
    )


def random_pictures(scenes: np.ndarray, rng: Generator, count: int, side: int, whole: bool) -> Tensor:
    """(count, 3, H, W) in 0..1 under random exposures: crops of ``side`` pixels, or whole scenes of about that area.

    Whole ones are square, or wide or high in one of the usual formats, with sides on a grid of GRID pixels.
    """
    if not whole:
        return random_exposure(random_crops(scenes, rng, count, side), rng)
    ratio = rng.choice(FORMATS) ** rng.choice([-1, 1])
    size = [max(GRID, round(side * part / GRID) * GRID) for part in (ratio**0.5, ratio**-0.5)]
    cut = [round(SIDE * rng.uniform(0.7, 1) * part / max(size)) for part in size]
    crops = random_crops(scenes, rng, count, SIDE)[..., : cut[0], : cut[1]]
    scaled = F.interpolate(crops, size=size, mode="bilinear", antialias=True)
    return random_exposure(scaled.clamp(0, 1), rng)  # scaling leaves 0..1 by rounding, where a power is not a number


def random_exposure(pictures: Tensor, rng: Generator) -> Tensor:
    """Pictures (N, 3, H, W), half of the time each with a gamma of its own, more often lighter than darker."""
    if rng.random() < 0.5:
        return pictures
    return pictures ** torch.from_numpy(np.exp(rng.normal(-0.15, 0.35, (len(pictures), 1, 1, 1)))).float()


def _pairs_of_group(
    pictures: Tensor,
    edits: int,
    shares: dict[str, float],
    encode: Encode,
    choices: random.Random,
    generator: torch.Generator,
) -> Pairs:
    plain = encode(pictures)
    sources, targets, weights, kinds, meanings = [], [], [], [], []
    for _ in range(edits):
        kind = sample_kind(choices, shares)
        meaning = sample_meaning(choices, kind)
        before, source = pictures, plain
        if meaning and isinstance(meaning[0], Recolour):
            before = with_things_of(meaning[0].source, pictures, choices, generator)
            source = encode(before)
        noise = torch.randn(before[:, :1].shape, generator=generator).to(before)
        after = apply_meaning(meaning, before, noise)
        sources.append(source)
        targets.append(encode(after) if meaning else source)
        weights.append(_weights(meaning, before, after))
        kinds += [kind] * len(pictures)
        meanings += [meaning] * len(pictures)
    return Pairs(
        torch.cat(sources).to("cpu", torch.bfloat16),
        torch.cat(targets).to("cpu", torch.bfloat16),
        torch.cat(weights).to("cpu"),
        kinds,
        meanings,
    )


def with_things_of(name: str, pictures: Tensor, choices: random.Random, generator: torch.Generator) -> Tensor:
    """``pictures`` with their hues turned, mostly so that a saturated pixel of each has the colour ``name``."""
    if choices.random() < COLOUR_ABSENT:
        return turn_hues(pictures, torch.rand(len(pictures), generator=generator).to(pictures))
    value, chroma = pictures.max(1).values, pictures.max(1).values - pictures.min(1).values
    saturated = (chroma * value).flatten(1).clamp_min(1e-4) ** 2
    chosen = torch.multinomial(saturated.cpu(), 1, generator=generator).to(pictures.device)
    hues = rgb_to_hsv(pictures)[0].flatten(1).gather(1, chosen)[:, 0]
    jitter = 0.5 * THING_COLOURS[name].reach * torch.randn(len(pictures), generator=generator).to(pictures)
    return turn_hues(pictures, THING_COLOURS[name].hue - hues + jitter)


def _weights(meaning: Meaning, before: Tensor, after: Tensor) -> Tensor:
    """(N, 1, h, w), 1 and more where things change their colour and where shapes, frames, flakes and streaks are."""
    match meaning:
        case (Recolour(source, _),):
            return 1 + THINGS_WEIGHT * F.avg_pool2d(membership(before, source)[:, None], FACTOR)
        case (Shape() | Frame(),):
            return 1 + PLACES_WEIGHT * F.avg_pool2d(_difference(before, after), FACTOR)
        case (Change(),) if is_scattered(meaning):
            still = apply_meaning(meaning, before, torch.zeros_like(before[:, :1]))
            return 1 + FLAKES_WEIGHT * F.avg_pool2d(_difference(still, after), FACTOR)
        case _:
            return torch.ones(len(before), 1, *(side // FACTOR for side in before.shape[2:]), device=before.device)


def _difference(a: Tensor, b: Tensor) -> Tensor:
    """(N, 1, H, W): how different two pictures are, 1 from a fifth of the range on."""
    return ((a - b).abs().amax(1, keepdim=True) * 5).clamp(0, 1)
