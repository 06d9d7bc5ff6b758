"""What the evaluation asks for: wordings of edits, trained and held out, and combinations that were never trained."""

import random
from collections.abc import Sequence

from pix2pix.training.targets.edits import EDITS
from pix2pix.training.words.meanings import Meaning, is_held_out
from pix2pix.training.words.wordings import split_wordings, wording_of

UNSEEN_NAMES = [
    "tiger",
    "sword",
    "wizard",
    "umbrella",
    "pirate",
    "waterfall",
    "necklace",
    "penguin",
    "trophy",
    "cactus",
]

Said = list[tuple[Meaning, str]]  # what is meant, and a sentence that says it


def said(meanings: Sequence[Meaning], rng: random.Random) -> Said:
    """Each of ``meanings`` with one of its wordings."""
    return [(meaning, wording_of(meaning, rng).replace("{it}", "it")) for meaning in meanings]


def wordings_of_edits(times: int, rng: random.Random, *, held_out: bool) -> list[tuple[str, str]]:
    """Name and sentence, ``times`` for every global edit, of the trained or of the held-out wordings."""
    return [
        (name, rng.choice(split_wordings(name)[held_out]).replace("{it}", "it")) for _ in range(times) for name in EDITS
    ]


def split(meanings: Sequence[Meaning], count: int, rng: random.Random) -> tuple[list[Meaning], list[Meaning]]:
    """``count`` trained ones of ``meanings``, or as many as there are, and half as many of those held out."""
    trained = [meaning for meaning in meanings if not is_held_out(meaning)]
    held_out = [meaning for meaning in meanings if is_held_out(meaning)]
    held_out *= count // len(held_out) + 1
    return rng.sample(trained, min(count, len(trained))), rng.sample(held_out, count // 2)
