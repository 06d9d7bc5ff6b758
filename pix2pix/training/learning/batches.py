"""Batches: random pairs, each with a sentence and the noise it begins with."""

import random
from dataclasses import dataclass, field

import torch
from numpy.random import Generator
from torch import Tensor

from pix2pix.training.learning.autoencoder import FACTOR
from pix2pix.training.learning.pairs import Pairs
from pix2pix.training.learning.unet import draw_noise
from pix2pix.training.state import torch_generator
from pix2pix.training.words.meanings import follows_noise
from pix2pix.training.words.wordings import say, say_unknown

# Some samples go without the instruction, with the photo itself as the target, so that text guidance works as the
# strength of the edit; some without the photo, for image guidance; some without both.
NO_TEXT, NO_IMAGE, NEITHER = 0.05, 0.03, 0.03


@dataclass(frozen=True, eq=False)
class Batch:
    """N samples: unscaled latents of photos and targets, noise, all (N, C, h, w), weights (N, 1, h, w), sentences."""

    sources: Tensor = field(repr=False)
    targets: Tensor = field(repr=False)
    weights: Tensor = field(repr=False)
    noise: Tensor = field(repr=False)
    sentences: list[str]


def draw_batch(shards: list[Pairs], pixels: int, rng: Generator) -> Batch:
    """Random pairs with ``pixels`` in all, each with a sentence; some lack the instruction, the photo or both.

    All have the size of one shard, chosen at random, and come from all shards of that size.
    """
    words = random.Random(int(rng.integers(2**63)))
    size = shards[rng.integers(len(shards))].sources.shape[1:]
    fitting = [shard for shard in shards if shard.sources.shape[1:] == size]
    count = max(1, round(pixels / (size[1] * size[2] * FACTOR**2)))
    fresh = draw_noise(torch.Size((count, *size)), torch_generator(rng))
    samples = [_draw_sample(fitting[rng.integers(len(fitting))], fresh[row], words, rng) for row in range(count)]
    sources, targets, weights, noise, sentences = zip(*samples, strict=True)
    return Batch(torch.stack(sources), torch.stack(targets), torch.stack(weights), torch.stack(noise), list(sentences))


def _draw_sample(
    pairs: Pairs, noise: Tensor, words: random.Random, rng: Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor, str]:
    """One row of a batch."""
    index = int(rng.integers(len(pairs)))
    source, target, weight = pairs.sources[index].float(), pairs.targets[index].float(), pairs.weights[index]
    sentence = say_unknown(words) if pairs.kinds[index] == "unknown" else say(pairs.meanings[index], words)
    if follows_noise(pairs.meanings[index]):
        noise = pairs.noise[index].float()
    fate = rng.random()
    if fate < NO_TEXT:
        sentence, target, weight = "", source, torch.ones_like(weight)
    elif fate < NO_TEXT + NO_IMAGE + NEITHER:
        sentence = "" if fate < NO_TEXT + NEITHER else sentence
        source = torch.zeros_like(source)
    return source, target, weight, noise, sentence
