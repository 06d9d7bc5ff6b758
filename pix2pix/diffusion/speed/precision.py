"""Half precision on a CPU: whether it is quicker there, and models in it.

Some CPUs multiply bfloat16 twice as quickly as float32 (AVX-512 BF16, AMX); on others it is many times slower. No name
of a CPU tells, so a small convolution is timed.
"""

import copy
import time
from functools import cache
from typing import TypeVar

import torch
import torch.nn.functional as F
from diffusers import ModelMixin
from torch import nn

CHANNELS, SIDE = 128, 32  # as a UNet has them
TRIES = 5
WORTHWHILE = 0.8

Model = TypeVar("Model", bound=ModelMixin)


def quickest_dtype(device: torch.device, dtype: torch.dtype) -> torch.dtype:
    """What models of ``dtype`` are quickest in on ``device``: bfloat16 on some CPUs, elsewhere as they are."""
    return torch.bfloat16 if device.type == "cpu" and dtype == torch.float32 and _is_bfloat16_quicker() else dtype


def in_dtype(model: Model, dtype: torch.dtype) -> Model:
    """A copy of ``model`` in ``dtype``; ``model`` itself if it is in that already."""
    if model.dtype == dtype:
        return model
    converted = {
        id(weight): nn.Parameter(weight.detach().to(dtype), requires_grad=False) for weight in model.parameters()
    }
    return copy.deepcopy(model, converted)  # finds them there, and copies no weight as it was


@cache
def _is_bfloat16_quicker() -> bool:
    return _seconds(torch.bfloat16) < WORTHWHILE * _seconds(torch.float32)


@torch.inference_mode()
def _seconds(dtype: torch.dtype) -> float:
    """The least time that one convolution took."""
    layout = torch.channels_last
    pixels = torch.ones(1, CHANNELS, SIDE, SIDE, dtype=dtype).contiguous(memory_format=layout)
    weight = torch.ones(CHANNELS, CHANNELS, 3, 3, dtype=dtype).contiguous(memory_format=layout)
    taken = []
    for _ in range(TRIES):
        started = time.perf_counter()
        F.conv2d(pixels, weight, padding=1)
        taken.append(time.perf_counter() - started)
    return min(taken)
