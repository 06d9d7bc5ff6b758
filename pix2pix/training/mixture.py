"""How often each kind of request is trained. The plain global edits come first."""

import random
from functools import cache

from pix2pix.training.edits import EDITS
from pix2pix.training.meanings import Change, Meaning, degrees, is_held_out, pairs, recolourings
from pix2pix.training.wordings import NO_CHANGE, say, say_unknown

SHARES = {"global": 0.58, "degree": 0.08, "pair": 0.09, "recolour": 0.16, "unknown": 0.06, "nothing": 0.03}
# The rest of the pictures' samples: the instruction left out, with the photo itself as the target, so that text
# guidance works as the strength of the edit; and the photo left out, for image guidance.
NO_TEXT, NO_IMAGE, NEITHER = 0.05, 0.03, 0.03


@cache
def _trained(kind: str) -> list[Meaning]:
    everything = {"degree": degrees, "recolour": recolourings, "pair": pairs}[kind]()
    return [meaning for meaning in everything if kind == "degree" or not is_held_out(meaning)]


def sample_meaning(rng: random.Random, kind: str) -> Meaning:
    """A meaning of ``kind``, one of those in SHARES."""
    if kind in ("unknown", "nothing"):
        return NO_CHANGE
    if kind == "global":
        return (Change(rng.choices(list(EDITS), [edit.share for edit in EDITS.values()])[0]),)
    return rng.choice(_trained(kind))


def sample_kind(rng: random.Random) -> str:
    """A key of SHARES, as often as it says."""
    return rng.choices(list(SHARES), list(SHARES.values()))[0]


def sample_sentence(rng: random.Random) -> tuple[str, Meaning]:
    """A sentence and what it means. In the text alone unknown requests are as frequent as the rest."""
    kind = "unknown" if rng.random() < 0.25 else sample_kind(rng)
    meaning = sample_meaning(rng, kind)
    return (say_unknown(rng) if kind == "unknown" else say(meaning, rng)), meaning
