"""The denoiser's training: a step on batches of pairs and on sentences, its losses, the learning rate over time."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from numpy.random import Generator
from torch import Tensor, nn
from transformers import CLIPTokenizer

from pix2pix.training.learning.autoencoder import encode_with
from pix2pix.training.learning.batches import Batch, draw_batch
from pix2pix.training.learning.colour_loss import ColourLoss, fit_colour_loss
from pix2pix.training.learning.crops import random_crops
from pix2pix.training.learning.language import tokenize
from pix2pix.training.learning.learner import Learner
from pix2pix.training.learning.network.noise import (
    FIRST,
    add_noise,
    draw_noise,
    draw_timesteps,
    make_scheduler,
    step_down,
    weights_of_clean,
)
from pix2pix.training.learning.pairs import Pool
from pix2pix.training.recipe import Recipe
from pix2pix.training.state import (
    half_precision,
    load_state,
    numpy_generator,
    save_state,
    steps_with_progress,
    torch_generator,
)
from pix2pix.training.words.mixture import sample_sentence

STAGE = "denoiser"
WARM_UP = 250  # steps
READER_RATE = 0.3  # of the UNet's learning rate
WATCH_EVERY = 500  # steps
SENTENCES = 40  # read in every step beside the batch's own, so that the text encoder goes on learning the grammar
OWN_SHARE = 0.9  # of the rows whose target is told: their latents come from a step of the network's own,
FROM_FIRST = 0.5  # this share of them from pure noise, as every edit begins: nothing of the target is in it
NAMING_WEIGHT = 0.05
LOCATING_WEIGHT = 0.3


def train_denoiser(
    scenes: np.ndarray,
    vae: AutoencoderTiny,
    tokenizer: CLIPTokenizer,
    learner: Learner,
    recipe: Recipe,
    run: Path,
    device: torch.device,
    watch: Callable[[Learner], None] | None = None,
) -> None:
    """Train ``learner`` on pairs from ``scenes``, or go on from the state in ``run``.

    A training that ended can be made longer: with more steps it goes on from the last state before it cooled down.

    Args:
        learner: has its averages as weights afterwards.
        watch: is called with the learner every WATCH_EVERY steps.
    """
    encode = encode_with(vae, device)
    size, kinds = recipe.denoiser.pool, recipe.denoiser.shards
    pools = {kind: Pool(scenes, encode, kind, size, recipe.seed, device) for kind in kinds}
    loss = _colour_loss(scenes, vae, recipe.seed, device)
    _resume(learner, recipe, run)
    losses: list[float] = []

    def report() -> str:
        return f"loss {np.mean(losses[-300:]):.4f}"

    save = partial(_save, learner, recipe, run)
    for step in steps_with_progress(STAGE, learner.step, recipe.denoiser.steps, save, report):
        rng = numpy_generator(recipe.seed, STAGE, step)
        block = step // recipe.denoiser.block
        batches = [draw_batch(pool.pairs_of(block), kind.pixels, rng) for kind, pool in pools.items()]
        _set_rates(learner.optimizer, recipe, step)
        losses.append(train_step(learner, batches, tokenizer, vae.config.scaling_factor, loss, rng, device))
        learner.step = step + 1
        if watch and learner.step % WATCH_EVERY == 0:
            watch(learner)
    learner.take_averages()


def _save(learner: Learner, recipe: Recipe, run: Path, step: int) -> None:
    """Write the state after ``step`` steps; the last one before the cool-down is never written over."""
    name = "denoiser-cooling.pt" if _cools_down(recipe, step) else "denoiser.pt"
    save_state(run / name, learner.state() | {"planned": recipe.denoiser.steps})


def _resume(learner: Learner, recipe: Recipe, run: Path) -> None:
    """Restore the state in ``run``: one that cools down only if it was planned for as many steps as now."""
    cooling = load_state(run / "denoiser-cooling.pt")
    if cooling and cooling["planned"] == recipe.denoiser.steps:
        learner.restore(cooling)
    elif state := load_state(run / "denoiser.pt"):
        learner.restore(state)


def _colour_loss(scenes: np.ndarray, vae: AutoencoderTiny, seed: int, device: torch.device) -> ColourLoss:
    pictures = random_crops(scenes, numpy_generator(seed, "colour loss", 0), 128, 64).to(device)
    return fit_colour_loss(pictures, encode_with(vae, device)(pictures) * vae.config.scaling_factor)


def _cools_down(recipe: Recipe, step: int) -> bool:
    return step >= recipe.denoiser.steps - recipe.denoiser.cooldown_steps


def _set_rates(optimizer: torch.optim.Optimizer, recipe: Recipe, step: int) -> None:
    """Set the learning rates: up in the warm-up, then constant, at the end down to nothing; both in straight lines."""
    left = (recipe.denoiser.steps - step) / max(1, recipe.denoiser.cooldown_steps)
    rate = recipe.denoiser.learning_rate * min(1, (step + 1) / WARM_UP, left)
    for group, share in zip(optimizer.param_groups, (1, READER_RATE, 1), strict=True):
        group["lr"] = rate * share


def train_step(
    learner: Learner,
    batches: list[Batch],
    tokenizer: CLIPTokenizer,
    scaling_factor: float,
    loss_of: ColourLoss,
    rng: Generator,
    device: torch.device,
) -> float:
    """One step of gradient descent on ``batches`` and on sentences alone; returns the denoiser's loss."""
    words = random.Random(int(rng.integers(2**63)))
    extra, meanings = zip(*(sample_sentence(words) for _ in range(SENTENCES)), strict=True)
    said = [sentence for batch in batches for sentence in batch.sentences]
    with half_precision(device):
        embeds = learner.reader.encoder(tokenize(tokenizer, [*said, *extra]).to(device))[0]
    *of_batches, of_extra = torch.split(embeds, [*(len(batch.sentences) for batch in batches), SENTENCES])
    loss = torch.zeros((), device=device)
    for batch, own in zip(batches, of_batches, strict=True):
        loss = loss + batch.sources.numel() * _batch_loss(learner, batch, own, scaling_factor, loss_of, rng, device)
    loss = loss / sum(batch.sources.numel() for batch in batches)
    naming = learner.reader.loss(of_extra, list(meanings))
    learner.optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss + NAMING_WEIGHT * naming)
    nn.utils.clip_grad_norm_(learner.parameters, 1.0)
    learner.optimizer.step()
    learner.average()
    return loss.item()


