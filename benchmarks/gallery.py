"""A gallery of ours against a loop of diffusers' calls and against its own batched call.

All photos are square, because diffusers stretches a batch to one shape. Ours begins with photos of ``SIDE`` pixels and
ends with sharp results of that size; diffusers begins and ends with the small canvas.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import count, islice

from diffusers import StableDiffusionInstructPix2PixPipeline
from gradio.media import get_image
from PIL import Image, ImageOps

from benchmarks.row import Row, apart
from benchmarks.sides import FAST, OURS, STOCK, TUNED
from benchmarks.stock import canvas_of, edit_one, edit_together, stock_pocket, tuned
from benchmarks.timing import in_turn
from pix2pix import Editor, EditRequest, Photo, open_photo

PHOTOS = ("tower.jpg", "lion.jpg", "cheetah1.jpg")
COUNT, SIDE, RUNS = 16, 1024, 3
NIGHT = EditRequest("make it night", seed=1)

Way = Callable[[StableDiffusionInstructPix2PixPipeline, list[Image.Image], EditRequest], None]


def gallery_rows() -> Iterator[Row]:
    """Pocket on the CPU."""
    editor, stock = Editor.load("pocket", device="cpu"), stock_pocket()
    yield gallery_row(editor, {STOCK: stock, TUNED: tuned(stock)}, NIGHT, (0.95, 0.55), one_by_one, RUNS)


def gallery_row(
    editor: Editor,
    pipelines: Mapping[str, StableDiffusionInstructPix2PixPipeline],
    request: EditRequest,
    goals: tuple[float, float],
    way: Way,
    runs: int,
) -> Row:
    """Ours against one of the ways in which diffusers' ``pipelines``, by their sides, edit many photos."""
    photos = list(islice(square_photos(), COUNT))
    request = request.resolved(editor.checkpoint.defaults)
    canvases = [canvas_of(photo, editor) for photo in photos]

    def ours(speed: str = "exact") -> list[Image.Image]:
        outcomes = [outcome.result for outcome in editor.edit_gallery(photos, replace(request, speed=speed))]
        return [result.canvas_image for result in outcomes if result is not None]

    far = apart(ours()[0], edit_one(pipelines[STOCK], canvases[0], request))
    sides: dict[str, Callable[[], object]] = {OURS: ours, FAST: partial(ours, "fast")}
    sides |= {name: partial(way, pipeline, canvases, request) for name, pipeline in pipelines.items()}
    times = dict(zip(sides, in_turn(*sides.values(), runs=runs), strict=True))
    work = f"gallery of {len(photos)} photos of {SIDE} x {SIDE}, {editor.checkpoint.name}, {way.__doc__}"
    return Row(work, *goals, times, far)


def one_by_one(
    pipeline: StableDiffusionInstructPix2PixPipeline, canvases: list[Image.Image], request: EditRequest
) -> None:
    """against a loop"""
    for canvas in canvases:
        edit_one(pipeline, canvas, request)


def all_together(
    pipeline: StableDiffusionInstructPix2PixPipeline, canvases: list[Image.Image], request: EditRequest
) -> None:
    """against one call for all"""
    edit_together(pipeline, canvases, request)


def square_photos() -> Iterator[Photo]:
    """Square photos without end, all different."""
    for number in count():
        with Image.open(get_image(PHOTOS[number % len(PHOTOS)])) as image:
            yield open_photo(ImageOps.fit(image.convert("RGB").rotate(number), (SIDE, SIDE)))
