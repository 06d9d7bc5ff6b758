"""How an edit is measured: whether the outcome is nearer to what was asked for than to anything else."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import torch
from PIL import Image
from torch import Tensor

from pix2pix import Editor, EditRequest
from pix2pix.training.pictures import psnr, to_image, to_tensor
from pix2pix.training.targets.edits import EDITS, PLAIN, SLIGHT, STRONG, apply
from pix2pix.training.targets.recolour import THING_COLOURS, membership, recolour, turn_hues
from pix2pix.training.words.free_wordings import NOTHING
from pix2pix.training.words.meanings import Action, Change, Frame, Local, Meaning, Recolour, Shape, apply_meaning
from pix2pix.training.words.wordings import wording_of

UNCHANGED = "the photo itself"
SEED = 0
THINGS_SHARE = 0.02  # of a photo that must have the colour for a recolouring of it to count
HUE_TURNS = 12  # tried on a photo until some of it has the colour

EditFunction = Callable[[Image.Image, str], Tensor]  # photo and sentence to the model's picture, (1, 3, H, W) in 0..1


@dataclass(frozen=True)
class Sample:
    """One edit that was measured: what was said, what was meant, how near the outcome came.

    Attributes:
        passed: whether it counts as done.
        psnr: dB to the target.
        nearest: which candidate the outcome is nearest to, where candidates were compared.
        outside: dB to the photo where nothing should change, for colours of things, places and shapes.
        shown: outcome and target for the contact sheet, (1, 3, H, W) each.
    """

    sentence: str
    wanted: str
    passed: bool
    psnr: float
    nearest: str = ""
    outside: float = float("nan")
    shown: tuple[Tensor, Tensor] | None = field(default=None, repr=False)


def edit_with(editor: Editor) -> EditFunction:
    """The edits of ``editor`` with its checkpoint's own defaults, as the model draws them."""

    def edit(photo: Image.Image, sentence: str) -> Tensor:
        return to_tensor(editor.edit(photo, EditRequest(sentence, seed=SEED)).canvas_image)

    return edit


def global_edits(
    edit: EditFunction, photos: Sequence[Image.Image], wordings: Iterable[tuple[str, str]]
) -> list[Sample]:
    """Is the outcome nearer to its own target than to the photo and every other edit's?

    Args:
        photos: taken in turn, one for each wording.
        wordings: name of the edit and sentence.
    """
    samples = []
    targets: dict[int, dict[str, Tensor]] = {}
    for (name, sentence), index in zip(wordings, cycle(range(len(photos))), strict=False):
        if index not in targets:
            targets[index] = targets_of(to_tensor(photos[index]))
        outcome = edit(photos[index], sentence)
        decibels = {candidate: psnr(outcome, target) for candidate, target in targets[index].items()}
        nearest = max(decibels, key=decibels.__getitem__)
        shown = outcome, targets[index][name]
        samples.append(Sample(sentence, name, nearest == name, decibels[name], nearest, shown=shown))
    return samples


def targets_of(picture: Tensor) -> dict[str, Tensor]:
    """The target of every global edit, and the picture itself."""
    targets = {name: apply(name, picture, no_noise(picture)) for name in EDITS}
    return targets | {UNCHANGED: picture}


def no_noise(picture: Tensor) -> Tensor:
    """(1, 1, H, W) zeros: where flakes fall is chance, so a target that is compared has none."""
    return torch.zeros_like(picture[:, :1])


def degrees_in_order(edit: EditFunction, photos: Sequence[Image.Image], names: Iterable[str]) -> list[Sample]:
    """Does "slightly" change less and "very" more than the plain edit, along the way from photo to plain target?"""
    samples, rng = [], random.Random(SEED)
    for name, photo in zip(names, cycle(photos), strict=False):
        picture = to_tensor(photo)
        way = apply(name, picture, no_noise(picture)) - picture
        sentences = [wording_of((Change(name, s),), rng).replace("{it}", "it") for s in (SLIGHT, PLAIN, STRONG)]
        outcomes = [edit(photo, sentence) for sentence in sentences]
        slight, plain, strong = (
            ((outcome - picture) * way).sum().item() / (way**2).sum().item() for outcome in outcomes
        )
        reached = f"{slight:.2f} < {plain:.2f} < {strong:.2f}"
        in_order = slight < plain < strong
        samples.append(Sample(" / ".join(sentences), name, in_order, psnr(outcomes[1], picture + way), reached))
    return samples


