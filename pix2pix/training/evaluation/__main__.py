"""Measure a checkpoint on photographs: ``python -m pix2pix.training.evaluation [FOLDER]``.

Writes EVALUATION.md, a contact sheet, a plot of the controls, the abilities and the model card beside the weights.
"""

import argparse
from pathlib import Path

import torch

from pix2pix import Editor
from pix2pix.diffusion.checkpoints import POCKET, Checkpoint
from pix2pix.diffusion.device import choose_device
from pix2pix.diffusion.loading import load
from pix2pix.training.evaluation import report
from pix2pix.training.evaluation.abilities import write_abilities
from pix2pix.training.evaluation.card import write_card
from pix2pix.training.evaluation.controls import write_controls
from pix2pix.training.evaluation.evaluation import Effort, evaluate, measured_photo
from pix2pix.training.evaluation.photos import open_photos
from pix2pix.training.export import DEFAULTS
from pix2pix.training.recipe import SIZES, Recipe

PLOTTED_PHOTOS = 1


def load_editor(folder: Path, device: str | None = None) -> Editor:
    """The checkpoint in ``folder`` with the settings it is shipped with."""
    checkpoint = Checkpoint(folder.name, str(folder), is_folder=True, defaults=DEFAULTS)
    editor = Editor(*load(checkpoint, choose_device(device)))
    editor.pipeline.set_progress_bar_config(disable=True)
    return editor


def evaluate_checkpoint(folder: Path, effort: Effort, recipe: Recipe, device: str | None = None) -> None:
    """Measure the checkpoint in ``folder``, which ``recipe`` made, and write what was found into it."""
    editor = load_editor(folder, device)
    evaluation = evaluate(editor, folder, effort)
    report.write_evaluation(folder, evaluation)
    report.write_contact_sheet(folder, evaluation)
    write_abilities(folder, evaluation)
    write_card(folder, evaluation, recipe)
    photos = [measured_photo(photo) for photo in open_photos().values()]
    write_controls(folder, editor, photos[:PLOTTED_PHOTOS])


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(POCKET.source), help="what to measure")
    parser.add_argument("--wordings", type=int, default=Effort.wordings, help="wordings for each edit")
    parser.add_argument("--requests", type=int, default=Effort.requests, help="requests of each other kind")
    parser.add_argument("--size", choices=SIZES, default="small", help="the recipe it was made by")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    evaluate_checkpoint(
        arguments.folder, Effort(arguments.wordings, 1, arguments.requests), SIZES[arguments.size], "cpu"
    )


if __name__ == "__main__":
    main()
