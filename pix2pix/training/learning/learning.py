"""The denoiser's training: batches from the pool of pairs, the loss, the average of the weights, the schedule."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from numpy.random import Generator
from torch import Tensor, nn
from transformers import CLIPTokenizer

from pix2pix.training.learning.autoencoder import encode_with, random_crops
from pix2pix.training.learning.batches import Batch, draw_batch
from pix2pix.training.learning.denoiser import (
    LATE_FROM,
    ColourLoss,
    add_noise,
    draw_timesteps,
    fit_colour_loss,
    make_scheduler,
    make_unet,
)
from pix2pix.training.learning.language import Reader, tokenize
from pix2pix.training.learning.locating import Locator
from pix2pix.training.learning.mixture import sample_sentence
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

STAGE = "denoiser"
WARM_UP = 250  # steps
AVERAGE = 0.999  # how much of the average of the weights a step keeps
READER_RATE = 0.3  # of the UNet's learning rate
WATCH_EVERY = 500  # steps
DRAFTS = 0.8  # of the samples at the middle timesteps
SENTENCES = 40  # read in every step beside the batch's own, so that the text encoder goes on learning the grammar
NAMING_WEIGHT = 0.05
LOCATING_WEIGHT = 0.3


@dataclass(eq=False)
class Learner:
    """What the training changes. ``averages`` are the weights that are shipped, in the order of ``parameters``."""

    unet: UNet2DConditionModel
    reader: Reader
    locator: Locator
    optimizer: torch.optim.Optimizer
    averages: list[Tensor] = field(repr=False)
    step: int = 0

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The UNet's, then the reader's and the locator's."""
        return [*self.unet.parameters(), *self.reader.parameters(), *self.locator.parameters()]

    def state(self) -> dict:
        """What a file needs to hold for ``restore``."""
        return {
            "unet": self.unet.state_dict(),
            "reader": self.reader.state_dict(),
            "locator": self.locator.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "averages": self.averages,
            "step": self.step,
        }

    def restore(self, state: dict) -> None:
        """Become what ``state`` was taken from."""
        self.unet.load_state_dict(state["unet"])
        self.reader.load_state_dict(state["reader"])
        self.locator.load_state_dict(state["locator"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.averages = [average.to(old.device) for average, old in zip(state["averages"], self.averages, strict=True)]
        self.step = state["step"]

    @torch.no_grad()
    def take_averages(self) -> None:
        """Put the averages in the place of the weights; the training is over."""
        for parameter, average in zip(self.parameters, self.averages, strict=True):
            parameter.copy_(average)


def train_denoiser(
    scenes: np.ndarray,
    vae: AutoencoderTiny,
    tokenizer: CLIPTokenizer,
    reader: Reader,
    recipe: Recipe,
    run: Path,
    device: torch.device,
    watch: Callable[["Learner"], None] | None = None,
) -> Learner:
    """Train on pairs from ``scenes``, or go on from the state in ``run``; the learner returned has its averages in.

    ``watch`` is shown the learner every WATCH_EVERY steps. A training that ended can be made longer: with more steps
    it goes on from the last state before it cooled down.
    """
    learner = make_learner(vae, reader, recipe, device)
    encode = encode_with(vae, device)
    pools = {kind: Pool(scenes, encode, kind, recipe.denoiser.pool, recipe.seed) for kind in recipe.denoiser.shards}
    loss = _colour_loss(scenes, vae, recipe.seed, device)
    _resume(learner, recipe, run)
    losses: list[float] = []

    def save(step: int) -> None:
        name = "denoiser-cooling.pt" if _cools_down(recipe, step) else "denoiser.pt"
        save_state(run / name, learner.state() | {"planned": recipe.denoiser.steps})

    def report() -> str:
        return f"loss {np.mean(losses[-300:]):.4f}"

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
    return learner


def make_learner(vae: AutoencoderTiny, reader: Reader, recipe: Recipe, device: torch.device) -> Learner:
    """An untrained denoiser beside ``reader``."""
    unet = make_unet(recipe.denoiser, recipe.language, vae, recipe.seed).to(device).train()
    if device.type == "cpu":
        unet.set_attn_processor(AttnProcessor())  # the fused attention's backward pass is slow on a CPU
    locator = Locator(recipe.denoiser.widths).to(device)
    groups = [{"params": list(part.parameters())} for part in (unet, reader, locator)]
    optimizer = torch.optim.AdamW(
        groups, recipe.denoiser.learning_rate, betas=(0.9, 0.99), weight_decay=1e-2, fused=True
    )
    averages = [parameter.detach().clone() for group in groups for parameter in group["params"]]
    return Learner(unet, reader, locator, optimizer, averages)


def _resume(learner: Learner, recipe: Recipe, run: Path) -> None:
    """Take up the state in ``run``; one that cools down only where it was planned for as many steps as now."""
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
    """Constant after the warm-up; towards the end down to nothing along a straight line."""
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
    *of_batches, of_extra = embeds.split([*(len(batch.sentences) for batch in batches), SENTENCES])
    loss = sum(
        batch.sources.numel() * _batch_loss(learner, batch, own, scaling_factor, loss_of, rng, device)
        for batch, own in zip(batches, of_batches, strict=True)
    ) / sum(batch.sources.numel() for batch in batches)
    naming = learner.reader.loss(of_extra, list(meanings))
    learner.optimizer.zero_grad(set_to_none=True)
    (loss + NAMING_WEIGHT * naming).backward()
    nn.utils.clip_grad_norm_(learner.parameters, 1.0)
    learner.optimizer.step()
    _average(learner)
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
    """The mean loss of one prediction for each row of ``batch``, at timesteps drawn here, and of knowing where."""
    generator = torch_generator(rng)
    clean = (batch.targets * scaling_factor).to(device)
    sources, noise = batch.sources.to(device), batch.noise.to(device)
    timesteps = draw_timesteps(len(clean), generator)
    with half_precision(device):
        begun = with_drafts(learner.unet, clean, sources, noise, embeds, timesteps, generator)
        noisy = add_noise(begun, noise, timesteps, make_scheduler().alphas_cumprod)
        seen = torch.cat([noisy, sources], 1).to(memory_format=torch.channels_last)
        with learner.locator.listening(learner.unet) as features:
            predicted = learner.unet(seen, timesteps.to(device), embeds).sample
    drawing = loss_of(predicted.float(), clean, batch.weights.to(device))
    return drawing + LOCATING_WEIGHT * learner.locator.loss(features)


@torch.no_grad()
def with_drafts(
    unet: UNet2DConditionModel,
    clean: Tensor,
    sources: Tensor,
    noise: Tensor,
    embeds: Tensor,
    timesteps: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """``clean`` latents, in whose place most samples of the middle timesteps get the network's own first prediction.

    That is what it meets there when it samples: with targets it would learn to trust what it has drawn so far. The idea
    is of Bengio et al., scheduled sampling, arXiv:1506.03099.
    """
    drafted = (timesteps < LATE_FROM) & (torch.rand(len(clean), generator=generator) < DRAFTS)
    if not drafted.any():
        return clean
    chosen = drafted.nonzero()[:, 0].to(clean.device)
    seen = torch.cat([noise[chosen], sources[chosen]], 1).to(memory_format=torch.channels_last)
    drafts = unet(seen, torch.full((len(chosen),), 999, device=clean.device), embeds[chosen]).sample
    return clean.index_copy(0, chosen, drafts.to(clean.dtype))


@torch.no_grad()
def _average(learner: Learner) -> None:
    kept = min(AVERAGE, (2 + learner.step) / (11 + learner.step))
    torch._foreach_lerp_(learner.averages, [parameter.detach() for parameter in learner.parameters], 1 - kept)
