"""Training that survives a kill: its state on disk, its progress on the terminal, the machine it runs on.

No state of a random generator is stored. All that is random in a step comes from generators seeded by the run's seed,
the stage and the step, so a training that was killed and resumed gives the same weights as one that was not.
"""

import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

SAVE_EVERY_SECONDS = 180
REPORT_EVERY_SECONDS = 30

State = dict[str, Any]  # tensors, numbers and the state of optimizers, by name


def numpy_generator(seed: int, stage: str, index: int) -> np.random.Generator:
    """The random numbers of step or shard ``index`` of ``stage``."""
    return np.random.default_rng((seed, zlib.crc32(stage.encode()), index))


def torch_generator(rng: np.random.Generator) -> torch.Generator:
    """A generator on the CPU, seeded by the next number of ``rng``."""
    return torch.Generator().manual_seed(int(rng.integers(2**63)))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within the context torch's global random numbers follow ``seed``; afterwards they go on as if it had not been.

    New layers take their first weights from them.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def choose_device() -> torch.device:
    """A CUDA GPU where there is one, otherwise the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half_precision(device: torch.device) -> torch.autocast:
    """A context that computes in bfloat16 where the machine has instructions for it."""
    has_bfloat16 = device.type == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16)


def save_state(path: Path, state: State) -> None:
    """Write ``state`` so that a kill at any moment leaves the old file or the new one."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def load_state(path: Path) -> State | None:
    """The state in ``path``, on the CPU, or ``None`` where there is none yet."""
    if not path.exists():
        return None
    state: State = torch.load(path, map_location="cpu", weights_only=True)
    return state


def steps_with_progress(
    stage: str, start: int, stop: int, save: Callable[[int], None], report: Callable[[], str]
) -> Iterator[int]:
    """Yield the steps from ``start`` to ``stop``; between them save the state and print progress with the time left.

    Args:
        stage: named on every line.
        save: called with the number of steps done, every three minutes and at the end.
        report: makes what is printed beside the progress, for example the mean loss.
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
