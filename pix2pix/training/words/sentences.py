"""A sentence for what a sample of the training means."""

import random

from pix2pix.training.words.meanings import Meaning
from pix2pix.training.words.negation import say_negation
from pix2pix.training.words.wordings import say, say_unknown


def sentence_for(kind: str, meaning: Meaning, rng: random.Random) -> str:
    """A trained sentence of ``kind`` that means ``meaning``; both are of ``mixture.sample_meaning``."""
    if kind == "unknown":
        return say_unknown(rng)
    return say_negation(meaning, rng) if kind == "negation" else say(meaning, rng)
