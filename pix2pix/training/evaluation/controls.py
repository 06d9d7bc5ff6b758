"""What the controls do, as a plot: the number of steps, text guidance, image guidance."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

from PIL import Image

from pix2pix import Editor, EditRequest
from pix2pix.training.evaluation.measures import targets_of
from pix2pix.training.evaluation.photos import psnr, to_tensor
from pix2pix.training.evaluation.plots import draw_plot, save_side_by_side

CONTROLS = "controls.png"
SHOWN_EDITS = {
    "make it sepia": "sepia",
    "make it night": "night",
    "blur it": "blur",
    "turn it into a cartoon": "cartoon",
    "make it snowy": "snow",
}
STEPS = (1, 2, 4, 8, 16)
TEXT_GUIDANCE = (1.0, 1.25, 1.5, 2.0, 3.0)
IMAGE_GUIDANCE = (1.0, 1.25, 1.5, 2.0)

Measure = Callable[[Editor, Image.Image, EditRequest, str], float]


def write_controls(folder: Path, editor: Editor, photos: Sequence[Image.Image]) -> None:
    """Write the plot of ``editor`` on ``photos`` into ``folder``."""
    plots = [
        _plot("dB to the target by steps", editor, photos, "num_inference_steps", STEPS, _nearness),
        _plot("size of the edit by text guidance", editor, photos, "guidance_scale", TEXT_GUIDANCE, _size),
        _plot("size of the edit by image guidance", editor, photos, "image_guidance_scale", IMAGE_GUIDANCE, _size),
    ]
    save_side_by_side(folder / CONTROLS, plots)


def nearness_by_steps(editor: Editor, photos: Sequence[Image.Image]) -> dict[int, float]:
    """Mean dB to the target of the shown edits, by the number of steps."""
    near = {}
    for steps in STEPS:
        requests = [(EditRequest(said, num_inference_steps=steps, seed=0), name) for said, name in SHOWN_EDITS.items()]
        near[steps] = fmean(_nearness(editor, photo, *request) for request in requests for photo in photos)
    return near


def _plot(
    title: str,
    editor: Editor,
    photos: Sequence[Image.Image],
    setting: str,
    values: Sequence[float],
    measure: Measure,
) -> Image.Image:
    lines = []
    for sentence, name in SHOWN_EDITS.items():
        requests = [EditRequest(sentence, seed=0, **{setting: value}) for value in values]
        lines.append((name, [fmean(measure(editor, photo, request, name) for photo in photos) for request in requests]))
    return draw_plot(title, values, lines)


def _nearness(editor: Editor, photo: Image.Image, request: EditRequest, name: str) -> float:
    return psnr(to_tensor(editor.edit(photo, request).canvas_image), targets_of(to_tensor(photo))[name])


def _size(editor: Editor, photo: Image.Image, request: EditRequest, name: str) -> float:
    """How far along the way from photo to target the outcome lies; 1 is the target."""
    picture = to_tensor(photo)
    way = targets_of(picture)[name] - picture
    outcome = to_tensor(editor.edit(photo, request).canvas_image)
    return (((outcome - picture) * way).sum() / (way**2).sum()).item()
