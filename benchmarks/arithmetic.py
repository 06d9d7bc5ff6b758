"""How long the arithmetic alone would take: operations counted, against a matrix product measured in the same run."""

import statistics
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

SIDE, RUNS = 2048, 7


def operations_a_second(device: torch.device, dtype: torch.dtype) -> float:
    """Of a large matrix product on ``device``."""
    one = torch.randn(SIDE, SIDE, device=device, dtype=dtype)
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        one @ one
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return 2 * SIDE**3 / statistics.median(seconds)


def operations(work: Callable[[], object]) -> int:
    """How many floating-point operations ``work`` does in convolutions, matrix products and attention."""
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())
