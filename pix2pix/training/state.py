"""Training that survives a kill: its state on disk, its progress on the terminal, the machine it runs on.

Nothing random is kept in a state: what is random in a step comes from generators seeded by the run's seed, the stage
and the step, so a training that was killed and resumed gives the weights of one that was not.
"""

import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch

SAVE_EVERY_SECONDS = 180
REPORT_EVERY_SECONDS = 30


def numpy_generator(seed: int, stage: str, index: int) -> np.random.Generator:
    """The random numbers of step or shard ``index`` of ``stage``."""
    return np.random.default_rng((seed, zlib.crc32(stage.encode()), index))


def torch_generator(rng: np.random.Generator) -> torch.Generator:
    """A generator on the CPU that continues ``rng``."""
    return torch.Generator().manual_seed(int(rng.integers(2**63)))


def choose_device() -> torch.device:
    """A CUDA GPU where there is one, otherwise the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half_precision(device: torch.device) -> AbstractContextManager:
    """Autocast to bfloat16 where the machine computes in it."""
    has_bfloat16 = device.type == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16)


def save_state(path: Path, state: dict) -> None:
    """Write ``state`` so that a kill at any moment leaves the old file or the new one."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def load_state(path: Path) -> dict | None:
    """The state in ``path``, on the CPU, or ``None`` where there is none yet."""
    return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None


def steps_with_progress(
    stage: str, start: int, stop: int, save: Callable[[int], None], report: Callable[[], str]
) -> Iterator[int]:
    """Yield the steps from ``start`` to ``stop``; in between save the state and print progress with the time left.

    Args:
        stage: named on every line.
        save: called with the number of steps done, every three minutes and at the end.
        report: what to print beside the progress, for example the losses since the last line.
    """
    began = saved = reported = time.monotonic()
    for step in range(start, stop):
        yield step
        now, done = time.monotonic(), step + 1
        if now - reported > REPORT_EVERY_SECONDS or done == stop:
            left = (now - began) / (done - start) * (stop - done)
            print(f"{stage} {done}/{stop}, {left / 60:.1f} min left, {report()}", flush=True)
            reported = now
        if now - saved > SAVE_EVERY_SECONDS or done == stop:
            save(done)
            saved = time.monotonic()