def _batch_loss(
    learner: Learner,
    batch: Batch,
    embeds: Tensor,
    scaling_factor: float,
    loss_of: ColourLoss,
    rng: Generator,
    device: torch.device,
) -> Tensor:
    """The mean loss of one prediction for each row of ``batch``, at a random timestep, and the locator's loss."""
    generator, alphas = torch_generator(rng), make_scheduler().alphas_cumprod
    sources, clean, drawn = (part.to(device) for part in (batch.sources, batch.targets, batch.drawn))
    clean, drawn = clean * scaling_factor, drawn * scaling_factor
    timesteps, noise = draw_timesteps(len(clean), generator), draw_noise(clean.shape, generator).to(device)
    noisy = add_noise(drawn, noise, timesteps, alphas)
    own = batch.told & (torch.rand(len(clean), generator=generator) < OWN_SHARE) & (timesteps < FIRST)
    if own.any():
        earlier = _earlier(timesteps, generator)
        kept = own.to(device)
        noisy[kept] = _own_step(
            learner.unet, drawn[kept], noise[kept], sources[kept], embeds[kept].detach(), earlier[own], timesteps[own]
        )
    with learner.locator.listening(learner.unet) as features:
        predicted = _clean_of(learner.unet, noisy, sources, timesteps, embeds)
    weights = batch.weights_at(timesteps) * weights_of_clean(timesteps, alphas)
    return loss_of(predicted, clean, weights.to(device)) + LOCATING_WEIGHT * learner.locator.loss(features)


def _earlier(timesteps: Tensor, generator: torch.Generator) -> Tensor:
    """A noisier timestep for each of ``timesteps`` (N,), which are below FIRST; for some the very first."""
    anywhere = timesteps + 1 + (torch.rand(len(timesteps), generator=generator) * (FIRST - timesteps)).long()
    return torch.where(torch.rand(len(timesteps), generator=generator) < FROM_FIRST, FIRST, anywhere)


@torch.no_grad()
def _own_step(
    unet: UNet2DConditionModel,
    clean: Tensor,
    noise: Tensor,
    sources: Tensor,
    embeds: Tensor,
    earlier: Tensor,
    timesteps: Tensor,
) -> Tensor:
    """The latents of ``timesteps`` as ``unet`` itself comes to them from the noisier ones of ``earlier``.

    While sampling it sees the errors of its own earlier steps; only from such latents it learns to mend them.
    """
    alphas = make_scheduler().alphas_cumprod
    noisy = add_noise(clean, noise, earlier, alphas)
    return step_down(_clean_of(unet, noisy, sources, earlier, embeds), noisy, earlier, timesteps, alphas)


def _clean_of(unet: UNet2DConditionModel, noisy: Tensor, sources: Tensor, timesteps: Tensor, embeds: Tensor) -> Tensor:
    """The clean latents that ``unet`` predicts."""
    with half_precision(noisy.device):
        seen = torch.cat([noisy, sources], 1).to(memory_format=torch.channels_last)
        clean: Tensor = unet(seen, timesteps.to(noisy.device), embeds).sample.float()
    return clean
