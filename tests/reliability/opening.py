"""Opens mutated files in a process of its own, so that even a crash or a hang is an answer.

``python -m tests.reliability.opening SEED FIRST LAST FOLDER`` prints the number of each file before it opens it, and
after all of them one line of JSON: what was found.
"""

import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from pix2pix import InvalidImage
from pix2pix.photo import Photo, open_photo
from pix2pix.photo.limits import MAX_ASPECT, MAX_PIXELS
from tests.reliability.mutations import mutated, sources

SECONDS, MEGABYTES, LETTERS = 2.0, 300, 160  # of processor time: a busy machine is not the file's fault


def memory(line: str) -> float:
    """``VmHWM`` or ``VmRSS`` of this process in MB."""
    for said in Path("/proc/self/status").read_text().splitlines():
        if said.startswith(line):
            return int(said.split()[1]) / 1024
    return 0.0


def measured(source: Path | bytes) -> tuple[object, float, float]:
    """What ``open_photo`` gives or raises for ``source``, the seconds, and the peak in MB above what there was."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts anew
    before, started = memory("VmRSS"), time.process_time()
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # ends this process, even inside of a library
    try:
        found: object = open_photo(source)
    except Exception as error:
        found = error
    signal.setitimer(signal.ITIMER_PROF, 0)
    return found, time.process_time() - started, memory("VmHWM") - before


def fault_of(found: object, peak: float) -> str | None:
    """What is wrong with an answer, or ``None``."""
    if isinstance(found, Photo):
        width, height = found.size
        fits = width * height <= MAX_PIXELS and max(width, height) <= MAX_ASPECT * min(width, height)
        if found.rgb.mode != "RGB" or not fits or (found.alpha and found.alpha.size != found.size):
            return f"a photo that is none: {found}"
    elif not isinstance(found, InvalidImage):
        return f"raised {found!r}"
    elif not 0 < len(str(found)) <= LETTERS or "\n" in str(found) or "/" in str(found) or os.sep in str(found):
        return f"said {str(found)!r}"
    return f"took {peak:.0f} MB" if peak > MEGABYTES else None


def main(seed: int, first: int, last: int, folder: Path) -> None:
    """Open the files ``first`` to ``last`` of the series ``seed``, every other one from the disk."""
    whole, faults, photos, slowest, largest = sources(), {}, 0, 0.0, 0.0
    for source in whole[:40]:
        measured(source)  # libraries take memory once
    for number in range(first, last):
        print(number, flush=True)
        data = mutated(whole, seed, number)
        path = folder / f"{number}.jpg"
        path.write_bytes(data)
        found, seconds, peak = measured(path if number % 2 else data)
        path.unlink()
        photos += isinstance(found, Photo)
        slowest, largest = max(slowest, seconds), max(largest, peak)
        if fault := fault_of(found, peak):
            faults[number] = fault
    print(json.dumps({"faults": faults, "photos": photos, "seconds": slowest, "megabytes": largest}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), Path(sys.argv[4]))
