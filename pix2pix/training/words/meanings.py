"""What an instruction means: the edits to carry out, in order; none at all leaves the picture as it is."""

import zlib
from dataclasses import dataclass
from itertools import permutations, product

from torch import Tensor

from pix2pix.training.targets.edits import EDITS, PLAIN, SLIGHT, STRONG, TINTS, apply
from pix2pix.training.targets.places import (
    PAINTS,
    POSITIONS,
    REGIONS,
    SHAPES,
    SIZES,
    frame_mask,
    paint,
    region_mask,
    shape_mask,
)
from pix2pix.training.targets.recolour import THING_COLOURS, recolour


@dataclass(frozen=True)
class Change:
    """A global edit by name, of a strength: SLIGHT, PLAIN or STRONG."""

    name: str
    strength: float = PLAIN

    def apply(self, pictures: Tensor, noise: Tensor) -> Tensor:
        """The target for pictures (N, 3, H, W) in 0..1 and white noise (N, 1, H, W); so with the classes below."""
        return apply(self.name, pictures, noise, self.strength)


@dataclass(frozen=True)
class Recolour:
    """Things of one colour get another; both are names of ``THING_COLOURS``."""

    source: str
    target: str

    def apply(self, pictures: Tensor, noise: Tensor) -> Tensor:
        """The target."""
        return recolour(pictures, self.source, self.target)


@dataclass(frozen=True)
class Local:
    """A global edit in one of ``REGIONS`` only."""

    name: str
    region: str

    def apply(self, pictures: Tensor, noise: Tensor) -> Tensor:
        """The target."""
        return pictures + region_mask(self.region, pictures) * (apply(self.name, pictures, noise) - pictures)


@dataclass(frozen=True)
class Frame:
    """A frame around the picture in one of ``PAINTS``."""

    colour: str

    def apply(self, pictures: Tensor, noise: Tensor) -> Tensor:
        """The target."""
        return paint(pictures, frame_mask(pictures), self.colour)


@dataclass(frozen=True)
class Shape:
    """A flat shape: names of ``SHAPES``, ``PAINTS``, ``SIZES`` and ``POSITIONS``."""

    shape: str
    colour: str
    size: str
    position: str

    def apply(self, pictures: Tensor, noise: Tensor) -> Tensor:
        """The target."""
        return paint(pictures, shape_mask(self.shape, self.size, self.position, pictures), self.colour)


Meaning = tuple[Change | Recolour | Local | Frame | Shape, ...]

TEXTURES = ("blur", "pixelate", "oil painting", "cartoon", "film grain", "snow", "rain", "fog", "sketch")
TONES = ("black and white", "sepia", "negative", "night", "sunset", "brighter", "darker", "warmer", "colder", *TINTS)
SENSELESS_AFTER_SKETCH = ("black and white", "night", "brighter", "darker", "warmer", "colder")
LOCAL = ("brighter", "darker", "warmer", "colder", "black and white", "sepia", "negative", "blur", "pixelate", *TINTS)


def apply_meaning(meaning: Meaning, pictures: Tensor, noise: Tensor) -> Tensor:
    """The target of ``meaning`` for pictures (N, 3, H, W) in 0..1 and white noise (N, 1, H, W)."""
    for step in meaning:
        pictures = step.apply(pictures, noise)
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


def local_changes() -> list[Meaning]:
    """Every edit that makes sense in a part of the picture, in every region."""
    return [(Local(name, region),) for name, region in product(LOCAL, REGIONS)]


def frames() -> list[Meaning]:
    """A frame in every colour."""
    return [(Frame(colour),) for colour in PAINTS]


def shapes() -> list[Meaning]:
    """Every shape in every colour, size and position."""
    return [(Shape(*parts),) for parts in product(SHAPES, PAINTS, SIZES, POSITIONS)]


def is_held_out(meaning: Meaning) -> bool:
    """Whether this combination is never trained on, to show composition: a tenth of them, always the same."""
    return zlib.crc32(repr(meaning).encode()) % 10 == 0
