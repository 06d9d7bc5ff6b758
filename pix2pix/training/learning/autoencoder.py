"""The autoencoder: diffusers' AutoencoderTiny at factor 4, begun as an exact principal component analysis.

In the encoder two convolutions of stride 2 fold each 4x4 patch into channels. The last convolution projects these onto
the patches' principal components, each scaled to the same deviation. The decoder learns first, then both.
"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from diffusers.models.autoencoders.vae import AutoencoderTinyBlock
from numpy.random import Generator
from torch import Tensor, nn

from pix2pix.training.learning.crops import random_crops
from pix2pix.training.recipe import AutoencoderRecipe
from pix2pix.training.state import (
    half_precision,
    load_state,
    numpy_generator,
    save_state,
    seeded,
    steps_with_progress,
    torch_generator,
)
from pix2pix.training.targets.edits import EDITS, apply

FACTOR = 4
PATCH = 3 * FACTOR**2  # numbers in a patch
DEVIATION = 0.6  # of every latent channel
ENCODER_STARTS = 0.15  # share of the steps after which the encoder learns too
ENCODER_RATE = 0.3  # of the decoder's learning rate
STAGE = "autoencoder"


def train_autoencoder(
    scenes: np.ndarray, recipe: AutoencoderRecipe, seed: int, run: Path, device: torch.device
) -> AutoencoderTiny:
    """Train on ``scenes``, (n, SIDE, SIDE, 3) uint8, or go on from the state in ``run``."""
    vae = make_autoencoder(recipe, seed)
    start_as_pca(vae, random_crops(scenes, numpy_generator(seed, "pca", 0), 800, 64))
    vae = vae.to(device, memory_format=torch.channels_last)
    groups = [{"params": vae.decoder.parameters()}, {"params": vae.encoder.parameters()}]
    optimizer = torch.optim.AdamW(groups, recipe.learning_rate, betas=(0.9, 0.99), weight_decay=1e-4)
    path, start = run / "autoencoder.pt", 0
    if state := load_state(path):
        vae.load_state_dict(state["vae"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
    losses: list[float] = []

    def save(step: int) -> None:
        save_state(path, {"vae": vae.state_dict(), "optimizer": optimizer.state_dict(), "step": step})

    for step in steps_with_progress(STAGE, start, recipe.steps, save, lambda: f"loss {np.mean(losses[-200:]):.4f}"):
        losses.append(_train_step(vae, optimizer, scenes, recipe, step, seed, device))
    _measure_scaling(vae, scenes, seed, device)
    return vae.eval().requires_grad_(False)


def make_autoencoder(recipe: AutoencoderRecipe, seed: int) -> AutoencoderTiny:
    """The untrained network; its residual blocks change next to nothing yet."""
    with seeded(seed):
        vae = AutoencoderTiny(
            encoder_block_out_channels=(recipe.width,) * 3,
            decoder_block_out_channels=(recipe.width,) * 3,
            latent_channels=recipe.latent_channels,
            num_encoder_blocks=(0, 1, 2),
            num_decoder_blocks=(3, 1, 0),
        )
        for convolution in (module for module in vae.modules() if isinstance(module, nn.Conv2d)):
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            if convolution.bias is not None:
                nn.init.zeros_(convolution.bias)
    for module in vae.modules():
        if isinstance(module, AutoencoderTinyBlock):
            module.conv[4].weight.data *= 0.05
    return vae


@torch.no_grad()
def start_as_pca(vae: AutoencoderTiny, pictures: Tensor) -> None:
    """Set the encoder to the whitened principal components of 4x4 patches of ``pictures``, (N, 3, H, W) in 0..1."""
    layers = vae.encoder.layers
    for block in layers:
        if isinstance(block, AutoencoderTinyBlock):
            block.conv[4].weight.zero_()
    inward, fold, fold_again, outward = (layer for layer in layers if isinstance(layer, nn.Conv2d))
    inward.weight.mul_(0.3)[:3] = 0
    for channel in range(3):
        inward.weight[channel, channel, 1, 1] = 1
    _fold_pixels(fold, 3)
    _fold_pixels(fold_again, 12)
    patches = layers[:-1](pictures)[:, :PATCH].permute(0, 2, 3, 1).reshape(-1, PATCH)
    mean = patches.mean(0)
    variances, components = torch.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))
    count = outward.out_channels
    projection = (components.flip(1)[:, :count] / variances.flip(0)[:count].sqrt() * DEVIATION).T
    outward.weight.zero_()[:, :PATCH, 1, 1] = projection
    outward.bias = nn.Parameter(-projection @ mean)


def _fold_pixels(convolution: nn.Conv2d, channels: int) -> None:
    """Make a convolution of stride 2 copy the four pixels of each 2x2 square into 4 x ``channels`` channels."""
    convolution.weight.mul_(0.3)[: 4 * channels] = 0
    for position, (row, column) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        for channel in range(channels):
            convolution.weight[position * channels + channel, channel, 1 + row, 1 + column] = 1


def _edited_crops(scenes: np.ndarray, rng: Generator, count: int, crop: int) -> Tensor:
    """Random crops, three eighths of them edited, by three edits drawn by their shares."""
    pictures = random_crops(scenes, rng, count, crop)
    noise = torch.randn(pictures[:, :1].shape, generator=torch_generator(rng))
    part, shares = count // 8, np.array([edit.share for edit in EDITS.values()])
    for index, name in enumerate(rng.choice(list(EDITS), 3, p=shares / shares.sum())):
        chosen = slice(index * part, (index + 1) * part)
        pictures[chosen] = apply(name, pictures[chosen], noise[chosen])
    return pictures


def _train_step(
    vae: AutoencoderTiny,
    optimizer: torch.optim.Optimizer,
    scenes: np.ndarray,
    recipe: AutoencoderRecipe,
    step: int,
    seed: int,
    device: torch.device,
) -> float:
    done, rng = step / recipe.steps, numpy_generator(seed, STAGE, step)
    last = step >= recipe.steps - recipe.last_steps
    size = (recipe.last_batch, recipe.last_crop) if last else (recipe.batch, recipe.crop)
    pictures = _edited_crops(scenes, rng, *size).to(device, memory_format=torch.channels_last)
    rate = recipe.learning_rate * min(1, (step + 1) / 100) * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))
    optimizer.param_groups[0]["lr"] = rate
    optimizer.param_groups[1]["lr"] = 0 if done < ENCODER_STARTS else rate * ENCODER_RATE
    with torch.set_grad_enabled(done >= ENCODER_STARTS), half_precision(device):
        latents = vae.encoder(pictures * 2 - 1).float()
    noise = torch.randn(latents.shape, generator=torch_generator(rng)).to(device)
    with half_precision(device):
        drawn = (vae.decoder(latents + 0.02 * noise) + 1) / 2
    loss = _loss(drawn.float(), pictures, latents)
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def _loss(drawn: Tensor, pictures: Tensor, latents: Tensor) -> Tensor:
    """Errors of colours and of slopes, and how far the latents' mean and deviation are from those of the PCA."""
    error = drawn - pictures
    slopes = (error[..., 1:] - error[..., :-1]).abs().mean() + (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    channels = (0, 2, 3)
    drift = ((latents.std(channels) - DEVIATION) ** 2).mean() + (latents.mean(channels) ** 2).mean()
    return error.abs().mean() + 4 * (error**2).mean() + 0.5 * slopes + 0.02 * drift


@torch.no_grad()
def _measure_scaling(vae: AutoencoderTiny, scenes: np.ndarray, seed: int, device: torch.device) -> None:
    """Set ``scaling_factor`` so that scaled latents of scenes have unit deviation."""
    pictures = random_crops(scenes, numpy_generator(seed, "scaling", 0), 256, 64).to(device)
    deviation = vae.encode(pictures * 2 - 1).latents.std().item()
    vae.register_to_config(scaling_factor=round(1 / deviation, 4))


def encode_with(vae: AutoencoderTiny, device: torch.device) -> Callable[[Tensor], Tensor]:
    """A function from pictures, (N, 3, H, W) in 0..1, to unscaled latents as the pipeline makes them, float32."""

    @torch.no_grad()
    def encode(pictures: Tensor) -> Tensor:
        pictures = pictures.to(device, memory_format=torch.channels_last)
        with half_precision(device):
            latents: Tensor = vae.encoder(pictures * 2 - 1)
        return latents.float()

    return encode
