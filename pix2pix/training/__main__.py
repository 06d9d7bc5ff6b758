"""Make pocket from nothing: ``python -m pix2pix.training --run DIR``. Killed, the same command goes on where it was."""

import argparse
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from pix2pix.training.evaluation.__main__ import evaluate_checkpoint
from pix2pix.training.evaluation.evaluation import Effort
from pix2pix.training.export import make_pipeline, write_checkpoint
from pix2pix.training.learning.autoencoder import train_autoencoder
from pix2pix.training.learning.language import load_or_make_tokenizer, train_language
from pix2pix.training.learning.learning import train_denoiser
from pix2pix.training.learning.watch import Watcher
from pix2pix.training.recipe import SIZES, Recipe
from pix2pix.training.state import choose_device
from pix2pix.training.targets.scenes import make_scenes


def make_checkpoint(recipe: Recipe, run: Path, device: torch.device) -> Path:
    """Train every part, or go on with the training in ``run``; returns the folder of the checkpoint."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    run.mkdir(parents=True, exist_ok=True)
    scenes = _scenes(run / "scenes.npy", recipe)
    vae = train_autoencoder(scenes, recipe.autoencoder, recipe.seed, run, device)
    tokenizer = load_or_make_tokenizer(recipe.language, recipe.seed, run / "tokenizer")
    reader = train_language(tokenizer, recipe.language, recipe.seed, run, device)
    watch = Watcher(vae, tokenizer, run, recipe.seed)
    learner = train_denoiser(scenes, vae, tokenizer, reader, recipe, run, device, watch)
    folder = run / "checkpoint"
    write_checkpoint(make_pipeline(vae, reader.encoder, tokenizer, learner.unet), folder)
    return folder


def _scenes(path: Path, recipe: Recipe) -> np.ndarray:
    if path.exists():
        return np.load(path, mmap_mode="r")
    return make_scenes(path, recipe.scenes, recipe.seed, os.cpu_count() or 1)


def main() -> None:
    """Read the command line, train, evaluate."""
    parser = argparse.ArgumentParser(prog="python -m pix2pix.training", description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("out/pocket"), help="folder of the states and the checkpoint")
    parser.add_argument("--size", choices=SIZES, default="small", help="small for a CPU, large for a GPU")
    parser.add_argument("--steps", type=int, help="steps of the denoiser, cool-down included")
    parser.add_argument("--threads", type=int, help="of the CPU; the weights depend on it")
    parser.add_argument("--no-evaluation", action="store_true", help="stop when the checkpoint is written")
    arguments = parser.parse_args()
    recipe = SIZES[arguments.size]
    if arguments.steps:
        recipe = replace(recipe, denoiser=replace(recipe.denoiser, steps=arguments.steps))
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    device = choose_device()
    folder = make_checkpoint(recipe, arguments.run, device)
    print(f"checkpoint in {folder}", flush=True)
    if not arguments.no_evaluation:
        evaluate_checkpoint(folder, Effort(), recipe, device.type)


if __name__ == "__main__":
    main()
