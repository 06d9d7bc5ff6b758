"""The measurement of places and shapes: is the right thing in the right place?"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import cycle

from PIL import Image

from pix2pix.training.evaluation.measures import UNCHANGED, Edit, Sample, first_noise
from pix2pix.training.evaluation.photos import psnr, to_tensor
from pix2pix.training.targets.places import PAINTS, POSITIONS, REGIONS, SHAPES, SIZES
from pix2pix.training.words.meanings import LOCAL, Change, Frame, Local, Meaning, Shape

Placed = Local | Frame | Shape
ALTERNATIVES = {
    Local: {"name": LOCAL, "region": REGIONS},
    Frame: {"colour": PAINTS},
    Shape: {"shape": SHAPES, "colour": PAINTS, "size": SIZES, "position": POSITIONS},
}


def in_its_place(edit: Edit, photos: Sequence[Image.Image], requests: Iterable[tuple[Meaning, str]]) -> list[Sample]:
    """Is the outcome nearer to its target than to the photo and to all that differs from it in one respect?

    For a shape that is another form, colour, size or position; for a part of the picture another part or edit, and the
    edit of the whole picture. The samples also have the dB to the photo where nothing should change.
    """
    samples = []
    for ((step,), sentence), photo in zip(requests, cycle(photos), strict=False):
        picture, outcome = to_tensor(photo), edit(photo, sentence)
        noise = first_noise(picture)
        target = step.apply(picture, noise)
        near = {described(rival): psnr(outcome, rival.apply(picture, noise)) for rival in rivals_of(step)}
        near |= {described(step): psnr(outcome, target), UNCHANGED: psnr(outcome, picture)}
        nearest = max(near, key=near.get)
        untouched = ((target - picture).abs().amax(1, keepdim=True) < 1 / 255).float()
        cells = ((sentence, outcome), (f"target: {described(step)}", target))
        passed, reached = nearest == described(step), near[described(step)]
        outside = psnr(outcome, picture, untouched)
        samples.append(Sample(sentence, described(step), passed, reached, nearest, outside, cells))
    return samples


def rivals_of(step: Placed) -> list[Placed | Change]:
    """All that differs from ``step`` in one respect."""
    rivals = [
        replace(step, **{part: other})
        for part, others in ALTERNATIVES[type(step)].items()
        for other in others
        if other != getattr(step, part)
    ]
    return [*rivals, Change(step.name)] if isinstance(step, Local) else rivals


def described(step: Placed | Change) -> str:
    """``step`` in a few words."""
    match step:
        case Local(name, region):
            return f"{name}, {region}"
        case Frame(colour):
            return f"{colour} frame"
        case Shape(shape, colour, size, position):
            return f"{size} {colour} {shape}, {position}"
        case Change(name):
            return f"{name}, everywhere"
    raise ValueError(f"no words for {step}")
