"""How much memory this process has, and had at most, in MB; see proc(5). Elsewhere than on Linux nobody knows."""

import math
from collections.abc import Callable
from pathlib import Path

import torch

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
NEW_PEAK = "5"
MEGA = 1024**2


def held() -> float:
    """What this process has now."""
    return _line("VmRSS")


def peak() -> float:
    """The most that this process had; what ``resource`` says counts the process that started it, too."""
    return _line("VmHWM")


def most_during(work: Callable[[], object]) -> float:
    """The most that ``work`` has beyond what was held before: of the GPU where there is one, else of the process."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        allocated = torch.cuda.memory_allocated()
        work()
        return (torch.cuda.max_memory_allocated() - allocated) / MEGA
    if not CLEAR.exists():
        return math.nan
    CLEAR.write_text(NEW_PEAK)
    before = held()
    work()
    return peak() - before


def _line(name: str) -> float:
    if not STATUS.exists():
        return math.nan
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
