"""The convolutions of a model on a CPU, each by the sums that are quickest for its shape.

They give what torch's give but for rounding, of which torch's own ways differ by half as much from each other.
"""

import copy
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

import torch
import torch.nn.functional as F
from diffusers import ModelMixin
from diffusers.models.upsampling import Upsample2D
from torch import nn

from pix2pix.diffusion.speed import doubling, windows, winograd

# Measured on two cores, with pocket's shapes and with those of the real architecture.
LEAST_CHANNELS = 48  # with less there is little to gain
HEAVY, FEW_PIXELS = 8_000_000, 256  # numbers of a weight; pixels of all photos together
WINOGRAD_CHANNELS, WINOGRAD_NUMBERS = 128, 2**17  # the numbers of one photo's picture
DOUBLED_NUMBERS = 2**16

Model = TypeVar("Model", bound=ModelMixin)


class QuickConv2d(nn.Module):
    """A convolution of 3 x 3 with padding 1."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, O, H, W)."""
        photos, _, height, width = pixels.shape
        if pixels.dtype == torch.float32 and self.is_heavy and photos * height * width <= FEW_PIXELS:
            return windows.convolve(pixels, self.conv.weight, self.conv.bias)
        if pixels.dtype == torch.float32 and not self.is_heavy and self._is_large(height * width):
            return winograd.convolve(pixels, self._filters, self.conv.bias)
        convolved: torch.Tensor = self.conv(pixels)
        return convolved

    @property
    def is_heavy(self) -> bool:
        """Whether its weight takes so much memory that it shall be there once."""
        return self.conv.weight.numel() >= HEAVY

    def _is_large(self, pixels: int) -> bool:
        channels = min(self.conv.in_channels, self.conv.out_channels)
        return channels >= WINOGRAD_CHANNELS and channels * pixels >= WINOGRAD_NUMBERS

    @cached_property
    def _filters(self) -> winograd.Filters:
        with torch.inference_mode(False), torch.no_grad():
            return winograd.transformed(self.conv.weight)


class DoubledConv2d(nn.Module):
    """The pixels doubled, then a convolution of 3 x 3 with padding 1."""

    def __init__(self, quick: QuickConv2d) -> None:
        super().__init__()
        self.quick = quick

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, O, 2 H, 2 W)."""
        if not self.quick.is_heavy and pixels[0].numel() >= DOUBLED_NUMBERS:
            return doubling.double_and_convolve(pixels, self._filters, self.quick.conv.bias)
        convolved: torch.Tensor = self.quick(F.interpolate(pixels, scale_factor=2.0, mode="nearest"))
        return convolved

    @cached_property
    def _filters(self) -> doubling.Filters:
        with torch.inference_mode(False), torch.no_grad():
            return doubling.halved(self.quick.conv.weight)


class QuickUpsample2D(nn.Module):
    """As diffusers' own, that has a convolution."""

    def __init__(self, upsample: Upsample2D) -> None:
        super().__init__()
        self.upsample, self.doubled = upsample, DoubledConv2d(upsample.conv)

    def forward(self, hidden_states: torch.Tensor, output_size: tuple[int, int] | None = None) -> torch.Tensor:
        """(N, C, H, W) to (N, O, 2 H, 2 W), or to ``output_size``."""
        convolved: torch.Tensor = (
            self.doubled(hidden_states) if output_size is None else self.upsample(hidden_states, output_size)
        )
        return convolved


def quickened(model: Model, device: torch.device) -> Model:
    """A copy of ``model`` that convolves quickly, with the same weights; ``model`` itself if nothing can be gained.

    Args:
        device: where it works; other ones than CPUs have their own ways.
    """
    if device.type != "cpu" or not any(_can_be_quick(module) for module in model.modules()):
        return model
    copied = copy.deepcopy(model, {id(weight): weight for weight in model.parameters()})
    _quicken_children(copied)
    return copied


def _quicken_children(module: nn.Module) -> None:
    for name, child in module.named_children():
        _quicken_children(child)
        setattr(module, name, _quick(child))
    if isinstance(module, nn.Sequential):
        _join_doubling(module)


def _quick(module: nn.Module) -> nn.Module:
    """What stands in for ``module``, whose children are quick: mostly itself."""
    if isinstance(module, nn.Conv2d) and _can_be_quick(module):
        return QuickConv2d(module)
    if isinstance(module, Upsample2D) and module.interpolate and isinstance(getattr(module, "conv", None), QuickConv2d):
        return QuickUpsample2D(module)
    return module


def _join_doubling(layers: nn.Sequential) -> None:
    """In ``layers``, one that doubles the pixels and the convolution after it become one."""
    for index, (first, second) in enumerate(pairwise(list(layers))):
        if isinstance(first, nn.Upsample) and isinstance(second, QuickConv2d) and _doubles(first):
            layers[index], layers[index + 1] = nn.Identity(), DoubledConv2d(second)


def _doubles(upsample: nn.Upsample) -> bool:
    return upsample.mode == "nearest" and upsample.scale_factor == 2 and upsample.size is None


def _can_be_quick(module: nn.Module) -> bool:
    return (
        isinstance(module, nn.Conv2d)
        and (module.kernel_size, module.stride, module.padding) == ((3, 3), (1, 1), (1, 1))
        and (module.dilation, module.groups, module.padding_mode) == ((1, 1), 1, "zeros")
        and min(module.in_channels, module.out_channels) >= LEAST_CHANNELS
    )
