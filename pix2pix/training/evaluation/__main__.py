"""Measure a checkpoint on photographs: ``python -m pix2pix.training.evaluation [FOLDER] [--photos DIR]``.

Writes EVALUATION.md, a contact sheet, a plot of the controls, the abilities and the model card beside the weights.
"""

import argparse
from pathlib import Path

import torch

from pix2pix.diffusion.checkpoints import POCKET
from pix2pix.training.evaluation.checkpoint import CORES, evaluate_checkpoint
from pix2pix.training.evaluation.evaluate import Effort
from pix2pix.training.recipe import SIZES


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m pix2pix.training.evaluation", description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(POCKET.source), help="what to measure; pocket if left out"
    )
    parser.add_argument("--photos", type=Path, help="folder of PNG photographs; without it gradio's")
    parser.add_argument("--wordings", type=int, default=Effort.wordings, help="wordings for each edit")
    parser.add_argument("--requests", type=int, default=Effort.requests, help="requests of each other kind")
    parser.add_argument("--size", choices=SIZES, default="small", help="the recipe it was made by")
    given = parser.parse_args()
    torch.set_num_threads(CORES)
    effort = Effort(wordings=given.wordings, requests=given.requests)
    evaluate_checkpoint(given.folder, effort, SIZES[given.size], given.photos, "cpu")


if __name__ == "__main__":
    main()
