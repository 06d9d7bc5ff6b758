"""Pocket beside another program that wants all cores, as on a free Space or a laptop; each side in its own process.

``python -m benchmarks.busy ours`` and ``... diffusers`` print the seconds of each edit as a line of JSON.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.sides import FAST, OURS, STOCK

if TYPE_CHECKING:
    from benchmarks.row import Row

RUNS, TURNS = 2, 2
OTHER = "import torch; torch.set_num_threads({threads}); a = torch.randn(1500, 1500)\nwhile True: a @ a"


def busy_row() -> "Row":
    """Both sides in turn, each beside the same busy program."""
    from benchmarks.row import Row
    from benchmarks.timing import Times

    seconds: dict[str, list[float]] = {OURS: [], FAST: [], STOCK: []}
    with another_program():
        for _ in range(TURNS):
            for side, taken in seconds.items():
                done = subprocess.run(
                    [sys.executable, "-m", "benchmarks.busy", side], check=True, capture_output=True, text=True
                )
                taken += json.loads(done.stdout.splitlines()[-1])
    times = {side: Times(tuple(taken)) for side, taken in seconds.items()}
    return Row("pocket at its defaults, beside a busy program", 0.5, 0.4, times)


@contextmanager
def another_program() -> Iterator[None]:
    """As many threads as there are cores multiply matrices meanwhile."""
    other = subprocess.Popen([sys.executable, "-c", OTHER.format(threads=os.cpu_count())])
    try:
        time.sleep(5)  # until it has imported torch
        yield
    finally:
        other.kill()
        other.wait()


def main(side: str) -> None:
    """Time RUNS edits of ``side`` after one that is not counted."""
    if side != STOCK:
        from pix2pix.cores import share_cores

        share_cores()  # as the program does, before torch is imported
    from benchmarks.single import plain_edit
    from benchmarks.timing import in_turn

    (times,) = in_turn(plain_edit(side), runs=RUNS)
    print(json.dumps(times.seconds))


if __name__ == "__main__":
    main(sys.argv[1])
