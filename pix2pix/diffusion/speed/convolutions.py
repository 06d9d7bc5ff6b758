"""The convolutions of a model on a CPU, each by the sums that are quickest for its shape.

They give what torch's give but for rounding, of which torch's own ways differ by half as much from each other.
"""

from functools import cached_property
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import ModelMixin
from diffusers.models.upsampling import Upsample2D
from torch import nn

from pix2pix.diffusion.speed import doubling, windows, winograd

# Measured on two cores, with pocket's shapes and with those of the real architecture.
LEAST_CHANNELS = 48  # with less there is little to gain
HEAVY, FEW_PIXELS = 8_000_000, 256  # numbers of a weight, that is not there twice; pixels of all photos together
WINOGRAD_CHANNELS, WINOGRAD_NUMBERS = 128, 2**17  # the numbers of one photo's picture
DOUBLED_NUMBERS = 2**16


def quicken(model: ModelMixin) -> None:
    """Have the convolutions of ``model`` work quickly, where they can; values, names and hooks stay as they are."""
    model.to(memory_format=torch.channels_last)
    for module in list(model.modules()):
        if _can_be_quick(module):
            module.__class__ = QuickConv2d
        elif isinstance(module, Upsample2D) and module.interpolate and module.norm is None:
            if _can_be_quick(getattr(module, "conv", None)):
                module.__class__ = QuickUpsample2D
        elif isinstance(module, nn.Sequential):
            _join_doubling(module)


def _join_doubling(layers: nn.Sequential) -> None:
    """In ``layers``, one that doubles the pixels and the convolution after it become one."""
    for index, (first, second) in enumerate(pairwise(list(layers))):
        if isinstance(first, nn.Upsample) and _doubles(first) and _can_be_quick(second):
            layers[index], second.__class__ = nn.Identity(), DoublingConv2d


def _doubles(upsample: nn.Upsample) -> bool:
    return upsample.mode == "nearest" and upsample.scale_factor == 2 and upsample.size is None


def _can_be_quick(module: nn.Module | None) -> bool:
    return (
        type(module) is nn.Conv2d
        and (module.kernel_size, module.stride, module.padding) == ((3, 3), (1, 1), (1, 1))
        and (module.dilation, module.groups, module.padding_mode) == ((1, 1), 1, "zeros")
        and min(module.in_channels, module.out_channels) >= LEAST_CHANNELS
    )


class QuickConv2d(nn.Conv2d):
    """A convolution of 3 x 3 with padding 1."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, O, H, W)."""
        photos, _, height, width = pixels.shape
        if pixels.dtype == torch.float32 and self.is_heavy and photos * height * width <= FEW_PIXELS:
            return windows.convolve(pixels, self.weight, self.bias)
        if pixels.dtype == torch.float32 and not self.is_heavy and self._is_large(height * width):
            return winograd.convolve(pixels, self._for_winograd, self.bias)
        return super().forward(pixels)

    def of_doubled(self, pixels: torch.Tensor) -> torch.Tensor:
        """The pixels doubled and convolved: (N, C, H, W) to (N, O, 2 H, 2 W)."""
        if not self.is_heavy and pixels[0].numel() >= DOUBLED_NUMBERS:
            return doubling.double_and_convolve(pixels, self._for_doubling, self.bias)
        return QuickConv2d.forward(self, F.interpolate(pixels, scale_factor=2.0, mode="nearest"))

    @property
    def is_heavy(self) -> bool:
        """Whether its weight takes so much memory that it shall be there once."""
        return self.weight.numel() >= HEAVY

    def _is_large(self, pixels: int) -> bool:
        channels = min(self.in_channels, self.out_channels)
        return channels >= WINOGRAD_CHANNELS and channels * pixels >= WINOGRAD_NUMBERS

    @cached_property
    def _for_winograd(self) -> winograd.Filters:
        with torch.inference_mode(False), torch.no_grad():
            return winograd.transformed(self.weight)

    @cached_property
    def _for_doubling(self) -> doubling.Filters:
        with torch.inference_mode(False), torch.no_grad():
            return doubling.halved(self.weight)

    def __getstate__(self) -> dict[str, Any]:
        """For a copy, which makes its filters of its own weight: that may be of another dtype."""
        return {name: value for name, value in vars(self).items() if name not in ("_for_winograd", "_for_doubling")}


class DoublingConv2d(QuickConv2d):
    """What a doubling of the pixels and a convolution were."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, O, 2 H, 2 W)."""
        return self.of_doubled(pixels)


class QuickUpsample2D(Upsample2D):  # type: ignore[misc]  # diffusers has no types
    """As diffusers' own, with a quick convolution."""

    def forward(self, hidden_states: torch.Tensor, output_size: tuple[int, int] | None = None) -> torch.Tensor:
        """(N, C, H, W) to (N, O, 2 H, 2 W), or to ``output_size``."""
        upsampled: torch.Tensor = (
            self.conv.of_doubled(hidden_states) if output_size is None else super().forward(hidden_states, output_size)
        )
        return upsampled
