"""One edit of one photo: pocket, and the real architecture at full size with random weights."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from gradio.media import get_image
from PIL import Image

from benchmarks.architecture import random_pipeline
from benchmarks.arithmetic import operations, operations_a_second
from benchmarks.row import Row, apart
from benchmarks.sides import FAST, OURS, STOCK, TUNED
from benchmarks.stock import canvas_of, edit_one, stock_pocket, tuned
from benchmarks.timing import in_turn
from pix2pix import Editor, EditRequest, EditSession, Photo, open_photo
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX, POCKET
from pix2pix.diffusion.speed.convolutions import quicken

PHOTO = get_image("lion.jpg")
RUNS, SLOW_RUNS = 7, 2
NIGHT = EditRequest("make it night", seed=1)
BOTH = replace(NIGHT, guidance_scale=1.4, image_guidance_scale=1.4)  # alike, as in a plain guidance of two rows
REAL_STEPS, REAL_SIDE = 2, 256
POCKET_SIDE = 256


class Single:
    """The same edit by ours, by diffusers as it comes, and by a tuned diffusers, ready to be timed."""

    def __init__(
        self, editor: Editor, pipeline: StableDiffusionInstructPix2PixPipeline, photo: Photo | None = None
    ) -> None:
        self.editor, self.sides = editor, {STOCK: pipeline, TUNED: tuned(pipeline)}
        self._photo = photo or _square(open_photo(PHOTO))
        device, dtype = editor.pipeline._execution_device, editor.pipeline.unet.dtype
        self._rate = operations_a_second(device, dtype)

    def row(
        self, work: str, goals: tuple[float, float], request: EditRequest, runs: int, session: EditSession | None = None
    ) -> Row:
        """One edit of a square photo, in every run with other words.

        Args:
            goals: of an exact edit and of a fast one.
            session: one in which the photo was edited before, so that ours need not encode it again.
        """
        request = request.resolved(self.editor.checkpoint.defaults)
        photo, canvas = self._photo, canvas_of(self._photo, self.editor, request.resolution)
        exact, fast = (edits(self.editor, photo, replace(request, speed=speed), session) for speed in ("exact", "fast"))
        others = {name: _words(pipeline, canvas, request) for name, pipeline in self.sides.items()}
        sides = {OURS: exact, FAST: fast} | others
        drawn = self.editor.edit(photo, request).canvas_image
        far = apart(drawn, edit_one(self.sides[STOCK], canvas, request))
        times = dict(zip(sides, in_turn(*sides.values(), runs=runs), strict=True))
        plain = Editor(self.editor.pipeline, self.editor.checkpoint)
        vars(plain._batches)["_graphs"] = None  # a recording would hide the operations that are in it
        arithmetic = operations(edits(plain, photo, request, session)) / self._rate
        return Row(work, *goals, times, far, arithmetic / times[OURS].median)


def edits(
    editor: Editor, photo: Photo, request: EditRequest, session: EditSession | None = None
) -> Callable[[], object]:
    """One edit, each time with other words."""
    numbers = count()

    def edit() -> None:
        words = f"{request.instruction} {next(numbers)}"
        editor.edit(photo, replace(request, instruction=words), session=session)

    return edit


def pocket_rows() -> Iterator[Row]:
    """Pocket on the CPU, fp32."""
    single = Single(Editor.load("pocket", device="cpu"), stock_pocket())
    yield single.row("pocket at its defaults", (0.95, 0.55), NIGHT, RUNS)
    yield single.row("pocket, both guidances 1.4", (0.62, 0.40), BOTH, RUNS)
    yield single.row("the same photo, other words", (0.85, 0.5), NIGHT, RUNS, EditSession())
    yield single.row("the same photo, other words, both guidances 1.4", (0.55, 0.35), BOTH, RUNS, EditSession())


def real_rows() -> Iterator[Row]:
    """The real architecture with random weights on the CPU, small and in fp32."""
    cpu = torch.device("cpu")
    pipeline, own = random_pipeline(cpu, torch.float32), random_pipeline(cpu, torch.float32)
    for model in (own.unet, own.vae):
        quicken(model)  # as loading does
    single = Single(Editor(own, replace(INSTRUCT_PIX2PIX, source="random/weights")), pipeline)
    for image_guidance, goals in {1.5: (0.95, 0.5), 1.0: (0.65, 0.35)}.items():
        request = EditRequest("make it night", REAL_STEPS, 7.5, image_guidance, 1, resolution=REAL_SIDE)
        name = f"real architecture, {REAL_STEPS} steps, {REAL_SIDE} x {REAL_SIDE}, guidance 7.5 / {image_guidance}"
        yield single.row(name, goals, request, SLOW_RUNS)


def plain_edit(side: str) -> Callable[[], object]:
    """One edit by pocket at its defaults, of ``side``, OURS, FAST or STOCK, alone in its process."""
    photo = _square(open_photo(PHOTO))
    if side != STOCK:
        editor, asked = Editor.load("pocket", device="cpu"), replace(NIGHT, speed="fast" if side == FAST else "exact")
        return lambda: editor.edit(photo, asked)
    pipeline, request = stock_pocket(), NIGHT.resolved(POCKET.defaults)
    canvas = photo.rgb.resize((POCKET_SIDE, POCKET_SIDE), Image.Resampling.LANCZOS)
    return lambda: edit_one(pipeline, canvas, request)


def _words(
    pipeline: StableDiffusionInstructPix2PixPipeline, canvas: Image.Image, request: EditRequest
) -> Callable[[], object]:
    numbers = count()
    return lambda: edit_one(pipeline, canvas, replace(request, instruction=f"{request.instruction} {next(numbers)}"))


def _square(photo: Photo) -> Photo:
    side = min(photo.size)
    return replace(photo, rgb=photo.rgb.crop((0, 0, side, side)))
