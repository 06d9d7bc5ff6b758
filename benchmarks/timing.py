"""Several ways of the same work in turn, in one process: times, ratios, and the words for what they ran on."""

import math
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import diffusers
import torch

from benchmarks.memory import most_during

RESAMPLES = 2_000
SURE = 0.9  # share of the resampled ratios that lie within the interval


@dataclass(frozen=True)
class Times:
    """The same work, run by run.

    Attributes:
        seconds: of each run but the first.
        first: of the first run, in which what is compiled, captured or allocated once is.
        memory: MB that one run has at most beyond what was held before it.
    """

    seconds: tuple[float, ...]
    first: float = math.nan
    memory: float = math.nan

    @property
    def median(self) -> float:
        """Half of the runs took no longer."""
        return statistics.median(self.seconds)

    @property
    def late(self) -> float:
        """Nine of ten runs took no longer."""
        return sorted(self.seconds)[max(0, -(-9 * len(self.seconds) // 10) - 1)]


def in_turn(*sides: Callable[[], object], runs: int) -> list[Times]:
    """The times of each of ``sides``, who take turns; the first run is told apart, and the last one's memory."""
    seconds: list[list[float]] = [[] for _ in sides]
    memory = [math.nan] * len(sides)
    for run in range(runs + 1):
        for number, side in enumerate(sides):
            timed = partial(_timed, side, seconds[number])
            if run == runs:
                memory[number] = most_during(timed)
            else:
                timed()
    return [Times(tuple(taken[1:]), taken[0], most) for taken, most in zip(seconds, memory, strict=True)]


def _timed(side: Callable[[], object], taken: list[float]) -> None:
    started = time.perf_counter()
    side()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    taken.append(time.perf_counter() - started)


def ratio(one: Times, other: Times) -> tuple[float, float, float]:
    """Median of ``one`` to median of ``other``, and the interval in which it lies: runs drawn anew, in their pairs."""
    chance, pairs = random.Random(0), list(zip(one.seconds, other.seconds, strict=True))

    def of(pairs: Sequence[tuple[float, float]]) -> float:
        return statistics.median(a for a, _ in pairs) / statistics.median(b for _, b in pairs)

    drawn = sorted(of(chance.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES))
    beyond = round((1 - SURE) / 2 * RESAMPLES)
    return of(pairs), drawn[beyond], drawn[-1 - beyond]


def machine() -> str:
    """What it was measured on, in a sentence."""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    return (
        f"{_processor()}, {torch.get_num_threads()} threads{gpu}; torch {torch.__version__}, "
        f"diffusers {diffusers.__version__}, Python {platform.python_version()}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()
