"""What was measured, written for people: EVALUATION.md, a contact sheet and a plot of the controls."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from pix2pix import Editor, EditRequest
from pix2pix.training.evaluation import Evaluation
from pix2pix.training.measures import Sample, targets_of
from pix2pix.training.photos import psnr, to_image, to_tensor
from pix2pix.training.plots import draw_plot, save_side_by_side
from pix2pix.training.sheet import save_sheet

EVALUATION, SHEET, PLOT = "EVALUATION.md", "contact-sheet.jpg", "controls.png"
SHOWN_EDITS = {"make it sepia": "sepia", "make it night": "night", "blur it": "blur", "make it purple": "purple"}
STEPS = (1, 2, 4, 8, 16)
TEXT_GUIDANCE = (1.0, 1.25, 1.5, 2.0, 3.0)
IMAGE_GUIDANCE = (1.0, 1.25, 1.5, 2.0)


def write_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Write EVALUATION.md into ``folder``."""
    text = "\n".join(
        [
            "# How good pocket is",
            "",
            "Measured by `python -m pix2pix.training.evaluate` on photographs that were never trained on, through the",
            "app's own editor with this checkpoint's defaults. An edit passes where the outcome is nearer to its own",
            "target than to the photo and to the target of every other edit.",
            "",
            *_summary(evaluation),
            "",
            "![effect of steps and guidance](controls.png)",
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
    (folder / EVALUATION).write_text(text + "\n", encoding="utf-8")


def _summary(evaluation: Evaluation) -> list[str]:
    rows = ["| Measured | Passed | dB to the target | Edits |", "|---|---|---|---|"]
    for name, samples in evaluation.samples.items():
        passed, decibels = fmean(s.passed for s in samples), fmean(s.psnr for s in samples)
        rows.append(f"| {name} | {passed:.0%} | {decibels:.1f} | {len(samples)} |")
        if outside := [s.outside for s in samples if s.outside == s.outside]:
            rows.append(f"| {name}: outside of the things, dB to the photo | | {fmean(outside):.1f} | {len(outside)} |")
    return [
        *rows,
        "",
        f"- Autoencoder alone: {evaluation.autoencoder:.1f} dB.",
        f"- Colour left by “make it black and white”: {evaluation.colour_left:.1f} of 255.",
        f"- One edit of 256x256 pixels, 4 steps, no guidance, fp32, two cores: {evaluation.seconds:.2f} s.",
        f"- Size: {evaluation.megabytes:.1f} MB.",
        f"- The same checkpoint with an untrained UNet: {evaluation.untrained:.0%} of the trained wordings.",
    ]


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
    for name in ("two edits", "colours of things", "unknown requests"):
        shown += evaluation.samples[name][:8]
    cells = [(caption, to_image(picture)) for sample in shown for caption, picture in sample.cells[:2]]
    save_sheet(folder / SHEET, cells, columns=12, side=128)


def write_plot(folder: Path, editor: Editor, photos: Sequence) -> None:
    """Write a plot of what steps, text guidance and image guidance do into ``folder``."""
    plots = [
        _plot("dB to the target by steps", editor, photos, "num_inference_steps", STEPS, _nearness),
        _plot("size of the edit by text guidance", editor, photos, "guidance_scale", TEXT_GUIDANCE, _size),
        _plot("size of the edit by image guidance", editor, photos, "image_guidance_scale", IMAGE_GUIDANCE, _size),
    ]
    save_side_by_side(folder / PLOT, plots)


def _plot(title, editor, photos, setting, values, measure):
    lines = []
    for sentence, name in SHOWN_EDITS.items():
        line = [
            fmean(measure(editor, photo, EditRequest(sentence, seed=0, **{setting: value}), name) for photo in photos)
            for value in values
        ]
        lines.append((name, line))
    return draw_plot(title, values, lines)


def _nearness(editor: Editor, photo, request: EditRequest, name: str) -> float:
    return psnr(to_tensor(editor.edit(photo, request).canvas_image), targets_of(to_tensor(photo))[name])


def _size(editor: Editor, photo, request: EditRequest, name: str) -> float:
    """How far along the way from photo to target the outcome lies; 1 is the target."""
    picture = to_tensor(photo)
    way = targets_of(picture)[name] - picture
    outcome = to_tensor(editor.edit(photo, request).canvas_image)
    return (((outcome - picture) * way).sum() / (way**2).sum()).item()
