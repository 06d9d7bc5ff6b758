"""A checkpoint measured, and what was found written beside its weights."""

from dataclasses import replace
from pathlib import Path

from pix2pix import Editor
from pix2pix.training.evaluation.abilities import write_abilities
from pix2pix.training.evaluation.card import write_card
from pix2pix.training.evaluation.evaluate import Effort, evaluate
from pix2pix.training.evaluation.measured.controls import write_controls
from pix2pix.training.evaluation.photos import measured_photo, open_photos
from pix2pix.training.evaluation.report import write_contact_sheet, write_report
from pix2pix.training.learning.export import DEFAULTS
from pix2pix.training.recipe import Recipe

CORES = 2  # that the seconds of an edit are told for
PLOTTED_PHOTOS = 1


def load_editor(folder: Path, device: str | None = None) -> Editor:
    """The checkpoint in ``folder`` with the settings it is shipped with."""
    editor = Editor.load(str(folder), device)
    editor.pipeline.set_progress_bar_config(disable=True)
    return Editor(editor.pipeline, replace(editor.checkpoint, defaults=DEFAULTS))


def evaluate_checkpoint(
    folder: Path, effort: Effort, recipe: Recipe, photos: Path | None = None, device: str | None = None
) -> None:
    """Measure the checkpoint in ``folder``, which ``recipe`` made, and write what was found into it.

    Args:
        photos: folder of the photographs to measure on; without it those that come with gradio.
    """
    editor = load_editor(folder, device)
    pictures = list(open_photos(photos).values())
    evaluation = evaluate(editor, folder, pictures, effort)
    write_report(folder, evaluation)
    write_contact_sheet(folder, evaluation)
    write_abilities(folder, evaluation)
    write_card(folder, evaluation, recipe)
    write_controls(folder, editor, [measured_photo(photo) for photo in pictures[:PLOTTED_PHOTOS]])
