"""How time and memory of pocket grow with what is asked of it; each series in a process of its own.

``python -m benchmarks.growth steps`` prints the points of one series as a line of JSON.
"""

import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.memory import peak
from pix2pix.training.evaluation.plots import draw_plot, save_side_by_side

RUNS = 3
SMALL = 320, 213  # pixels
SERIES = {  # what grows, and how far; small first, because a peak of memory never comes down
    "steps": (1, 4, 8, 12, 16),
    "canvas, 1000 pixels": (16, 36, 65, 102, 147),  # sides from 128 to 384
    "photo, megapixels": (1, 3, 6, 9, 12),
    "photos of a gallery": (1, 2, 4, 6, 8),
    "visitors at once": (1, 2, 3, 4),
}


@dataclass(frozen=True)
class Growth:
    """One series: what grew, and the seconds and the peak of memory in MB at each of its places."""

    name: str
    places: tuple[float, ...]
    seconds: tuple[float, ...]
    megabytes: tuple[float, ...]

    @property
    def line(self) -> tuple[float, float]:
        """Seconds at nothing, and for each one more, by least squares."""
        slope, start = np.polyfit(self.places, self.seconds, 1)
        return float(start), float(slope)

    @property
    def explained(self) -> float:
        """The share of the seconds' variance that the line explains."""
        start, slope = self.line
        rest = np.asarray(self.seconds) - (start + slope * np.asarray(self.places))
        return float(1 - rest.var() / np.asarray(self.seconds).var())

    def __str__(self) -> str:
        start, slope = self.line
        return (
            f"| {self.name} | {self.places[0]:g} to {self.places[-1]:g} | {start:.2f} s + {slope:.3f} s each "
            f"| {self.explained:.1%} | {self.megabytes[0]:.0f} to {self.megabytes[-1]:.0f} MB |"
        )


def grown(name: str) -> Growth:
    """Measure the series ``name`` in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.growth", name], check=True, capture_output=True, text=True)
    return Growth(name, *map(tuple, json.loads(done.stdout.splitlines()[-1])))


def draw(growths: list[Growth], path: Path) -> None:
    """All series beside each other, measured and by their lines."""
    plots = []
    for one in growths:
        start, slope = one.line
        lines = [("measured", one.seconds), ("line", [start + slope * place for place in one.places])]
        plots.append(draw_plot(f"{one.name}: seconds", one.places, lines))
    save_side_by_side(path, plots)


def _measure(name: str) -> None:
    edit = _work(name)
    seconds, peaks = [], []
    for place in SERIES[name]:
        taken = []
        for _ in range(RUNS + 1):
            started = time.perf_counter()
            edit(place)
            taken.append(time.perf_counter() - started)
        seconds.append(statistics.median(taken[1:]))
        peaks.append(peak())
    print(json.dumps([SERIES[name], seconds, peaks]))


def _work(name: str) -> Callable[[int], object]:
    """One edit, or several, as large as its argument says."""
    from concurrent.futures import ThreadPoolExecutor
    from dataclasses import replace

    from gradio.media import get_image

    from pix2pix import Editor, EditRequest

    editor, request = Editor.load("pocket", device="cpu"), EditRequest("make it night", seed=1)
    with Image.open(get_image("lion.jpg")) as image:
        photo = image.convert("RGB").resize(SMALL)

    def at_once(visitors: int) -> None:
        with ThreadPoolExecutor(visitors) as pool:
            list(pool.map(lambda _: editor.edit(photo, request), range(visitors)))

    return {
        "steps": lambda steps: editor.edit(photo, replace(request, num_inference_steps=steps)),
        "canvas, 1000 pixels": lambda size: editor.edit(photo, replace(request, resolution=_side(size))),
        "photo, megapixels": lambda size: editor.edit(photo.resize((size * 1000, 1000)), request),
        "photos of a gallery": lambda count: list(editor.edit_gallery(_different(photo, count), request)),
        "visitors at once": at_once,
    }[name]


def _side(thousands: int) -> int:
    return round(math.sqrt(thousands * 1000) / 32) * 32


def _different(photo: Image.Image, count: int) -> list[Image.Image]:
    return [photo.rotate(number) for number in range(count)]


if __name__ == "__main__":
    from pix2pix.cores import share_cores

    share_cores()
    _measure(sys.argv[1])
