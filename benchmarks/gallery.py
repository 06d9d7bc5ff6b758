"""A gallery of ours against a loop of diffusers' ``pipeline(...)`` and against its own batched call, in one run.

``make bench`` writes ``benchmarks/GALLERY.md``: pocket on the CPU, and where there is a CUDA GPU the real architecture
at full size with random weights in fp16. All photos are square, because diffusers stretches a batch to one shape.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path

import torch
from gradio.media import get_image
from PIL import Image, ImageOps

from benchmarks.architecture import random_pipeline
from benchmarks.stock import canvas_of, edit_one, edit_together
from benchmarks.timing import machine, medians
from pix2pix import Editor, EditRequest, Photo, open_photo
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX

RESULTS = Path(__file__).parent / "GALLERY.md"
PHOTOS = ("tower.jpg", "lion.jpg", "cheetah1.jpg")
SIDE = 1024  # pixels of each photo
NOTE = (
    f"Ours begins with photos of {SIDE} x {SIDE} pixels and ends with sharp results of that size; diffusers begins and "
    "ends with the small canvas. Where an edit is quick, that makes the difference."
)
MICRO_BATCHES = {"cpu": (1, 2, 4), "cuda": (1, 2, 4, 8, 16)}


@dataclass(frozen=True)
class Measured:
    """Median seconds for a whole gallery: ours by micro-batch, and both ways of diffusers."""

    ours: dict[int, float]
    loop: float
    batched: float

    def table(self, number: int) -> str:
        """A table in Markdown for a gallery of ``number`` photos."""
        best = min(self.ours, key=self.ours.__getitem__)
        rows = {f"ours, {size} together": seconds for size, seconds in self.ours.items()}
        rows |= {"diffusers, one call for each photo": self.loop, f"diffusers, one call for all {number}": self.batched}
        lines = [
            f"| {name} | {seconds:.2f} s | {seconds / self.loop:.2f} | {seconds / self.batched:.2f} |"
            for name, seconds in rows.items()
        ]
        head = "| Way | seconds | ratio to the loop | ratio to the batched call |\n|---|---|---|---|"
        return "\n".join([head, *lines, f"\nBest micro-batch: {best}."])


def main() -> None:
    """Measure what this machine can and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=16, help="photos in the gallery")
    parser.add_argument("--runs", type=int, default=3, help="runs of each way")
    options = parser.parse_args()
    photos = list(islice(_photos(), options.count))
    sections = [_pocket_section(photos, options.runs)]
    if torch.cuda.is_available():
        sections.append(_full_size_section(photos, options.runs))
    title = f"# A gallery of {options.count} photos against stock diffusers"
    text = "\n\n".join([title, machine(options.runs), NOTE, *sections])
    RESULTS.write_text(text + "\n", encoding="utf-8")
    print(text)


def _photos() -> Iterator[Photo]:
    """Square photos without end, all different."""
    for number in count():
        with Image.open(get_image(PHOTOS[number % len(PHOTOS)])) as image:
            yield open_photo(ImageOps.fit(image.convert("RGB").rotate(number), (SIDE, SIDE)))


def _pocket_section(photos: list[Photo], runs: int) -> str:
    editor = Editor.load("pocket", device="cpu")
    editor.pipeline.set_progress_bar_config(disable=True)
    number = len(photos)
    plain = _measure(editor, photos, EditRequest("make it night", seed=1), runs).table(number)
    guided = _measure(editor, photos, EditRequest("make it night", 4, 1.5, 1.5, 1), runs).table(number)
    return "\n\n".join(
        ["## Pocket on the CPU, fp32, its defaults", plain, "## Pocket, 4 steps, guidance 1.5 / 1.5", guided]
    )


def _full_size_section(photos: list[Photo], runs: int) -> str:
    pipeline = random_pipeline(torch.device("cuda"), torch.float16)
    editor = Editor(pipeline, replace(INSTRUCT_PIX2PIX, source="random/weights"))
    measured = _measure(editor, photos, EditRequest("make it night", 20, 7.5, 1.5, 1), runs)
    title = "## The real architecture at full size, random weights, fp16, 20 steps, 512 x 512"
    return f"{title}\n\n{measured.table(len(photos))}"


def _measure(editor: Editor, photos: list[Photo], request: EditRequest, runs: int) -> Measured:
    request = request.resolved(editor.checkpoint.defaults)
    sizes = MICRO_BATCHES[editor.pipeline._execution_device.type]
    ours = [_gallery(editor, photos, request, size) for size in sizes]
    canvases = [canvas_of(photo, editor) for photo in photos]

    def loop() -> None:
        for canvas in canvases:
            edit_one(editor, canvas, request)

    def batched() -> None:
        edit_together(editor, canvases, request)

    *of_ours, of_loop, of_batched = medians(*ours, loop, batched, runs=runs)
    return Measured(dict(zip(sizes, of_ours, strict=True)), of_loop, of_batched)


def _gallery(editor: Editor, photos: list[Photo], request: EditRequest, size: int) -> Callable[[], None]:
    """An edit of all ``photos``, ``size`` at a time and without a session, to pictures of their own size."""
    canvas = canvas_of(photos[0], editor).size

    def run() -> None:
        editor.micro_batches[canvas] = size
        for outcome in editor.edit_gallery(photos, request):
            assert outcome.result is not None
        assert editor.micro_batches[canvas] == size, "memory ran out"

    return run


if __name__ == "__main__":
    main()
