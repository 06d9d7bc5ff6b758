"""What the denoiser's training changes: the UNet, the reader, the locator, and the averages of their weights."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pix2pix.training.learning.language import Reader
from pix2pix.training.learning.network.locating import Locator
from pix2pix.training.learning.network.unet import make_unet
from pix2pix.training.recipe import Recipe
from pix2pix.training.state import State, seeded

HEADS = "heads.safetensors"
WEIGHTS = {"unet": "diffusion_pytorch_model.safetensors", "text_encoder": "model.safetensors"}
DECAY = 0.999  # how much of the average of the weights is left after a step


@dataclass(eq=False)
class Learner:
    """Three networks in training. ``averages`` are the weights that are shipped, in the order of ``parameters``."""

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

    def state(self) -> State:
        """All that ``restore`` needs, to be written to a file."""
        return {
            "unet": self.unet.state_dict(),
            "reader": self.reader.state_dict(),
            "locator": self.locator.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "averages": self.averages,
            "step": self.step,
        }

    def restore(self, state: State) -> None:
        """Take over everything from ``state``."""
        self.unet.load_state_dict(state["unet"])
        self.reader.load_state_dict(state["reader"])
        self.locator.load_state_dict(state["locator"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.averages = [average.to(old.device) for average, old in zip(state["averages"], self.averages, strict=True)]
        self.step = state["step"]

    @torch.no_grad()
    def begin_with(self, run: Path) -> None:
        """Take over what the training in the folder ``run`` has made: its checkpoint's networks, and the heads."""
        made = {part: load_file(run / "checkpoint" / part / WEIGHTS[part]) for part in WEIGHTS}
        self.unet.load_state_dict(made["unet"])
        self.reader.encoder.load_state_dict(made["text_encoder"])
        heads = load_file(run / HEADS)
        for name, head in self._heads.items():
            head.load_state_dict({key.removeprefix(name + "."): heads[key] for key in heads if key.startswith(name)})
        self.averages = [parameter.detach().clone() for parameter in self.parameters]

    def save_heads(self, run: Path) -> None:
        """Write to the folder ``run`` the layers that are no part of a checkpoint."""
        layers = self._heads.items()
        save_file(
            {f"{name}.{key}": value for name, head in layers for key, value in head.state_dict().items()}, run / HEADS
        )

    @property
    def _heads(self) -> dict[str, nn.Module]:
        return {"naming": self.reader.naming, "locator": self.locator}

    @torch.no_grad()
    def take_averages(self) -> None:
        """Put the averages in the place of the weights, at the end of the training."""
        for parameter, average in zip(self.parameters, self.averages, strict=True):
            parameter.copy_(average)

    @torch.no_grad()
    def average(self) -> None:
        """Move the averages towards the weights, at first in large steps."""
        decay = min(DECAY, (2 + self.step) / (11 + self.step))
        torch._foreach_lerp_(self.averages, [parameter.detach() for parameter in self.parameters], 1 - decay)


def make_learner(vae: AutoencoderTiny, reader: Reader, recipe: Recipe, device: torch.device) -> Learner:
    """An untrained denoiser beside ``reader``."""
    with seeded(recipe.seed):
        unet = make_unet(recipe.denoiser, recipe.language, vae).to(device).train()
        locator = Locator(recipe.denoiser.widths).to(device)
    if device.type == "cpu":
        unet.set_attn_processor(AttnProcessor())  # the fused attention's backward pass is slow on a CPU
    groups = [{"params": list(part.parameters())} for part in (unet, reader, locator)]
    optimizer = torch.optim.AdamW(
        groups, recipe.denoiser.learning_rate, betas=(0.9, 0.99), weight_decay=1e-2, fused=True
    )
    averages = [parameter.detach().clone() for group in groups for parameter in group["params"]]
    return Learner(unet, reader, locator, optimizer, averages)
