"""One line of the results: some work, what each side took for it, and whether the goal is met."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from benchmarks.sides import FAST, OURS, STOCK, TUNED
from benchmarks.timing import Times, ratio

HEAD = (
    "| Work | ours | 9 of 10 | diffusers | tuned | ours / diffusers | goal | | ours / tuned | same picture | limit "
    "| fast | fast / diffusers | goal | |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)
ASIDE = (
    "| Work | once: ours | fast | diffusers | tuned | memory: ours | fast | diffusers | tuned |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Row:
    """What was measured of some work.

    Attributes:
        work: what was done, in words.
        goal: the ratio of ours to diffusers that is not to be passed.
        fast_goal: the same of a fast edit of ours.
        sides: the times by the name of the side.
        apart: how far our picture is from that of diffusers, in levels of 0..255, at most and on average.
        arithmetic: share of our time that the arithmetic alone would take on these cores; ``None`` if nobody counted.
    """

    work: str
    goal: float
    fast_goal: float
    sides: Mapping[str, Times]
    apart: tuple[int, float] | None = None
    arithmetic: float | None = field(default=None)

    def __str__(self) -> str:
        ours, stock, tuned = self.sides[OURS], self.sides[STOCK], self.sides.get(TUNED)
        cells = [
            self.work,
            f"{ours.median:.2f} s",
            f"{ours.late:.2f} s",
            f"{stock.median:.2f} s",
            f"{tuned.median:.2f} s" if tuned else "",
            *_against(ours, stock, self.goal),
            f"{ratio(ours, tuned)[0]:.2f}" if tuned else "",
            "" if self.apart is None else _sameness(*self.apart),
            "" if self.arithmetic is None else f"{self.arithmetic:.0%}",
            f"{self.sides[FAST].median:.2f} s",
            *_against(self.sides[FAST], stock, self.fast_goal),
        ]
        return "| " + " | ".join(cells) + " |"

    @property
    def aside(self) -> str:
        """What the first run took beyond a later one, and the memory of one, for each side."""
        sides = [self.sides.get(name) for name in (OURS, FAST, STOCK, TUNED)]
        once = [f"{max(0, one.first - one.median):.2f} s" if one else "" for one in sides]
        memory = [f"{max(0, one.memory):.0f} MB" if one else "" for one in sides]
        return "| " + " | ".join([self.work, *once, *memory]) + " |"


def _against(ours: Times, stock: Times, goal: float) -> tuple[str, str, str]:
    value, low, high = ratio(ours, stock)
    return f"**{value:.2f}** ({low:.2f} to {high:.2f})", f"{goal:g}", "met" if value <= goal else "not met"


def table(rows: Sequence[Row]) -> str:
    """All ``rows`` in Markdown."""
    return "\n".join([HEAD, *map(str, rows)])


def aside(rows: Sequence[Row]) -> str:
    """What is done once, and memory, in Markdown, for the rows whose sides were in one process."""
    return "\n".join([ASIDE, *(row.aside for row in rows if not math.isnan(row.sides[OURS].first))])


def apart(one: Image.Image, other: Image.Image) -> tuple[int, float]:
    """How far two pictures of one size are apart, at most and on average, in levels."""
    far = np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16))
    return int(far.max()), float(far.mean())


def _sameness(most: int, mean: float) -> str:
    return "to the bit" if most == 0 else f"within {most} of 255, {mean:.3f} on average"
