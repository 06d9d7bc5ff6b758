"""What predicts the noise in the steps of one edit, called as ``denoise`` calls a UNet."""

from collections.abc import Callable

import torch
from diffusers import UNet2DConditionModel

from pix2pix.diffusion.speed.reuse import FULL_EVERY, full, short

Run = Callable[..., tuple[torch.Tensor, ...]]  # some ``Work``, its UNet and its tensors come in


class WholeSteps:
    """All are computed in full."""

    def __init__(self, unet: UNet2DConditionModel, run: Run) -> None:
        self._unet, self._run, self.dtype = unet, run, unet.dtype

    def __call__(
        self, sample: torch.Tensor, timestep: torch.Tensor, encoder_hidden_states: torch.Tensor, return_dict: bool
    ) -> tuple[torch.Tensor, ...]:
        """(noise,)."""
        return self._run(_whole, self._unet, sample, timestep, encoder_hidden_states)


class SharedSteps:
    """One of ``FULL_EVERY`` is computed in full, the others take the coarse parts from it."""

    def __init__(self, unet: UNet2DConditionModel, run: Run) -> None:
        self._unet, self._run, self.dtype = unet, run, unet.dtype
        self._done = 0
        self._deep: torch.Tensor | None = None

    def __call__(
        self, sample: torch.Tensor, timestep: torch.Tensor, encoder_hidden_states: torch.Tensor, return_dict: bool
    ) -> tuple[torch.Tensor, ...]:
        """(noise,)."""
        is_full, inputs = self._done % FULL_EVERY == 0, (sample, timestep, encoder_hidden_states)
        self._done += 1
        if not is_full:
            return self._run(short, self._unet, *inputs, self._deep)
        noise, self._deep = self._run(full, self._unet, *inputs)
        return (noise,)


def _whole(
    unet: UNet2DConditionModel, sample: torch.Tensor, timestep: torch.Tensor, embeds: torch.Tensor
) -> tuple[torch.Tensor]:
    noise: tuple[torch.Tensor] = unet(sample, timestep, encoder_hidden_states=embeds, return_dict=False)
    return noise
