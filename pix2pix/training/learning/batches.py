"""Batches: random pairs, each with a sentence; some lack the sentence, the photo or both."""

import random
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from numpy.random import Generator
from torch import Tensor

from pix2pix.training.learning.autoencoder import FACTOR
from pix2pix.training.learning.pairs import Pairs
from pix2pix.training.words.meanings import is_scattered
from pix2pix.training.words.sentences import sentence_for

# Shares of the samples without the instruction, without the photo, without both (Brooks, Holynski and Efros,
# arXiv:2211.09800, section 3.2.1).
NO_TEXT, NO_IMAGE, NEITHER = 0.06, 0.02, 0.05
ALIKE_WEIGHT = 1.0  # added to the loss's weight where the photo is to stay as it is: every error is seen there
VISIBLE_BELOW = 750  # the timestep from which on down it can be seen where a random thing lies


@dataclass(frozen=True, eq=False)
class Batch:
    """N samples.

    Attributes:
        sources, targets: unscaled latents of photos and of what shall be predicted, (N, C, h, w).
        drawn: those to which noise is added. The target itself, but where the sentence lacks, what is drawn goes half
            of the way back to the photo: then text guidance s and image guidance 1 come to an edit of the size
            2 s / (1 + s), 1 and s to one of 2 / (1 + s). Were the target what is drawn, as in the paper, text guidance
            from 2 on would swing from step to step where words tell all; were it the photo, it would overshoot at once.
        weights: (N, 1, h, w), how much the loss counts at each latent.
        scattered: (N,), whether the target has something at random places, such as flakes.
        told: (N,), whether photo and sentence tell all of the target.
        sentences: what is asked for, empty texts among them.
    """

    sources: Tensor = field(repr=False)
    targets: Tensor = field(repr=False)
    drawn: Tensor = field(repr=False)
    weights: Tensor = field(repr=False)
    scattered: Tensor = field(repr=False)
    told: Tensor = field(repr=False)
    sentences: list[str]

    def weights_at(self, timesteps: Tensor) -> Tensor:
        """``weights``, but 1 where nobody can know yet where flakes will be: the mean over all places is right."""
        unknown = self.scattered & (timesteps >= VISIBLE_BELOW)
        return torch.where(unknown.view(-1, 1, 1, 1), torch.ones_like(self.weights), self.weights)


def draw_batch(shards: list[Pairs], pixels: int, rng: Generator) -> Batch:
    """Random pairs with ``pixels`` in all, each with a sentence; some lack the instruction, the photo or both.

    All have the size of one shard, chosen at random, and come from all shards of that size.
    """
    words = random.Random(int(rng.integers(2**63)))
    size = shards[rng.integers(len(shards))].sources.shape[1:]
    fitting = [shard for shard in shards if shard.sources.shape[1:] == size]
    count = max(1, round(pixels / (size[1] * size[2] * FACTOR**2)))
    rows = [_draw_row(fitting[rng.integers(len(fitting))], words, rng) for _ in range(count)]
    return Batch(
        torch.stack([row.source for row in rows]),
        torch.stack([row.target for row in rows]),
        torch.stack([row.drawn for row in rows]),
        torch.stack([row.weights for row in rows]),
        torch.tensor([row.scattered for row in rows]),
        torch.tensor([row.told for row in rows]),
        [row.sentence for row in rows],
    )


class _Row(NamedTuple):
    """One sample of a ``Batch``."""

    source: Tensor
    target: Tensor
    drawn: Tensor
    weights: Tensor
    scattered: bool
    told: bool
    sentence: str


def _draw_row(pairs: Pairs, words: random.Random, rng: Generator) -> _Row:
    index = int(rng.integers(len(pairs)))
    source, drawn, meaning = pairs.sources[index].float(), pairs.targets[index].float(), pairs.meanings[index]
    sentence = sentence_for(pairs.kinds[index], meaning, words)
    weights = pairs.weights[index] + ALIKE_WEIGHT * (source == drawn).all(0, keepdim=True)
    target, fate = drawn, rng.random()
    if fate < NO_TEXT:
        sentence, target = "", (source + drawn) / 2
    elif fate < NO_TEXT + NEITHER:
        sentence, source = "", torch.zeros_like(source)
    elif fate < NO_TEXT + NEITHER + NO_IMAGE:
        source = torch.zeros_like(source)
    scattered = is_scattered(meaning)
    told = not scattered and fate >= NO_TEXT + NEITHER + NO_IMAGE
    return _Row(source, target, drawn, weights, scattered, told, sentence)
