"""What the controls do, as a plot: the number of steps, text guidance, image guidance."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

from PIL import Image

from pix2pix import Editor, EditRequest
from pix2pix.training.evaluation.measured.edits import targets_of
from pix2pix.training.evaluation.plots import draw_plot, save_side_by_side
from pix2pix.training.pictures import psnr, to_tensor
from pix2pix.training.targets.edits import EDITS

PLOT_FILE = "controls.png"
SHOWN_EDITS = {
    "make it sepia": "sepia",
    "make it night": "night",
    "blur it": "blur",
    "turn it into a cartoon": "cartoon",
    "make it snowy": "snow",
}
TONES = ("sepia", "night", "sunset", "more contrast", "vivid")  # which need no second step, and must not lose by it
STEPS = (1, 2, 4, 8, 16)
ALL_STEPS = (*STEPS, 50)
TEXT_GUIDANCE = (1.0, 1.25, 1.5, 2.0, 3.0)
IMAGE_GUIDANCE = (1.0, 1.25, 1.5, 2.0)

Measure = Callable[[Editor, Image.Image, EditRequest, str], float]


def write_controls(folder: Path, editor: Editor, photos: Sequence[Image.Image]) -> None:
    """Write the plot of ``editor`` on ``photos`` into ``folder``."""
    plots = [
        _plot("dB to the target by steps", editor, photos, STEPS, _with_steps, _nearness),
        _plot("size of the edit by text guidance", editor, photos, TEXT_GUIDANCE, _with_text_guidance, _size),
        _plot("size of the edit by image guidance", editor, photos, IMAGE_GUIDANCE, _with_image_guidance, _size),
    ]
    save_side_by_side(folder / PLOT_FILE, plots)


def nearness_by_steps(editor: Editor, photos: Sequence[Image.Image]) -> dict[int, float]:
    """Mean dB to the target of TONES, by the number of steps."""
    near = {}
    for steps in ALL_STEPS:
        requests = [(_with_steps(EDITS[name].example, steps), name) for name in TONES]
        near[steps] = fmean(_nearness(editor, photo, *request) for request in requests for photo in photos)
    return near


def _with_steps(sentence: str, value: float) -> EditRequest:
    return EditRequest(sentence, num_inference_steps=int(value), seed=0)


def _with_text_guidance(sentence: str, value: float) -> EditRequest:
    return EditRequest(sentence, guidance_scale=value, seed=0)


def _with_image_guidance(sentence: str, value: float) -> EditRequest:
    return EditRequest(sentence, image_guidance_scale=value, seed=0)


def _plot(
    title: str,
    editor: Editor,
    photos: Sequence[Image.Image],
    values: Sequence[float],
    request_with: Callable[[str, float], EditRequest],
    measure: Measure,
) -> Image.Image:
    lines = []
    for sentence, name in SHOWN_EDITS.items():
        requests = [request_with(sentence, value) for value in values]
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
