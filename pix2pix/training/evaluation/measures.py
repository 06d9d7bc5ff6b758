"""The measurements of the evaluation, each on edits as the app makes them."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import torch
from PIL import Image
from torch import Tensor

from pix2pix import Editor, EditRequest
from pix2pix.training.evaluation.photos import psnr, to_image, to_tensor
from pix2pix.training.learning.autoencoder import FACTOR
from pix2pix.training.learning.pairs import noise_of_pixels
from pix2pix.training.targets.edits import EDITS, PLAIN, SLIGHT, STRONG, apply
from pix2pix.training.targets.recolour import THING_COLOURS, membership, recolour, turn_hues
from pix2pix.training.words.meanings import Change, Meaning, Recolour, apply_meaning
from pix2pix.training.words.wordings import wording_of

UNCHANGED = "the photo itself"
SEED = 0
THINGS_SHARE = 0.02  # of a photo that must have the colour for a recolouring of it to count
HUE_TURNS = 12  # tried on a photo until some of it has the colour

Edit = Callable[[Image.Image, str], Tensor]


@dataclass(frozen=True)
class Sample:
    """One edit that was measured: what was said, what was meant, how near the outcome came.

    Attributes:
        passed: whether it counts as done.
        psnr: dB to the target.
        nearest: which candidate the outcome is nearest to, where candidates were compared.
        outside: dB to the photo where nothing should change, for colours of things, places and shapes.
    """

    sentence: str
    wanted: str
    passed: bool
    psnr: float
    nearest: str = ""
    outside: float = float("nan")
    cells: tuple[tuple[str, Tensor], ...] = field(default=(), repr=False)


def edit_with(editor: Editor) -> Edit:
    """A function from photo and sentence to the model's picture, (1, 3, H, W); with the checkpoint's own defaults.

    The empty sentence, which the app refuses, goes to the pipeline directly.
    """

    def edit(photo: Image.Image, sentence: str) -> Tensor:
        if not sentence:
            return _edit_without_words(editor, photo)
        return to_tensor(editor.edit(photo, EditRequest(sentence, seed=SEED)).canvas_image)

    return edit


def _edit_without_words(editor: Editor, photo: Image.Image) -> Tensor:
    defaults = editor.checkpoint.defaults
    output = editor.pipeline(
        "",
        image=photo,
        num_inference_steps=defaults.num_inference_steps,
        guidance_scale=1.0,
        image_guidance_scale=1.0,
        generator=torch.Generator().manual_seed(SEED),
    )
    return to_tensor(output.images[0])


def global_edits(edit: Edit, photos: Sequence[Image.Image], wordings: Iterable[tuple[str, str]]) -> list[Sample]:
    """Is the outcome nearer to its own target than to the photo and every other edit's?

    Args:
        photos: taken in turn, one for each wording.
        wordings: name of the edit and sentence.
    """
    samples = []
    targets = {}
    for (name, sentence), index in zip(wordings, cycle(range(len(photos))), strict=False):
        if index not in targets:
            targets[index] = targets_of(to_tensor(photos[index]))
        outcome = edit(photos[index], sentence)
        near = {candidate: psnr(outcome, target) for candidate, target in targets[index].items()}
        nearest = max(near, key=near.get)
        cells = ((sentence, outcome), (f"target: {name}", targets[index][name]))
        samples.append(Sample(sentence, name, nearest == name, near[name], nearest, cells=cells))
    return samples


def targets_of(picture: Tensor) -> dict[str, Tensor]:
    """The target of every global edit, and the picture itself."""
    targets = {name: apply(name, picture, first_noise(picture)) for name in EDITS}
    return targets | {UNCHANGED: picture}


def first_noise(picture: Tensor) -> Tensor:
    """(1, 1, H, W): the noise that an edit of ``picture`` with SEED begins with."""
    height, width = picture.shape[2:]
    latents = (1, FACTOR**2, height // FACTOR, width // FACTOR)
    return noise_of_pixels(torch.randn(latents, generator=torch.Generator().manual_seed(SEED)))


def degrees_in_order(edit: Edit, photos: Sequence[Image.Image], names: Iterable[str]) -> list[Sample]:
    """Does "slightly" change less and "very" more than the plain edit, along the way from photo to plain target?"""
    samples, rng = [], random.Random(SEED)
    for name, photo in zip(names, cycle(photos), strict=False):
        picture = to_tensor(photo)
        way = apply(name, picture, first_noise(picture)) - picture
        sentences = [wording_of((Change(name, s),), rng).replace("{it}", "it") for s in (SLIGHT, PLAIN, STRONG)]
        outcomes = [edit(photo, sentence) for sentence in sentences]
        sizes = [((outcome - picture) * way).sum().item() / (way**2).sum().item() for outcome in outcomes]
        reached = f"{sizes[0]:.2f} < {sizes[1]:.2f} < {sizes[2]:.2f}"
        order = sizes[0] < sizes[1] < sizes[2]
        samples.append(Sample(" / ".join(sentences), name, order, psnr(outcomes[1], picture + way), reached))
    return samples


def two_edits(edit: Edit, photos: Sequence[Image.Image], requests: Iterable[tuple[Meaning, str]]) -> list[Sample]:
    """Is the outcome of two edits nearer to both than to either alone and to the photo?"""
    samples = []
    for (meaning, sentence), photo in zip(requests, cycle(photos), strict=False):
        picture, outcome = to_tensor(photo), edit(photo, sentence)
        candidates = {"both": meaning, "the first": meaning[:1], "the second": meaning[1:], UNCHANGED: ()}
        targets = {name: apply_meaning(part, picture, first_noise(picture)) for name, part in candidates.items()}
        near = {name: psnr(outcome, target) for name, target in targets.items()}
        nearest = max(near, key=near.get)
        wanted = " + ".join(step.name for step in meaning)
        cells = ((sentence, outcome), (f"target: {wanted}", targets["both"]))
        samples.append(Sample(sentence, wanted, nearest == "both", near["both"], nearest, cells=cells))
    return samples


def colours_of_things(
    edit: Edit, photos: Sequence[Image.Image], requests: Iterable[tuple[Recolour, str]]
) -> list[Sample]:
    """Inside the things: nearest to the colour asked for, of all colours and the photo? Outside: how well kept?"""
    samples = []
    for (change, sentence), photo in zip(requests, cycle(photos), strict=False):
        photo = with_things(photo, change.source)
        picture = to_tensor(photo)
        things = membership(picture, change.source)[:, None]
        if things.mean() < THINGS_SHARE:
            continue
        outcome = edit(photo, sentence)
        targets = {c: recolour(picture, change.source, c) for c in THING_COLOURS if c != change.source}
        targets[UNCHANGED] = picture
        near = {name: psnr(outcome, target, things) for name, target in targets.items()}
        nearest = max(near, key=near.get)
        outside = psnr(outcome, picture, (things < 0.02).float())
        wanted = targets[change.target]
        cells = ((sentence, outcome), ("target", wanted), ("photo", picture))
        passed = nearest == change.target
        name = f"{change.source} to {change.target}"
        samples.append(Sample(sentence, name, passed, psnr(outcome, wanted), nearest, outside, cells))
    return samples


def with_things(photo: Image.Image, name: str) -> Image.Image:
    """``photo`` with its hues turned until about a quarter of it has the colour ``name``."""
    picture = to_tensor(photo)
    turned = [turn_hues(picture, torch.tensor([turn / HUE_TURNS])) for turn in range(HUE_TURNS)]
    best = min(turned, key=lambda candidate: abs(membership(candidate, name).mean().item() - 0.25))
    return to_image(best)


def left_alone(edit: Edit, photos: Sequence[Image.Image], sentences: Iterable[str], bar: float) -> list[Sample]:
    """Does the photo stay as it is, nearer than ``bar`` dB?"""
    samples = []
    for sentence, photo in zip(sentences, cycle(photos), strict=False):
        outcome = edit(photo, sentence)
        kept = psnr(outcome, to_tensor(photo))
        samples.append(Sample(sentence, UNCHANGED, kept > bar, kept, cells=((sentence, outcome),)))
    return samples
