"""Automatic areas on photographs: is the place found that was meant, and are edits of all of it known for such?

``make areas`` writes ``benchmarks/AREAS.md``. What is meant is known, because pocket's edits have closed forms. Edits
of places are asked for in the words of the training's grammar, edits of the whole photo in five wordings each.
"""

import argparse
import os
import platform
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import fmean, median

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pix2pix import Editor, EditRequest
from pix2pix.request import AUTOMATIC, EVERYWHERE
from pix2pix.session import EditSession
from pix2pix.training.evaluation.measured.edits import EditFunction, no_noise
from pix2pix.training.evaluation.measured.places import in_its_place
from pix2pix.training.evaluation.photos import measured_photo, open_photos
from pix2pix.training.evaluation.requests import Said, said, split, wordings_of_edits
from pix2pix.training.pictures import to_tensor
from pix2pix.training.targets.places import region_mask
from pix2pix.training.targets.recolour import membership
from pix2pix.training.words.meanings import Action, Local, Recolour, local_changes, recolourings, shapes

RESULTS = Path(__file__).parent / "AREAS.md"
WORDINGS = 5  # of each edit of the whole photo
SEED = 0
LEAST_THINGS, MOST_THINGS = 0.02, 0.6  # share of a photo that must have a colour for its recolouring to count
CHANGED = 8 / 255
HALF = 128  # of 255: from here on a pixel belongs to an area


@dataclass(frozen=True)
class Found:
    """What was found for one edit of a place: how much of the place, and how much of the rest."""

    kind: str
    sentence: str
    within: float
    beyond: float
    is_everywhere: bool


def places(
    photos: Sequence[Image.Image], count: int, rng: random.Random
) -> Iterator[tuple[str, Action, str, Image.Image]]:
    """Kind, meaning, sentence and photo, ``count`` of each kind, as far as the photos have what is spoken of."""
    kinds = {"parts": local_changes(), "colours of things": recolourings(), "shapes": shapes()}
    for kind, meanings in kinds.items():
        asked, _ = split(meanings, count, rng)
        for ((action,), sentence), photo in zip(said(asked, rng), cycle(photos), strict=False):
            share = region_of(action, to_tensor(photo)).float().mean().item()
            if LEAST_THINGS < share < MOST_THINGS or not isinstance(action, Recolour):
                yield kind, action, sentence, photo


def region_of(action: Action, picture: Tensor) -> Tensor:
    """Where ``action`` means ``picture``, (1, 3, H, W), to change: (H, W) bool."""
    match action:
        case Local(_, region):
            return region_mask(region, picture)[0, 0] > 0.5
        case Recolour(source, _):
            return membership(picture, source)[0] > 0.5
        case _:
            changed = action.apply(picture, no_noise(picture)) - picture
            return changed.abs().amax(1)[0] > CHANGED


def found(editor: Editor, asked: tuple[str, Action, str, Image.Image]) -> Found:
    """How well the area of one edit is found."""
    kind, action, sentence, photo = asked
    area = editor.edit(photo, EditRequest(sentence, seed=SEED, area=AUTOMATIC)).area
    meant = region_of(action, to_tensor(photo)).numpy()
    taken = np.ones_like(meant) if area is None else np.asarray(area) >= HALF
    within = float(taken[meant].mean()) if meant.any() else 1.0
    return Found(kind, sentence, within, float(taken[~meant].mean()), area is None)


def edit_in(editor: Editor, area: str) -> EditFunction:
    """Edits with this kind of area, as they come out at the size of the photo."""

    def edit(photo: Image.Image, sentence: str) -> Tensor:
        return to_tensor(editor.edit(photo, EditRequest(sentence, seed=SEED, area=area)).image)

    return edit


def passes(editor: Editor, photos: Sequence[Image.Image], requests: Said) -> dict[str, float]:
    """The share of edits of places that pass, by the kind of area."""
    edits = {area: edit_in(editor, area) for area in (EVERYWHERE, AUTOMATIC)}
    return {area: fmean(one.passed for one in in_its_place(edit, photos, requests)) for area, edit in edits.items()}


def wholes(editor: Editor, photos: Sequence[Image.Image], rng: random.Random) -> dict[str, list[bool]]:
    """By the edit of the whole photo: whether it was known for one, in each of its wordings."""
    known: dict[str, list[bool]] = {}
    for (name, sentence), photo in zip(wordings_of_edits(WORDINGS, rng, held_out=False), cycle(photos), strict=False):
        told = editor.explain(photo, EditRequest(sentence), session=EditSession())
        known.setdefault(name, []).append(told.is_everywhere)
    return known


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.areas", description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder of PNG photographs; those of gradio come to them")
    parser.add_argument("--count", type=int, default=24, help="edits of each kind of place")
    given = parser.parse_args()
    folders = {given.photos, None}
    photos = [measured_photo(photo) for folder in folders for photo in open_photos(folder).values()]
    editor, rng = Editor.load("pocket", "cpu"), random.Random(SEED)
    findings = [found(editor, asked) for asked in places(photos, given.count, rng)]
    requests = said([*split(local_changes(), given.count, rng)[0], *split(shapes(), given.count, rng)[0]], rng)
    text = report(findings, passes(editor, photos, requests), wholes(editor, photos, rng), len(photos))
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def report(findings: Sequence[Found], shares: dict[str, float], known: dict[str, list[bool]], photos: int) -> str:
    """All of it as a page."""
    rows = []
    for kind in dict.fromkeys(one.kind for one in findings):
        some = [one for one in findings if one.kind == kind]
        within, beyond = median(one.within for one in some), median(one.beyond for one in some)
        everywhere = fmean(one.is_everywhere for one in some)
        rows.append(f"| {kind} | {len(some)} | {within:.0%} | {beyond:.0%} | {everywhere:.0%} |")
    overall = [median(one.within for one in findings), median(one.beyond for one in findings)]
    wrong = [f"{name} ({sum(one)} of {len(one)})" for name, one in known.items() if not all(one)]
    right = fmean(value for one in known.values() for value in one)
    return "\n".join(
        [
            "# Automatic areas",
            "",
            f"Measured by `make areas` with pocket on {photos} photographs, {os.cpu_count()} cores, "
            f"{platform.machine()}, torch {torch.__version__}. Medians over edits of places:",
            "",
            "| Edits of | number | of the place that was meant, found | of the rest, taken in | taken for all |",
            "|---|---|---|---|---|",
            *rows,
            f"| all | {len(findings)} | {overall[0]:.0%} | {overall[1]:.0%} | |",
            "",
            f"Edits that pass: {shares[EVERYWHERE]:.0%} everywhere, {shares[AUTOMATIC]:.0%} with an automatic area.",
            "",
            f"Edits of the whole photo known for such: {right:.0%}. Not all of: {', '.join(wrong) or 'none'}.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