def two_edits(
    edit: EditFunction, photos: Sequence[Image.Image], requests: Iterable[tuple[Meaning, str]]
) -> list[Sample]:
    """Is the outcome of two edits nearer to both than to either alone and to the photo?"""
    samples = []
    for (meaning, sentence), photo in zip(requests, cycle(photos), strict=False):
        picture, outcome = to_tensor(photo), edit(photo, sentence)
        candidates = {"both": meaning, "the first": meaning[:1], "the second": meaning[1:], UNCHANGED: ()}
        targets = {name: apply_meaning(part, picture, no_noise(picture)) for name, part in candidates.items()}
        decibels = {name: psnr(outcome, target) for name, target in targets.items()}
        nearest = max(decibels, key=decibels.__getitem__)
        wanted = " + ".join(described(action) for action in meaning)
        shown = outcome, targets["both"]
        samples.append(Sample(sentence, wanted, nearest == "both", decibels["both"], nearest, shown=shown))
    return samples


def colours_of_things(
    edit: EditFunction, photos: Sequence[Image.Image], requests: Iterable[tuple[Meaning, str]]
) -> list[Sample]:
    """Is what had the colour nearest to the colour asked for, of all colours and the photo?

    Photos without things of that colour are left out. The samples also have the dB to the photo around the things.
    """
    samples = []
    for ((change,), sentence), photo in zip(requests, cycle(photos), strict=False):
        assert isinstance(change, Recolour)
        photo = with_things(photo, change.source)
        picture = to_tensor(photo)
        things = membership(picture, change.source)[:, None]
        if things.mean() < THINGS_SHARE:
            continue
        outcome = edit(photo, sentence)
        targets = {c: recolour(picture, change.source, c) for c in THING_COLOURS if c != change.source}
        targets[UNCHANGED] = picture
        decibels = {name: psnr(outcome, target, things) for name, target in targets.items()}
        nearest = max(decibels, key=decibels.__getitem__)
        outside = psnr(outcome, picture, (things < 0.02).float())
        target = targets[change.target]
        passed, reached = nearest == change.target, psnr(outcome, target)
        samples.append(Sample(sentence, described(change), passed, reached, nearest, outside, (outcome, target)))
    return samples


def with_things(photo: Image.Image, name: str) -> Image.Image:
    """``photo`` with its hues turned until about a quarter of it has the colour ``name``."""
    picture = to_tensor(photo)
    turned = [turn_hues(picture, torch.tensor([turn / HUE_TURNS])) for turn in range(HUE_TURNS)]
    best = min(turned, key=lambda candidate: abs(membership(candidate, name).mean().item() - 0.25))
    return to_image(best)


def negations(
    edit: EditFunction, photos: Sequence[Image.Image], requests: Iterable[tuple[str, str]], bar: float
) -> list[Sample]:
    """Does a removal or negation give the edit it names, or, where that is NOTHING, leave the photo alone?"""
    samples = []
    for (name, sentence), photo in zip(requests, cycle(photos), strict=False):
        if name == NOTHING:
            samples += left_alone(edit, [photo], [sentence], bar)
        else:
            samples += global_edits(edit, [photo], [(name, sentence)])
    return samples


def left_alone(edit: EditFunction, photos: Sequence[Image.Image], sentences: Iterable[str], bar: float) -> list[Sample]:
    """Does the photo stay as it is, nearer than ``bar`` dB?"""
    samples = []
    for sentence, photo in zip(sentences, cycle(photos), strict=False):
        outcome, picture = edit(photo, sentence), to_tensor(photo)
        decibels = psnr(outcome, picture)
        samples.append(Sample(sentence, UNCHANGED, decibels > bar, decibels, shown=(outcome, picture)))
    return samples


def described(action: Action) -> str:
    """``action`` in a few words."""
    match action:
        case Change(name):
            return name
        case Recolour(source, target):
            return f"{source} to {target}"
        case Local(name, region):
            return f"{name}, {region}"
        case Frame(colour):
            return f"{colour} frame"
        case Shape(shape, colour, size, position):
            return f"{size} {colour} {shape}, {position}"
