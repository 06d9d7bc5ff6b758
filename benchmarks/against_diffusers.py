"""Our ``edit`` against diffusers' ``pipeline(...)``: same checkpoint, photo, seed and settings, in turn in one process.

``make bench`` writes ``benchmarks/RESULTS.md``. Pocket is measured everywhere, the real architecture at full size, with
random weights in fp16, where there is a CUDA GPU.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import torch
from gradio.media import get_image

from benchmarks.architecture import random_pipeline
from benchmarks.stock import canvas_of, edit_one
from benchmarks.timing import machine, medians
from pix2pix import Editor, EditRequest, EditSession, Step, open_photo
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX

RESULTS = Path(__file__).parent / "RESULTS.md"
NOTE = (
    "Ours ends with a sharp result of the photo's own size; diffusers ends with the small canvas. "
    "Where an edit is quick, that makes the difference."
)
PHOTO = get_image("lion.jpg")
MEBIBYTE = 1024**2


@dataclass(frozen=True)
class Comparison:
    """Median seconds of one edit on each side."""

    name: str
    ours: float
    stock: float

    def row(self) -> str:
        """A row of the table."""
        return f"| {self.name} | {self.ours:.3f} s | {self.stock:.3f} s | {self.ours / self.stock:.2f} |"


def main() -> None:
    """Measure everything this machine can and write the results."""
    sections = [_pocket_section(), _process_section()]
    if torch.cuda.is_available():
        sections.append(_full_size_section())
    text = "\n\n".join(["# Speed against stock diffusers", machine(), NOTE, *sections])
    RESULTS.write_text(text + "\n", encoding="utf-8")
    print(text)


def _pocket_section() -> str:
    editor = Editor.load("pocket", device="cpu")
    editor.pipeline.set_progress_bar_config(disable=True)
    comparisons = [
        _compare("its defaults: 1 step, no guidance", editor, EditRequest("make it night", seed=1)),
        _compare("4 steps, guidance 1.5 / 1.5", editor, EditRequest("make it night", 4, 1.5, 1.5, 1)),
        _compare("4 steps, guidance 1.5 / 1.0", editor, EditRequest("make it night", 4, 1.5, 1.0, 1)),
    ]
    return _table("Pocket on the CPU, fp32", comparisons) + "\n\n" + _preview_share(editor)


def _full_size_section() -> str:
    device = torch.device("cuda")
    pipeline = random_pipeline(device, torch.float16)
    editor = Editor(pipeline, replace(INSTRUCT_PIX2PIX, source="random/weights"))
    request = EditRequest("make it night", 20, 7.5, 1.5, 1)
    session = EditSession()
    editor.edit(PHOTO, request, session=session)
    comparisons = [
        _compare("guidance 7.5 / 1.5", editor, request),
        _compare("guidance 7.5 / 1.0", editor, replace(request, image_guidance_scale=1.0)),
        _compare("the same photo again, another instruction", editor, request, session),
    ]
    title = "The real architecture at full size, random weights, fp16, 20 steps, 512 x 512"
    return _table(title, comparisons) + "\n\n" + _preview_share(editor)


def _compare(name: str, editor: Editor, request: EditRequest, session: EditSession | None = None) -> Comparison:
    """One edit of one square photo, in every run with another instruction.

    Args:
        session: one that has edited the photo before, so that ours need not encode it again.
    """
    request = request.resolved(editor.checkpoint.defaults)
    photo = open_photo(PHOTO)
    photo = replace(photo, rgb=photo.rgb.crop((0, 0, min(photo.size), min(photo.size))))
    canvas, numbers = canvas_of(photo, editor), count()

    def ours() -> None:
        text = f"{request.instruction} {next(numbers)}"
        editor.edit(photo, replace(request, instruction=text), session=session)

    def stock() -> None:
        edit_one(editor, canvas, request, f"{request.instruction} {next(numbers)}")

    of_ours, of_stock = medians(ours, stock)
    return Comparison(name, of_ours, of_stock)


def _preview_share(editor: Editor) -> str:
    """How long a preview takes beside a step, in a sentence."""
    steps, previews = [], []
    started = time.perf_counter()
    for event in editor.stream(PHOTO, EditRequest("make it night", 20, seed=1)):
        stepped = time.perf_counter()
        steps.append(stepped - started)
        if isinstance(event, Step):
            event.draw()
            previews.append(time.perf_counter() - stepped)
        started = time.perf_counter()
    share = statistics.median(previews) / statistics.median(steps)
    return f"A preview takes {share:.1%} of a step ({1000 * statistics.median(previews):.1f} ms)."


def _process_section() -> str:
    """A cold process: from the shell to the first finished edit of pocket on the CPU."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["edit", PHOTO, "make it night", "--out", f"{folder}/a.png", "--model", "pocket", "--device", "cpu"]
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "pix2pix", *arguments], check=True)
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / MEBIBYTE
    return (
        "## One pocket edit from the shell\n\n"
        f"{seconds:.1f} s from the start of the process to the finished file; peak resident memory {peak:.0f} MB."
    )


def _table(title: str, comparisons: list[Comparison]) -> str:
    head = f"## {title}\n\n| Setting | ours | diffusers | ours / diffusers |\n|---|---|---|---|"
    return "\n".join([head, *(comparison.row() for comparison in comparisons)])


if __name__ == "__main__":
    main()
