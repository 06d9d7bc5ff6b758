"""How often each kind of request is trained. The plain global edits come first."""

import random
from functools import cache

from pix2pix.training.targets.edits import EDITS
from pix2pix.training.words.meanings import (
    Change,
    Meaning,
    degrees,
    frames,
    is_held_out,
    local_changes,
    pairs,
    recolourings,
    shapes,
)
from pix2pix.training.words.negation import sample_negated
from pix2pix.training.words.sentences import sentence_for
from pix2pix.training.words.wordings import NO_CHANGE

# Crops teach whatever does not depend on where a pixel lies; whole pictures teach places, and the rest a little too.
CROP_SHARES = {
    "global": 0.52,
    "degree": 0.07,
    "pair": 0.11,
    "recolour": 0.15,
    "negation": 0.06,
    "unknown": 0.06,
    "nothing": 0.03,
}
WHOLE_SHARES = {
    "global": 0.12,
    "degree": 0.02,
    "pair": 0.03,
    "recolour": 0.04,
    "whole": 0.06,
    "local": 0.22,
    "frame": 0.08,
    "shape": 0.32,
    "negation": 0.03,
    "unknown": 0.05,
    "nothing": 0.03,
}
TEXT_SHARES = (0.2, 0.12, 0.68)  # where only the text is trained: unknown requests, negations, and all of the above
COMBINATIONS = {"pair": pairs, "recolour": recolourings, "local": local_changes, "shape": shapes}


@cache
def _trained(kind: str) -> list[Meaning]:
    if kind in COMBINATIONS:
        return [meaning for meaning in COMBINATIONS[kind]() if not is_held_out(meaning)]
    return {"degree": degrees, "frame": frames}[kind]()


@cache
def _crop_edits() -> list[str]:
    return [name for name, edit in EDITS.items() if not edit.whole]


def sample_meaning(rng: random.Random, kind: str) -> Meaning:
    """A meaning of ``kind``, a key of CROP_SHARES or WHOLE_SHARES."""
    if kind in ("unknown", "nothing"):
        return NO_CHANGE
    if kind == "negation":
        return sample_negated(rng)
    if kind in ("global", "whole"):
        edits = {name: edit.share for name, edit in EDITS.items() if edit.whole == (kind == "whole")}
        return (Change(rng.choices(list(edits), list(edits.values()))[0]),)
    return rng.choice(_trained(kind))


def sample_kind(rng: random.Random, shares: dict[str, float]) -> str:
    """A key of ``shares``, as often as they say."""
    return rng.choices(list(shares), list(shares.values()))[0]


def sample_sentence(rng: random.Random) -> tuple[str, Meaning]:
    """A sentence and what it means.

    In the text alone there are more unknown requests, negations and places, and all global edits are as frequent: how
    hard one is to draw does not matter there.
    """
    shares = WHOLE_SHARES if rng.random() < 0.45 else CROP_SHARES
    kind = rng.choices(["unknown", "negation", sample_kind(rng, shares)], TEXT_SHARES)[0]
    meaning: Meaning = (Change(rng.choice(_crop_edits())),) if kind == "global" else sample_meaning(rng, kind)
    return sentence_for(kind, meaning, rng), meaning
