"""Whether guidance means what it says: more text guidance edits more, more image guidance less, and both stay sane."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from statistics import fmean

from PIL import Image
from torch import Tensor

from pix2pix import Editor, EditRequest
from pix2pix.training.pictures import to_tensor

SENTENCES = ("make it night", "make it sepia", "make it warmer", "turn it into a cartoon", "make it snowy")
TEXT_GUIDANCE = (1.0, 1.2, 1.4, 1.5, 1.75, 2.0, 2.5, 3.0, 5.0)
IMAGE_GUIDANCE = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 5.0)
MORE_CLIPPED = 0.05  # of the values, as far as guidance is still sane
LEAST, MOST = 1.5 / 255, 253.5 / 255  # beyond them a value is clipped


@dataclass(frozen=True)
class Guided:
    """The edits of one guidance.

    Attributes:
        size: how much they change the photo, as a share of the change at guidance 1; the mean over all edits.
        clipped: share of values (a channel of a pixel) that are clipped and were not at guidance 1; the mean over all
            edits.
    """

    size: float
    clipped: float


def text_guidance(editor: Editor, photos: Sequence[Image.Image]) -> dict[float, Guided]:
    """What every value of text guidance makes of SENTENCES on ``photos``."""
    return _guided(editor, photos, TEXT_GUIDANCE, lambda said, scale: EditRequest(said, guidance_scale=scale, seed=0))


def image_guidance(editor: Editor, photos: Sequence[Image.Image]) -> dict[float, Guided]:
    """What every value of image guidance makes of SENTENCES on ``photos``."""
    return _guided(
        editor, photos, IMAGE_GUIDANCE, lambda said, scale: EditRequest(said, image_guidance_scale=scale, seed=0)
    )


def sane_text_limit(by_scale: dict[float, Guided]) -> float:
    """The largest text guidance up to which the edits grow and hardly clip, of those measured in ``by_scale``."""
    return _last_sane(by_scale, lambda before, after: before.size < after.size and after.clipped <= MORE_CLIPPED)


def sane_image_limit(by_scale: dict[float, Guided]) -> float:
    """The largest image guidance up to which the edits shrink, of those measured in ``by_scale``."""
    return _last_sane(by_scale, lambda before, after: before.size > after.size and after.clipped <= MORE_CLIPPED)


def _last_sane(by_scale: dict[float, Guided], is_sane: Callable[[Guided, Guided], bool]) -> float:
    scales = sorted(by_scale)
    steps = takewhile(lambda step: is_sane(by_scale[step[0]], by_scale[step[1]]), pairwise(scales))
    return max([scales[0], *(after for _, after in steps)])


def _guided(
    editor: Editor,
    photos: Sequence[Image.Image],
    scales: Sequence[float],
    request_with: Callable[[str, float], EditRequest],
) -> dict[float, Guided]:
    def outcome(photo: Image.Image, said: str, scale: float) -> Tensor:
        return to_tensor(editor.edit(photo, request_with(said, scale)).canvas_image)

    plain = {(index, said): outcome(photo, said, 1.0) for index, photo in enumerate(photos) for said in SENTENCES}
    guided = {}
    for scale in scales:
        sizes, clipped = [], []
        for (index, said), before in plain.items():
            picture = to_tensor(photos[index])
            after = before if scale == 1 else outcome(photos[index], said, scale)
            sizes.append(_distance(after, picture) / _distance(before, picture))
            clipped.append((_clipped(after) & ~_clipped(before)).float().mean().item())
        guided[scale] = Guided(fmean(sizes), fmean(clipped))
    return guided


def _distance(one: Tensor, other: Tensor) -> float:
    return (one - other).square().mean().sqrt().item()


def _clipped(picture: Tensor) -> Tensor:
    return (picture < LEAST) | (picture > MOST)
