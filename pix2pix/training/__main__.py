"""Make pocket from nothing: ``python -m pix2pix.training --run DIR``. Killed, the same command goes on where it was."""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from pix2pix.training.evaluation.checkpoint import CORES, evaluate_checkpoint
from pix2pix.training.evaluation.evaluate import Effort
from pix2pix.training.learning.checkpoint import make_checkpoint
from pix2pix.training.recipe import SIZES, Recipe
from pix2pix.training.state import choose_device


def main() -> None:
    """Read the command line, train, evaluate."""
    given = _parser().parse_args()
    recipe = _recipe(given.size, given.steps)
    if given.threads:
        torch.set_num_threads(given.threads)
    torch.set_flush_denormal(True)
    torch.use_deterministic_algorithms(True, warn_only=True)
    device = choose_device()
    folder = make_checkpoint(recipe, given.run, device, given.autoencoder, given.begin_with)
    print(f"checkpoint in {folder}", flush=True)
    if not given.no_evaluation:
        torch.set_num_threads(CORES)
        evaluate_checkpoint(folder, Effort(), recipe, given.photos, device.type)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pix2pix.training", description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("out/pocket"), help="folder of the states and the checkpoint")
    parser.add_argument("--size", choices=SIZES, default="small", help="small for a CPU, large for a GPU")
    parser.add_argument("--autoencoder", type=Path, help="a checkpoint whose autoencoder is taken over, not trained")
    parser.add_argument("--begin-with", type=Path, metavar="RUN", help="a finished run, whose weights are trained on")
    parser.add_argument("--steps", type=int, help="steps of the denoiser, cool-down included")
    parser.add_argument("--threads", type=int, help="of the CPU; the weights depend on it")
    parser.add_argument("--photos", type=Path, help="folder of PNG photographs to measure on; without it gradio's")
    parser.add_argument("--no-evaluation", action="store_true", help="stop when the checkpoint is written")
    return parser


def _recipe(size: str, steps: int | None) -> Recipe:
    recipe = SIZES[size]
    return replace(recipe, denoiser=replace(recipe.denoiser, steps=steps)) if steps else recipe


if __name__ == "__main__":
    main()
