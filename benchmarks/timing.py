"""Both sides of a comparison in turn, in one process, and the words for what they ran on."""

import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import diffusers
import torch

RUNS = 7


def medians(*sides: Callable[[], None], runs: int = RUNS) -> list[float]:
    """Median seconds of each of ``sides``, who take turns; the first run is not counted."""
    seconds: list[list[float]] = [[] for _ in sides]
    for run in range(runs + 1):
        for side, taken in zip(sides, seconds, strict=True):
            started = time.perf_counter()
            side()
            if run > 0:
                taken.append(time.perf_counter() - started)
    return [statistics.median(taken) for taken in seconds]


def machine(runs: int = RUNS) -> str:
    """What it was measured on, and how; a paragraph."""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    return (
        f"Measured with `make bench` on {_processor()}, {torch.get_num_threads()} threads{gpu}; torch "
        f"{torch.__version__}, diffusers {diffusers.__version__}, Python {platform.python_version()}. Both sides take "
        f"turns in one process; medians of {runs} runs after one that is not counted."
    )


def _processor() -> str:
    names = [line for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
