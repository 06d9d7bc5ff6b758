"""All measurements of a checkpoint on photographs; every edit is made by the app's own ``Editor``."""

import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from PIL import Image

from pix2pix import Editor
from pix2pix.training.evaluation import figures
from pix2pix.training.evaluation.controls import nearness_by_steps
from pix2pix.training.evaluation.measures import (
    EditFunction,
    Sample,
    colours_of_things,
    degrees_in_order,
    edit_with,
    global_edits,
    left_alone,
    two_edits,
)
from pix2pix.training.evaluation.place_measures import in_its_place
from pix2pix.training.evaluation.requests import UNSEEN_NAMES, said, split, wordings_of_edits
from pix2pix.training.learning.export import size_in_megabytes
from pix2pix.training.targets.edits import EDITS
from pix2pix.training.words.free_wordings import free_wordings
from pix2pix.training.words.meanings import frames, local_changes, pairs, recolourings, shapes
from pix2pix.training.words.wordings import say_unknown

UNKNOWN_BAR, EMPTY_BAR = 26.0, 28.0  # dB to the photo that count as unchanged


@dataclass(frozen=True)
class Effort:
    """How much is measured: wordings of each edit, rounds of its degrees, and requests of each other kind."""

    wordings: int = 2
    degrees: int = 1
    requests: int = 32


@dataclass(frozen=True)
class Evaluation:
    """All that was measured.

    Attributes:
        samples: by the name of the measurement.
        autoencoder: dB between photos and what the autoencoder makes of them.
        colour_left: by “make it black and white”, in 0..255.
        seconds: of one edit with four steps.
        megabytes: of the checkpoint's files.
        untrained: share of the trained wordings that pass with an untrained UNet.
        by_steps: dB to the target by the number of steps.
    """

    samples: dict[str, list[Sample]]
    autoencoder: float
    colour_left: float
    seconds: float
    megabytes: float
    untrained: float
    by_steps: dict[int, float]

    def share(self, name: str) -> float:
        """The share of samples that passed, in 0..1."""
        return fmean(sample.passed for sample in self.samples[name])

    def outside(self, name: str) -> float:
        """Mean dB to the photo where nothing should change; infinite where everything should."""
        decibels = [sample.outside for sample in self.samples[name] if not math.isnan(sample.outside)]
        return fmean(decibels) if decibels else math.inf


def evaluate(editor: Editor, folder: Path, photos: Sequence[Image.Image], effort: Effort) -> Evaluation:
    """Measure ``editor``, whose checkpoint is in ``folder``, on ``photos`` of 256 x 256 pixels."""
    edit = edit_with(editor)
    return Evaluation(
        samples=_samples(edit, photos, effort),
        autoencoder=figures.autoencoder_psnr(editor, photos),
        colour_left=figures.colour_left_in_black_and_white(edit, photos[:6]),
        seconds=figures.seconds_of_an_edit(editor, photos[0]),
        megabytes=size_in_megabytes(folder),
        untrained=figures.untrained_share(editor, photos),
        by_steps=nearness_by_steps(editor, photos[:2]),
    )


def _samples(edit: EditFunction, photos: Sequence[Image.Image], effort: Effort) -> dict[str, list[Sample]]:
    """The samples of every measurement, with a line of progress for each."""
    samples_by_name, began = {}, time.monotonic()
    for name, samples in _measurements(edit, photos, effort, random.Random(0)):
        samples_by_name[name] = samples
        passed = fmean(sample.passed for sample in samples)
        print(f"{name}: {passed:.0%} of {len(samples)}, {time.monotonic() - began:.0f} s", flush=True)
        began = time.monotonic()
    return samples_by_name


def _measurements(
    edit: EditFunction, photos: Sequence[Image.Image], effort: Effort, rng: random.Random
) -> Iterator[tuple[str, list[Sample]]]:
    """Every measurement's name and samples; its requests follow from ``rng`` and the order here."""
    count = effort.requests
    trained_pairs, new_pairs = split(pairs(), count, rng)
    trained_colours, new_colours = split(recolourings(), count, rng)
    trained_parts, new_parts = split(local_changes(), count, rng)
    trained_shapes, new_shapes = split(shapes(), count, rng)
    unknown = [say_unknown(rng) for _ in range(count // 2)]
    unseen = [say_unknown(rng, UNSEEN_NAMES) for _ in range(count // 2)]
    trained = wordings_of_edits(effort.wordings, rng, held_out=False)
    yield "global, trained wordings", global_edits(edit, photos, trained)
    held_out = wordings_of_edits(effort.wordings, rng, held_out=True)
    yield "global, held-out wordings", global_edits(edit, photos, held_out)
    yield "global, free wordings", global_edits(edit, photos, free_wordings())
    graded = [name for name, kind in EDITS.items() if kind.graded] * effort.degrees
    yield "degrees", degrees_in_order(edit, photos, graded)
    yield "two edits", two_edits(edit, photos, said(trained_pairs, rng))
    yield "two edits, held-out pairs", two_edits(edit, photos, said(new_pairs, rng))
    yield "colours of things", colours_of_things(edit, photos, said(trained_colours, rng))
    yield "colours of things, held-out pairs", colours_of_things(edit, photos, said(new_colours, rng))
    yield "parts of the picture", in_its_place(edit, photos, said(trained_parts, rng))
    yield "parts of the picture, held-out pairs", in_its_place(edit, photos, said(new_parts, rng))
    yield "frames", in_its_place(edit, photos, said(frames(), rng))
    yield "shapes", in_its_place(edit, photos, said(trained_shapes, rng))
    yield "shapes, held-out combinations", in_its_place(edit, photos, said(new_shapes, rng))
    yield "unknown requests", left_alone(edit, photos, unknown, UNKNOWN_BAR)
    yield "unknown requests, unseen words", left_alone(edit, photos, unseen, UNKNOWN_BAR)
    yield "no instruction", left_alone(edit, photos, [""] * len(photos), EMPTY_BAR)
    yield "do nothing", left_alone(edit, photos, ["do nothing", "leave it as it is"], EMPTY_BAR)
