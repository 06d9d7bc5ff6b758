"""All measurements of a checkpoint on photographs; every edit is made by the app's own ``Editor``."""

import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import fmean

from PIL import Image

from pix2pix import Editor
from pix2pix.training.evaluation.measured import figures
from pix2pix.training.evaluation.measured.controls import nearness_by_steps
from pix2pix.training.evaluation.measured.edits import (
    EditFunction,
    Sample,
    colours_of_things,
    degrees_in_order,
    edit_with,
    global_edits,
    left_alone,
    negations,
    two_edits,
)
from pix2pix.training.evaluation.measured.full_size import (
    edit_at_full_size,
    full_size_photo,
    recognised_as_unchanged,
    repeated,
    tones,
)
from pix2pix.training.evaluation.measured.guidance import Guided, image_guidance, text_guidance
from pix2pix.training.evaluation.measured.places import in_its_place
from pix2pix.training.evaluation.measured.scatter import Scatter, scatter
from pix2pix.training.evaluation.photos import measured_photo
from pix2pix.training.evaluation.requests import UNSEEN_NAMES, said, split, wordings_of_edits
from pix2pix.training.learning.export import size_in_megabytes
from pix2pix.training.targets.edits import EDITS
from pix2pix.training.words.free_wordings import free_wordings, not_understood
from pix2pix.training.words.free_wordings import negations as listed_negations
from pix2pix.training.words.meanings import frames, local_changes, pairs, recolourings, shapes
from pix2pix.training.words.wordings import say_unknown

UNKNOWN_BAR, EMPTY_BAR, NOT_UNDERSTOOD_BAR = 26.0, 28.0, 28.0  # dB to the photo that count as unchanged


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
        unchanged: share of what is not understood for which the photo came back bit by bit.
        seconds: of one edit at the defaults.
        megabytes: of the checkpoint's files.
        untrained: share of the trained wordings that pass with an untrained UNet.
        by_steps: dB to the target by the number of steps.
        scatter: flakes, streaks and grain.
        text_guidance, image_guidance: what every value of the two makes of some edits.
    """

    samples: dict[str, list[Sample]]
    autoencoder: float
    colour_left: float
    unchanged: float
    seconds: float
    megabytes: float
    untrained: float
    by_steps: dict[int, float]
    scatter: Scatter
    text_guidance: dict[float, Guided]
    image_guidance: dict[float, Guided]

    def share(self, name: str) -> float:
        """The share of samples that passed, in 0..1."""
        return fmean(sample.passed for sample in self.samples[name])

    def outside(self, name: str) -> float:
        """Mean dB to the photo where nothing should change; infinite where everything should."""
        decibels = [sample.outside for sample in self.samples[name] if not math.isnan(sample.outside)]
        return fmean(decibels) if decibels else math.inf


def evaluate(editor: Editor, folder: Path, photos: Sequence[Image.Image], effort: Effort) -> Evaluation:
    """Measure ``editor``, whose checkpoint is in ``folder``, on ``photos`` of any size."""
    small, large = [measured_photo(photo) for photo in photos], [full_size_photo(photo) for photo in photos]
    edit = edit_with(editor)
    return Evaluation(
        samples=_samples(editor, small, large, effort),
        autoencoder=figures.autoencoder_psnr(editor, small),
        colour_left=figures.colour_left_in_black_and_white(edit, small[:6]),
        unchanged=recognised_as_unchanged(editor, small, not_understood()),
        seconds=figures.seconds_of_an_edit(editor, small[0]),
        megabytes=size_in_megabytes(folder),
        untrained=figures.untrained_share(editor, small),
        by_steps=nearness_by_steps(editor, small[:2]),
        scatter=scatter(editor, small[:2], (1, 2, 4, 8, 16)),
        text_guidance=text_guidance(editor, small[:4]),
        image_guidance=image_guidance(editor, small[:4]),
    )


def _samples(
    editor: Editor, small: Sequence[Image.Image], large: Sequence[Image.Image], effort: Effort
) -> dict[str, list[Sample]]:
    """The samples of every measurement, with a line of progress for each."""
    samples_by_name, began = {}, time.monotonic()
    on_canvas = _measurements(edit_with(editor), small, effort, random.Random(0))
    for name, samples in chain(on_canvas, _at_full_size(editor, large, effort, random.Random(0))):
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
    for kind, held_out_ones in (("trained", False), ("held-out", True)):
        asked = listed_negations(held_out=held_out_ones)
        yield f"removal and negation, {kind} wordings", negations(edit, photos, asked, UNKNOWN_BAR)
    yield "not understood", left_alone(edit, photos, not_understood(), NOT_UNDERSTOOD_BAR)
    yield "unknown requests", left_alone(edit, photos, unknown, UNKNOWN_BAR)
    yield "unknown requests, unseen words", left_alone(edit, photos, unseen, UNKNOWN_BAR)
    yield "do nothing", left_alone(edit, photos, ["do nothing", "leave it as it is"], EMPTY_BAR)


def _at_full_size(
    editor: Editor, photos: Sequence[Image.Image], effort: Effort, rng: random.Random
) -> Iterator[tuple[str, list[Sample]]]:
    """What is measured on the result itself."""
    edit, count = edit_at_full_size(editor), max(1, effort.requests // 4)
    yield "tones at full size", tones(edit, photos)
    parts, _ = split(local_changes(), count, rng)
    yield "parts of the picture at full size", in_its_place(edit, photos, said(parts, rng))
    yield "nothing, ten times", repeated(editor, photos[:2], ["leave it as it is", "add a dog"])
