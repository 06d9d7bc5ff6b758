"""The whole training, part by part: from nothing to a checkpoint."""

import os
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from transformers import CLIPTokenizer

from pix2pix.training.learning.autoencoder import train_autoencoder
from pix2pix.training.learning.denoiser import train_denoiser
from pix2pix.training.learning.export import make_pipeline, write_checkpoint
from pix2pix.training.learning.language import Reader, load_or_make_tokenizer, train_language
from pix2pix.training.learning.learner import make_learner
from pix2pix.training.learning.watch import Watcher
from pix2pix.training.recipe import Recipe
from pix2pix.training.targets.scenes import load_scenes, make_scenes


def make_checkpoint(
    recipe: Recipe, run: Path, device: torch.device, autoencoder: Path | None = None, begin_with: Path | None = None
) -> Path:
    """Train every part, or go on with the training in ``run``; returns the folder of the checkpoint.

    With ``autoencoder``, the folder of a checkpoint, that one's is taken over and not trained. With ``begin_with``, the
    folder of a run, the denoiser and the text encoder begin as that one left them, its autoencoder stays as it is, and
    language is not trained by itself. For the same weights every time, torch must be told to use deterministic
    algorithms.
    """
    run.mkdir(parents=True, exist_ok=True)
    scenes = _load_or_make_scenes(run / "scenes.npy", recipe)
    if begin_with:
        autoencoder = begin_with / "checkpoint"
    if autoencoder:
        vae = _taken_over(autoencoder, device)
    else:
        vae = train_autoencoder(scenes, recipe.autoencoder, recipe.seed, run, device)
    if begin_with:
        tokenizer = CLIPTokenizer.from_pretrained(begin_with / "checkpoint" / "tokenizer")
        learner = make_learner(vae, Reader(recipe.language, tokenizer).to(device).train(), recipe, device)
        learner.begin_with(begin_with)
    else:
        tokenizer = load_or_make_tokenizer(recipe.language, recipe.seed, run / "tokenizer")
        reader = train_language(tokenizer, recipe.language, recipe.seed, run, device)
        learner = make_learner(vae, reader, recipe, device)
    watch = Watcher(vae, tokenizer, run, recipe.seed)
    train_denoiser(scenes, vae, tokenizer, learner, recipe, run, device, watch)
    learner.save_heads(run)
    folder = run / "checkpoint"
    write_checkpoint(make_pipeline(vae, learner.reader.encoder, tokenizer, learner.unet), folder)
    return folder


def _taken_over(checkpoint: Path, device: torch.device) -> AutoencoderTiny:
    """The autoencoder of ``checkpoint``, which is not trained."""
    vae = AutoencoderTiny.from_pretrained(checkpoint, subfolder="vae", torch_dtype=torch.float32).to(device)
    vae.eval().requires_grad_(False)
    vae.register_to_config(_name_or_path=checkpoint.name)  # no folder of this machine goes into the checkpoint
    return vae


def _load_or_make_scenes(path: Path, recipe: Recipe) -> np.ndarray:
    return load_scenes(path) if path.exists() else make_scenes(path, recipe.scenes, recipe.seed, os.cpu_count() or 1)
