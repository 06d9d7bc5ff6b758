"""Sentences as people write them, outside of the grammar or left out of it: they are only measured.

Every file has a tab between the columns, and “nothing” where no edit is meant.
"""

import zlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
NOTHING = "nothing"
HELD_OUT = "held out"


def free_wordings() -> list[tuple[str, str]]:
    """Name of the edit and sentence: wordings of the global edits, never trained on."""
    return [(name, sentence) for name, sentence in _rows("held_out.txt")]


def negations(*, held_out: bool) -> list[tuple[str, str]]:
    """Name of the edit, or “nothing”, and sentence: removals and negations, trained or never trained on."""
    return [(name, sentence) for split, name, sentence in _rows("negations.txt") if (split == HELD_OUT) == held_out]


def not_understood() -> list[str]:
    """Sentences that no edit answers, never trained on."""
    return [sentence for (sentence,) in _rows("not_understood.txt")]


def is_held_out_wording(wording: str) -> bool:
    """Whether ``wording`` belongs to the fifth that is never trained on."""
    return zlib.crc32(wording.encode()) % 5 == 0


@cache
def measured() -> frozenset[str]:
    """What the training must not say, though its grammar could."""
    named = [*free_wordings(), *negations(held_out=True)]
    return frozenset([*(sentence for _, sentence in named), *not_understood()])


def _rows(file: str) -> list[list[str]]:
    lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("# ")]
