"""What was measured, written for people: EVALUATION.md and a contact sheet."""

import math
from collections import Counter
from pathlib import Path
from statistics import fmean

from pix2pix.files.contact_sheet import Pair, contact_sheet
from pix2pix.training.evaluation.evaluate import Evaluation
from pix2pix.training.evaluation.measured.controls import PLOT_FILE
from pix2pix.training.evaluation.measured.edits import Sample
from pix2pix.training.pictures import to_image

REPORT_FILE, SHEET_FILE = "EVALUATION.md", "contact-sheet.jpg"
SIDE = 128  # of a picture on the sheet, in pixels


def write_report(folder: Path, evaluation: Evaluation) -> None:
    """Write EVALUATION.md into ``folder``."""
    text = "\n".join(
        [
            "# How good pocket is",
            "",
            "Measured by `python -m pix2pix.training.evaluation` on photographs that were never trained on, through",
            "the app's own editor with this checkpoint's defaults. An edit passes where the outcome is nearer to its",
            "own target than to the photo and to the target of every other edit.",
            "",
            *_summary(evaluation),
            "",
            f"![effect of steps and guidance]({PLOT_FILE})",
            "",
            "## What chance draws",
            "",
            *_scatter(evaluation),
            "",
            "## Guidance",
            "",
            *_guidance(evaluation),
            "",
            "## Every global edit",
            "",
            *_by_edit(evaluation),
            "",
            "## What went wrong",
            "",
            *_failures(evaluation),
        ]
    )
    (folder / REPORT_FILE).write_text(text + "\n", encoding="utf-8")


def _summary(evaluation: Evaluation) -> list[str]:
    rows = ["| Measured | Passed | dB to the target | Edits |", "|---|---|---|---|"]
    for name, samples in evaluation.samples.items():
        passed, decibels = fmean(s.passed for s in samples), fmean(s.psnr for s in samples)
        rows.append(f"| {name} | {passed:.0%} | {decibels:.1f} | {len(samples)} |")
        if (outside := evaluation.outside(name)) < math.inf:
            rows.append(f"| {name}: where nothing should change, dB to the photo | | {outside:.1f} | {len(samples)} |")
    return [
        *rows,
        "",
        f"- Autoencoder alone: {evaluation.autoencoder:.1f} dB.",
        f"- Colour left by “make it black and white”: {evaluation.colour_left:.1f} of 255.",
        f"- Not understood, and the photo came back bit by bit: {evaluation.unchanged:.0%}.",
        f"- One edit of 256x256 pixels at the defaults, fp32, two cores: {evaluation.seconds:.2f} s.",
        f"- Size: {evaluation.megabytes:.1f} MB.",
        f"- The same checkpoint with an untrained UNet: {evaluation.untrained:.0%} of the trained wordings.",
    ]


def _scatter(evaluation: Evaluation) -> list[str]:
    counts = next(iter(evaluation.scatter.by_steps.values()))
    rows = ["| Amount, of the closed form's, with steps | " + " | ".join(map(str, counts)) + " | two seeds apart |"]
    rows.append("|---" * (len(counts) + 2) + "|")
    for name, amounts in evaluation.scatter.by_steps.items():
        apart = evaluation.scatter.other_places[name]
        rows.append(f"| {name} | " + " | ".join(f"{amount:.2f}" for amount in amounts.values()) + f" | {apart:.0%} |")
    steps = ", ".join(map(str, evaluation.by_steps))
    drawn = " | ".join(f"{decibels:.1f}" for decibels in evaluation.by_steps.values())
    return [*rows, "", f"dB to the target of five tones with {steps} steps: {drawn}."]


def _guidance(evaluation: Evaluation) -> list[str]:
    rows = ["| Guidance | size of the edit | values clipped more than at 1 |", "|---|---|---|"]
    for kind, by_scale in (("text", evaluation.text_guidance), ("image", evaluation.image_guidance)):
        rows += [f"| {kind} {scale:g} | {at.size:.2f} | {at.clipped:.1%} |" for scale, at in by_scale.items()]
    return rows


def _by_edit(evaluation: Evaluation) -> list[str]:
    groups = [name for name in evaluation.samples if name.startswith("global")]
    rows = ["| Edit | " + " | ".join(name.partition(", ")[2] for name in groups) + " | dB |", "|---" * 5 + "|"]
    for edit in dict.fromkeys(sample.wanted for sample in evaluation.samples[groups[0]]):
        of_edit = [[s for s in evaluation.samples[group] if s.wanted == edit] for group in groups]
        shares = [f"{sum(s.passed for s in samples)} of {len(samples)}" for samples in of_edit]
        rows.append(f"| {edit} | " + " | ".join(shares) + f" | {fmean(s.psnr for s in of_edit[0]):.1f} |")
    return rows


def _failures(evaluation: Evaluation) -> list[str]:
    lines = []
    for name, samples in evaluation.samples.items():
        failed = Counter((s.sentence, s.wanted, s.nearest or f"{s.psnr:.1f} dB") for s in samples if not s.passed)
        lines += [f"- {name}: “{said}” ({wanted}): {got}" for said, wanted, got in failed]
    return lines


def write_contact_sheet(folder: Path, evaluation: Evaluation) -> None:
    """Write a sheet of outcomes beside their targets into ``folder``."""
    shown: list[Sample] = list(evaluation.samples["global, trained wordings"][:38])
    for name in ("two edits", "colours of things", "parts of the picture", "frames", "shapes", "unknown requests"):
        shown += evaluation.samples[name][:8]
    pairs = [
        Pair(f"{sample.wanted}: {sample.sentence}", *map(to_image, sample.shown)) for sample in shown if sample.shown
    ]
    contact_sheet(pairs, "Outcomes, each beside its target", side=SIDE).save(folder / SHEET_FILE, quality=90)
