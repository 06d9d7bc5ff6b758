"""How places and shapes are measured: is the right thing in the right place?"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any

from PIL import Image

from pix2pix.training.evaluation.measured.edits import UNCHANGED, EditFunction, Sample, described, no_noise
from pix2pix.training.pictures import psnr, to_tensor
from pix2pix.training.targets.places import PAINTS, POSITIONS, REGIONS, SHAPES, SIZES
from pix2pix.training.words.meanings import Action, Change, Frame, Local, Meaning, Shape, local_edits

ALTERNATIVES: dict[type[Action], dict[str, Iterable[str]]] = {
    Local: {"name": local_edits(), "region": REGIONS},
    Frame: {"colour": PAINTS},
    Shape: {"shape": SHAPES, "colour": PAINTS, "size": SIZES, "position": POSITIONS},
}


def in_its_place(
    edit: EditFunction, photos: Sequence[Image.Image], requests: Iterable[tuple[Meaning, str]]
) -> list[Sample]:
    """Is the outcome nearer to its target than to the photo and to all that differs from it in one respect?

    For a shape that is another form, colour, size or position; for a part of the picture another part or edit, and the
    edit of the whole picture. The samples also have the dB to the photo where nothing should change.
    """
    samples = []
    for ((action,), sentence), photo in zip(requests, cycle(photos), strict=False):
        picture, outcome, wanted = to_tensor(photo), edit(photo, sentence), described(action)
        noise = no_noise(picture)
        target = action.apply(picture, noise)
        decibels = {named(rival): psnr(outcome, rival.apply(picture, noise)) for rival in rivals_of(action)}
        decibels |= {wanted: psnr(outcome, target), UNCHANGED: psnr(outcome, picture)}
        nearest = max(decibels, key=decibels.__getitem__)
        untouched = ((target - picture).abs().amax(1, keepdim=True) < 1 / 255).float()
        outside, passed = psnr(outcome, picture, untouched), nearest == wanted
        samples.append(Sample(sentence, wanted, passed, decibels[wanted], nearest, outside, (outcome, target)))
    return samples


def rivals_of(action: Action) -> list[Action]:
    """All that differs from ``action``, a Local, Frame or Shape, in one respect."""
    changes: list[dict[str, Any]] = [
        {part: other}
        for part, others in ALTERNATIVES[type(action)].items()
        for other in others
        if other != getattr(action, part)
    ]
    rivals: list[Action] = [replace(action, **change) for change in changes]
    return [*rivals, Change(action.name)] if isinstance(action, Local) else rivals


def named(rival: Action) -> str:
    """``rival`` in a few words, beside an edit of a part of the picture."""
    return f"{rival.name}, everywhere" if isinstance(rival, Change) else described(rival)
