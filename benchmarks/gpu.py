"""On a CUDA GPU: the real architecture at full size with random weights, in fp16, as people run it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline

from benchmarks.architecture import random_pipeline
from benchmarks.gallery import all_together, gallery_row, one_by_one, square_photos
from benchmarks.row import Row, aside, table
from benchmarks.sides import STOCK
from benchmarks.single import Single, edits
from benchmarks.timing import in_turn, machine
from pix2pix import Editor, EditRequest
from pix2pix.detail.planes import CPU
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX

RESULTS = Path(__file__).parent / "GPU.md"
STEPS, RUNS, GALLERY_RUNS = 20, 4, 1
REQUEST = EditRequest("make it night", STEPS, 7.5, 1.5, 1)
HEAD = """# Speed against stock diffusers, on a GPU

Measured by `make bench` on {machine}.

The real architecture at full size with random weights in fp16, 512 x 512, {steps} steps; a photo is 1024 x 1024, and
ours ends with a sharp result of that size. All else is as in [RESULTS.md](RESULTS.md).
"""
LEVERS = """
## What each lever gives

One edit, guidance 7.5 and 1.5, with one lever taken away.

| | one edit | of all levers |
|---|---|---|
"""


def measure() -> str:
    """All rows, as Markdown."""
    editor, stock = _editor(), random_pipeline(torch.device("cuda"), torch.float16)
    rows, levers = [*_galleries(editor, stock)], [*_levers()]
    rows += _single_edits(editor, stock)  # last, because the tuned side compiles for a minute
    parts = [HEAD.format(machine=machine(), steps=STEPS), table(rows), "", aside(rows), LEVERS + "\n".join(levers)]
    return "\n".join(parts)


def _editor() -> Editor:
    pipeline = random_pipeline(torch.device("cuda"), torch.float16)
    return Editor(pipeline, replace(INSTRUCT_PIX2PIX, source="random/weights"))


def _galleries(editor: Editor, stock: StableDiffusionInstructPix2PixPipeline) -> Iterator[Row]:
    for goals, way in (((0.4, 0.2), one_by_one), ((0.7, 0.35), all_together)):
        row = gallery_row(editor, {STOCK: stock}, REQUEST, goals, way, GALLERY_RUNS)
        print(row, flush=True)
        yield row


def _single_edits(editor: Editor, stock: StableDiffusionInstructPix2PixPipeline) -> Iterator[Row]:
    single = Single(editor, stock, next(square_photos()))
    for image_guidance, goals in {1.5: (0.5, 0.25), 1.0: (0.36, 0.25)}.items():
        request = replace(REQUEST, image_guidance_scale=image_guidance)
        row = single.row(f"one edit, guidance 7.5 / {image_guidance}", goals, request, RUNS)
        print(row, flush=True)
        yield row


def _levers() -> Iterator[str]:
    """A row of Markdown for all levers, and for all but one."""
    without: dict[str, dict[str, object]] = {
        "all": {},
        "launched kernel by kernel, without recordings": {"_graphs": None},
        "the photo's detail brought in by the CPU": {"_detail_device": CPU},
    }
    photo, editors = next(square_photos()), [_editor() for _ in without]
    for editor, changed in zip(editors, without.values(), strict=True):
        vars(editor._batches).update(changed)  # what would be made at the first edit
    times = in_turn(*(edits(editor, photo, REQUEST) for editor in editors), runs=RUNS)
    for name, taken in zip(without, times, strict=True):
        row = f"| {name} | {taken.median:.3f} s | {taken.median / times[0].median:.2f} |"
        print(row, flush=True)
        yield row
