"""What an instruction means: the edits to carry out, in order; none at all leaves the picture as it is."""

import zlib
from dataclasses import dataclass
from itertools import permutations

from torch import Tensor

from pix2pix.training.edits import EDITS, PLAIN, SLIGHT, STRONG, TINTS, apply
from pix2pix.training.recolour import THING_COLOURS, recolour


@dataclass(frozen=True)
class Change:
    """A global edit by name, of a strength: SLIGHT, PLAIN or STRONG."""

    name: str
    strength: float = PLAIN


@dataclass(frozen=True)
class Recolour:
    """Things of one colour get another; both are names of ``THING_COLOURS``."""

    source: str
    target: str


Meaning = tuple[Change | Recolour, ...]

TEXTURES = ("blur", "pixelate", "oil painting", "cartoon", "film grain", "snow", "rain", "fog", "sketch")
TONES = ("black and white", "sepia", "negative", "night", "sunset", "brighter", "darker", "warmer", "colder", *TINTS)
SENSELESS_AFTER_SKETCH = ("black and white", "night", "brighter", "darker", "warmer", "colder")


def apply_meaning(meaning: Meaning, pictures: Tensor, noise: Tensor) -> Tensor:
    """The target of ``meaning`` for pictures (N, 3, H, W) in 0..1 and white noise (N, 1, H, W)."""
    for step in meaning:
        if isinstance(step, Change):
            pictures = apply(step.name, pictures, noise, step.strength)
        else:
            pictures = recolour(pictures, step.source, step.target)
    return pictures


def follows_noise(meaning: Meaning) -> bool:
    """Whether the noise decides what ``meaning`` draws."""
    return any(isinstance(step, Change) and EDITS[step.name].follows_noise for step in meaning)


def degrees() -> list[Meaning]:
    """Every graded edit, slight and strong."""
    return [(Change(name, s),) for name, edit in EDITS.items() if edit.graded for s in (SLIGHT, STRONG)]


def pairs() -> list[Meaning]:
    """Two edits in one sentence: a texture and a tone, in either order."""
    kept = [
        (texture, tone)
        for texture in TEXTURES
        for tone in TONES
        if not (texture == "sketch" and tone in SENSELESS_AFTER_SKETCH)
    ]
    return [(Change(a), Change(b)) for pair in kept for a, b in (pair, pair[::-1])]


def recolourings() -> list[Meaning]:
    """Every colour of things into every other."""
    return [(Recolour(source, target),) for source, target in permutations(THING_COLOURS, 2)]


def is_held_out(meaning: Meaning) -> bool:
    """Whether this combination is never trained on, to show composition: a tenth of them, always the same."""
    return zlib.crc32(repr(meaning).encode()) % 10 == 0
