"""What an instruction means: the edits to carry out, in order. None at all leaves the picture as it is.

Random sampling chooses from the lists made here by place, so their order is part of the recipe.
"""

import zlib
from dataclasses import dataclass
from itertools import permutations, product

from torch import Tensor

from pix2pix.training.targets.edits import EDITS, PLAIN, SLIGHT, STRONG, TEXTURE, TONE, apply
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


Action = Change | Recolour | Local | Frame | Shape
Meaning = tuple[Action, ...]


def textures() -> list[str]:
    """The edits that can be the texture of a pair; those that leave lines come last."""
    return sorted((n for n, edit in EDITS.items() if edit.pair == TEXTURE), key=lambda n: EDITS[n].leaves_lines)


def tones() -> list[str]:
    """The edits that can be the tone of a pair."""
    return [name for name, edit in EDITS.items() if edit.pair == TONE]


def local_edits() -> list[str]:
    """The edits that make sense in a part of the picture: tones, graded ones first, then textures, then tints."""

    def place(name: str) -> tuple[bool, bool, bool]:
        edit = EDITS[name]
        return edit.family == "Tints", edit.pair == TEXTURE, not edit.graded

    return sorted((name for name, edit in EDITS.items() if edit.local), key=place)


def apply_meaning(meaning: Meaning, pictures: Tensor, noise: Tensor) -> Tensor:
    """The target of ``meaning`` for pictures (N, 3, H, W) in 0..1 and white noise (N, 1, H, W)."""
    for action in meaning:
        pictures = action.apply(pictures, noise)
    return pictures


def is_scattered(meaning: Meaning) -> bool:
    """Whether ``meaning`` draws something at random places."""
    return any(isinstance(action, Change) and EDITS[action.name].scattered for action in meaning)


def degrees() -> list[Meaning]:
    """Every graded edit, slight and strong."""
    return [(Change(name, s),) for name, edit in EDITS.items() if edit.graded for s in (SLIGHT, STRONG)]


def pairs() -> list[Meaning]:
    """Two edits in one sentence: a texture and a tone, in either order, where both can be seen."""
    return [
        (Change(first), Change(second))
        for texture, tone in product(textures(), tones())
        if EDITS[tone].changes_lines or not EDITS[texture].leaves_lines
        for first, second in ((texture, tone), (tone, texture))
    ]


def recolourings() -> list[Meaning]:
    """Every colour of things into every other."""
    return [(Recolour(source, target),) for source, target in permutations(THING_COLOURS, 2)]


def local_changes() -> list[Meaning]:
    """Every edit that makes sense in a part of the picture, in every region."""
    return [(Local(name, region),) for name, region in product(local_edits(), REGIONS)]


def frames() -> list[Meaning]:
    """A frame in every colour."""
    return [(Frame(colour),) for colour in PAINTS]


def shapes() -> list[Meaning]:
    """Every shape in every colour, size and position."""
    return [(Shape(*parts),) for parts in product(SHAPES, PAINTS, SIZES, POSITIONS)]


def is_held_out(meaning: Meaning) -> bool:
    """Whether this combination is never trained on: a tenth of them, always the same ones."""
    return zlib.crc32(repr(meaning).encode()) % 10 == 0
