"""What predicts the noise in the steps of one edit, called as ``denoise`` calls a UNet."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from diffusers import UNet2DConditionModel

from pix2pix.diffusion.speed.reuse import FULL_EVERY, DeepFeatures

Run = Callable[..., tuple[torch.Tensor, ...]]  # some ``Work`` and its tensors come in


@dataclass(frozen=True)
class WholeSteps:
    """All are computed in full."""

    unet: UNet2DConditionModel = field(repr=False)
    run: Run = field(compare=False)

    @property
    def dtype(self) -> torch.dtype:
        """That of the weights."""
        dtype: torch.dtype = self.unet.dtype
        return dtype

    def __call__(
        self, sample: torch.Tensor, timestep: torch.Tensor, encoder_hidden_states: torch.Tensor, return_dict: bool
    ) -> tuple[torch.Tensor, ...]:
        """(noise,)."""
        return self.run(self._whole, sample, timestep, encoder_hidden_states)

    def _whole(self, sample: torch.Tensor, timestep: torch.Tensor, embeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        noise: tuple[torch.Tensor] = self.unet(sample, timestep, encoder_hidden_states=embeds, return_dict=False)
        return noise


class SharedSteps:
    """One of ``FULL_EVERY`` is computed in full, the others take the coarse parts from it."""

    def __init__(self, features: DeepFeatures, run: Run) -> None:
        self._features, self._run = features, run
        self.dtype: torch.dtype = features.unet.dtype
        self._done = 0
        self._deep: tuple[torch.Tensor, ...] = ()

    def __call__(
        self, sample: torch.Tensor, timestep: torch.Tensor, encoder_hidden_states: torch.Tensor, return_dict: bool
    ) -> tuple[torch.Tensor, ...]:
        """(noise,)."""
        is_full, inputs = self._done % FULL_EVERY == 0, (sample, timestep, encoder_hidden_states)
        self._done += 1
        if not is_full:
            return self._run(self._features.short, *inputs, *self._deep)
        noise, deep = self._run(self._features.full, *inputs)
        self._deep = (deep,)
        return (noise,)
