"""A gallery of ours against a loop of diffusers' calls and against its own batched call.

All photos are square, because diffusers stretches a batch to one shape. Ours begins with photos of ``SIDE`` pixels and
ends with sharp results of that size; diffusers begins and ends with the small canvas.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count, islice

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from gradio.media import get_image
from PIL import Image, ImageOps

from benchmarks.architecture import random_pipeline
from benchmarks.row import Row, apart
from benchmarks.sides import FAST, OURS, STOCK, TUNED
from benchmarks.stock import canvas_of, edit_one, edit_together, stock_pocket, tuned
from benchmarks.timing import in_turn
from pix2pix import Editor, EditRequest, Photo, open_photo
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX

PHOTOS = ("tower.jpg", "lion.jpg", "cheetah1.jpg")
COUNT, SIDE, RUNS = 16, 1024, 3
NIGHT = EditRequest("make it night", seed=1)

Way = Callable[[StableDiffusionInstructPix2PixPipeline, list[Image.Image], EditRequest], None]


def gallery_rows() -> Iterator[Row]:
    """Pocket on the CPU; on a GPU the real architecture with random weights in fp16, too."""
    photos = list(islice(_photos(), COUNT))
    yield _row(Editor.load("pocket", device="cpu"), stock_pocket(), photos, NIGHT, (0.95, 0.55), _loop)
    if torch.cuda.is_available():
        device = torch.device("cuda")
        editor = Editor(random_pipeline(device, torch.float16), replace(INSTRUCT_PIX2PIX, source="random/weights"))
        stock, request = random_pipeline(device, torch.float16), EditRequest("make it night", 20, 7.5, 1.5, 1)
        yield _row(editor, stock, photos, request, (0.4, 0.2), _loop)
        yield _row(editor, stock, photos, request, (0.7, 0.35), _batched)


def _row(
    editor: Editor,
    pipeline: StableDiffusionInstructPix2PixPipeline,
    photos: list[Photo],
    request: EditRequest,
    goals: tuple[float, float],
    way: Way,
) -> Row:
    """Ours against one of diffusers' ways to edit many photos."""
    request = request.resolved(editor.checkpoint.defaults)
    canvases = [canvas_of(photo, editor) for photo in photos]

    def ours(speed: str = "exact") -> list[Image.Image]:
        outcomes = [outcome.result for outcome in editor.edit_gallery(photos, replace(request, speed=speed))]
        return [result.canvas_image for result in outcomes if result is not None]

    far = apart(ours()[0], edit_one(pipeline, canvases[0], request))
    sides: list[Callable[[], object]] = [ours, partial(ours, "fast")]
    sides += [partial(way, one, canvases, request) for one in (pipeline, tuned(pipeline))]
    times = dict(zip((OURS, FAST, STOCK, TUNED), in_turn(*sides, runs=RUNS), strict=True))
    work = f"gallery of {len(photos)} photos of {SIDE} x {SIDE}, {editor.checkpoint.name}, {way.__doc__}"
    return Row(work, *goals, times, far)


def _loop(pipeline: StableDiffusionInstructPix2PixPipeline, canvases: list[Image.Image], request: EditRequest) -> None:
    """against a loop"""
    for canvas in canvases:
        edit_one(pipeline, canvas, request)


def _batched(
    pipeline: StableDiffusionInstructPix2PixPipeline, canvases: list[Image.Image], request: EditRequest
) -> None:
    """against one call for all"""
    edit_together(pipeline, canvases, request)


def _photos() -> Iterator[Photo]:
    """Square photos without end, all different."""
    for number in count():
        with Image.open(get_image(PHOTOS[number % len(PHOTOS)])) as image:
            yield open_photo(ImageOps.fit(image.convert("RGB").rotate(number), (SIDE, SIDE)))
