"""Training pairs: crops of scenes before and after an edit, encoded once and used a few times.

Pairs come in shards, each from a generator of its own number, and a block of steps trains on the last few shards. So
the data of any step can be made again after a kill, and nothing of it needs to be stored.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from numpy.random import Generator
from torch import Tensor

from pix2pix.training.autoencoder import FACTOR, random_crops
from pix2pix.training.colour import rgb_to_hsv
from pix2pix.training.meanings import Meaning, Recolour, apply_meaning
from pix2pix.training.mixture import sample_kind, sample_meaning
from pix2pix.training.recipe import DenoiserRecipe
from pix2pix.training.recolour import THING_COLOURS, membership, turn_hues
from pix2pix.training.state import numpy_generator, torch_generator

THINGS_WEIGHT = 4.0  # how much more the loss counts where things change their colour
COLOUR_ABSENT = 0.15  # of the recolourings meet a picture whose hues were left to chance

Encode = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Pairs:
    """N pairs.

    Attributes:
        sources, targets: (N, C, h, w) unscaled latents, bfloat16.
        weights: (N, 1, h, w), how much the loss counts, 1 on most pictures.
        noise: (N, C, h, w), white, bfloat16; the latents from which the targets' flakes, streaks and grain follow.
        kinds, meanings: what was asked for, as ``mixture`` has it.
    """

    sources: Tensor = field(repr=False)
    targets: Tensor = field(repr=False)
    weights: Tensor = field(repr=False)
    noise: Tensor = field(repr=False)
    kinds: list[str] = field(repr=False)
    meanings: list[Meaning] = field(repr=False)

    def __len__(self) -> int:
        return len(self.kinds)


class Pool:
    """The last shards, moved on as training goes; all of it follows from the seed and the number of the block."""

    def __init__(self, scenes: np.ndarray, encode: Encode, recipe: DenoiserRecipe, seed: int) -> None:
        self._scenes, self._encode, self._recipe, self._seed = scenes, encode, recipe, seed
        self._shards: dict[tuple[str, int], Pairs] = {}

    def pairs_of(self, block: int, last: bool) -> list[Pairs]:
        """The shards that block number ``block`` trains on; ``last`` for the larger crops of the end."""
        stage = "last pairs" if last else "pairs"
        wanted = [(stage, index) for index in range(block, block + self._recipe.pool)]
        self._shards = {key: self._shards[key] if key in self._shards else self._make(*key) for key in wanted}
        return list(self._shards.values())

    def _make(self, stage: str, index: int) -> Pairs:
        recipe, rng = self._recipe, numpy_generator(self._seed, stage, index)
        if stage == "pairs":
            return make_pairs(self._scenes, self._encode, rng, recipe.crop, recipe.shard_sources, recipe.shard_edits)
        area = (recipe.last_crop // recipe.crop) ** 2
        sources = max(2, recipe.shard_sources // area)
        return make_pairs(self._scenes, self._encode, rng, recipe.last_crop, sources, recipe.shard_edits)


def make_pairs(
    scenes: np.ndarray, encode: Encode, rng: Generator, crop: int, sources: int, edits: int, group: int = 4
) -> Pairs:
    """``sources`` x ``edits`` pairs of ``crop`` pixels: every small group of sources meets its own edits."""
    choices, generator = random.Random(int(rng.integers(2**63))), torch_generator(rng)
    parts = []
    for start in range(0, sources, group):
        pictures = random_exposure(random_crops(scenes, rng, min(group, sources - start), crop), rng)
        parts.append(_pairs_of_group(pictures, edits, encode, choices, generator))
    return Pairs(
        sources=torch.cat([part.sources for part in parts]),
        targets=torch.cat([part.targets for part in parts]),
        weights=torch.cat([part.weights for part in parts]),
        noise=torch.cat([part.noise for part in parts]),
        kinds=[kind for part in parts for kind in part.kinds],
        meanings=[meaning for part in parts for meaning in part.meanings],
    )


def random_exposure(pictures: Tensor, rng: Generator) -> Tensor:
    """Half of the time the pictures, (N, 3, H, W), each under a gamma of its own, more often lighter than darker."""
    if rng.random() < 0.5:
        return pictures
    return pictures ** torch.from_numpy(np.exp(rng.normal(-0.15, 0.35, (len(pictures), 1, 1, 1)))).float()


def _pairs_of_group(
    pictures: Tensor, edits: int, encode: Encode, choices: random.Random, generator: torch.Generator
) -> Pairs:
    plain = encode(pictures)
    sources, targets, weights, noises, kinds, meanings = [], [], [], [], [], []
    for _ in range(edits):
        kind = sample_kind(choices)
        meaning = sample_meaning(choices, kind)
        before, source = pictures, plain
        if kind == "recolour":
            before = with_things_of(meaning[0].source, pictures, choices, generator)
            source = encode(before)
        noise = torch.randn(plain.shape, generator=generator).bfloat16()
        after = apply_meaning(meaning, before, noise_of_pixels(noise.float()))
        sources.append(source)
        targets.append(encode(after) if meaning else source)
        weights.append(_weights(meaning, before))
        noises.append(noise)
        kinds += [kind] * len(pictures)
        meanings += [meaning] * len(pictures)
    return Pairs(
        torch.cat(sources).to("cpu", torch.bfloat16),
        torch.cat(targets).to("cpu", torch.bfloat16),
        torch.cat(weights),
        torch.cat(noises),
        kinds,
        meanings,
    )


def noise_of_pixels(noise: Tensor) -> Tensor:
    """Noise in latents (N, 16, h, w) as one number for each of their 4x4 pixels, (N, 1, 4 h, 4 w)."""
    return F.pixel_shuffle(noise, FACTOR)


def with_things_of(name: str, pictures: Tensor, choices: random.Random, generator: torch.Generator) -> Tensor:
    """``pictures`` with all hues turned so that some saturated pixel of each has the colour ``name``, mostly."""
    if choices.random() < COLOUR_ABSENT:
        return turn_hues(pictures, torch.rand(len(pictures), generator=generator))
    value, chroma = pictures.max(1).values, pictures.max(1).values - pictures.min(1).values
    chosen = torch.multinomial((chroma * value).flatten(1).clamp_min(1e-4) ** 2, 1, generator=generator)
    hues = rgb_to_hsv(pictures)[0].flatten(1).gather(1, chosen)[:, 0]
    jitter = 0.5 * THING_COLOURS[name].reach * torch.randn(len(pictures), generator=generator)
    return turn_hues(pictures, THING_COLOURS[name].hue - hues + jitter)


def _weights(meaning: Meaning, pictures: Tensor) -> Tensor:
    """(N, 1, h, w): more where the things are that change their colour."""
    match meaning:
        case (Recolour(source, _),):
            return 1 + THINGS_WEIGHT * F.avg_pool2d(membership(pictures, source)[:, None], FACTOR)
        case _:
            return torch.ones(len(pictures), 1, *(side // FACTOR for side in pictures.shape[2:]))
