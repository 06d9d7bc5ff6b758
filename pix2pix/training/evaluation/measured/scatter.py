"""Whether what lies where chance will have it is there at all: flakes, streaks and grain, beside the closed form's.

An amount is measured against the same edit without any noise. 1 stands for as much as the closed form has after the
autoencoder, which is all that a denoiser could draw.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from pix2pix import Editor, EditRequest
from pix2pix.training.evaluation.measured.figures import autoencoded
from pix2pix.training.pictures import to_tensor
from pix2pix.training.targets.colour import luminance
from pix2pix.training.targets.edits import EDITS, apply
from pix2pix.training.targets.filters import gaussian_blur

BRIGHTER = 0.1  # of 0..1, than the surroundings: a flake
STREAK = 15  # pixels along which a streak is looked for
Amount = Callable[[Tensor, Tensor], float]  # a picture and the same without anything at random, (1, 3, H, W)


def flakes(picture: Tensor, still: Tensor) -> float:
    """The share of pixels that are clearly brighter than their surroundings, where the photo is not."""
    return (_detail(luminance(picture) - luminance(still), 6.0) > BRIGHTER).float().mean().item()


def streaks(picture: Tensor, still: Tensor) -> float:
    """How much more the brightness goes along the slant of rain than along its mirror image."""
    detail = _detail(luminance(picture) - luminance(still), 4.0)
    steep = torch.eye(STREAK).flip(1)[None, None]
    slant = F.interpolate(steep, size=(2 * STREAK - 1, STREAK), mode="nearest") / STREAK
    along, across = (F.conv2d(detail, kernel).square().mean() for kernel in (slant, slant.flip(3)))
    return (along - across).item()


def grain(picture: Tensor, still: Tensor) -> float:
    """The variance of the finest detail that the picture without grain does not have."""
    return (_detail(luminance(picture), 2.0).var() - _detail(luminance(still), 2.0).var()).item()


AMOUNTS: dict[str, Amount] = {"snow": flakes, "rain": streaks, "film grain": grain}


@dataclass(frozen=True)
class Scatter:
    """What was drawn at random, by the name of the edit.

    Attributes:
        by_steps: the amount by the number of steps, 1 for the closed form's.
        other_places: by how much two seeds differ, as a share of how much they would if they had nothing in common.
    """

    by_steps: dict[str, dict[int, float]]
    other_places: dict[str, float]


def scatter(editor: Editor, photos: Sequence[Image.Image], steps: Sequence[int]) -> Scatter:
    """Measure ``editor`` on ``photos`` with each number of ``steps``, and with its own number for two seeds."""
    by_steps = {
        name: {count: fmean(amount(editor, photo, name, count) for photo in photos) for count in steps}
        for name in AMOUNTS
    }
    return Scatter(by_steps, {name: fmean(_apart(editor, photo, name) for photo in photos) for name in AMOUNTS})


def amount(editor: Editor, photo: Image.Image, name: str, steps: int) -> float:
    """How much of what falls at random is drawn for the edit ``name``, 1 for the closed form's."""
    picture, noise = to_tensor(photo), torch.randn(1, 1, photo.height, photo.width, generator=_generator())
    still = autoencoded(editor, apply(name, picture, 0 * noise))
    whole = AMOUNTS[name](autoencoded(editor, apply(name, picture, noise)), still)
    return AMOUNTS[name](_outcome(editor, photo, name, steps), still) / whole


def _apart(editor: Editor, photo: Image.Image, name: str) -> float:
    """1 - correlation of the details of two seeds, less the picture of many seeds that both share."""
    outcomes = [_outcome(editor, photo, name, seed=seed) for seed in range(4)]
    common = sum(outcomes) / len(outcomes)
    first, second = (_detail(luminance(outcome - common), 4.0).flatten() for outcome in outcomes[:2])
    together = torch.corrcoef(torch.stack([first, second]))[0, 1].item()
    return min(1.0, 1 - together)


def _outcome(editor: Editor, photo: Image.Image, name: str, steps: int | None = None, seed: int = 0) -> Tensor:
    request = EditRequest(EDITS[name].example, num_inference_steps=steps, seed=seed)
    return to_tensor(editor.edit(photo, request).canvas_image)


def _detail(values: Tensor, sigma: float) -> Tensor:
    return values - gaussian_blur(values, sigma)


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
