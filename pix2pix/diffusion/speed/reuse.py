"""Steps that draw the fine parts anew and take the coarse ones from a step before.

Ma, Fang, Wang: *DeepCache: Accelerating Diffusion Models for Free* (arXiv:2312.00858): from step to step the deep
blocks of a UNet give nearly the same, and cost most of the time of a large one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import nn

FULL_EVERY = 3  # steps; measured with pocket: beyond it little is gained


def full(
    unet: UNet2DConditionModel, sample: torch.Tensor, timestep: torch.Tensor, embeds: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The prediction as ever, and what the blocks below the finest level gave in the end."""
    last, given = _deep_blocks(unet)[-1], list[torch.Tensor]()
    with _instead({last: partial(_noted, last.forward, given)}):
        (noise,) = unet(sample, timestep, encoder_hidden_states=embeds, return_dict=False)
    return noise, given[0]


def short(
    unet: UNet2DConditionModel,
    sample: torch.Tensor,
    timestep: torch.Tensor,
    embeds: torch.Tensor,
    deep: torch.Tensor,
) -> tuple[torch.Tensor]:
    """The prediction with what the deep blocks gave in the last full step."""
    *before, last = _deep_blocks(unet)
    forwards: dict[nn.Module, Callable[..., Any]] = {block: partial(_passed_on, block) for block in before}
    with _instead({**forwards, last: lambda *_, **__: deep}):
        (noise,) = unet(sample, timestep, encoder_hidden_states=embeds, return_dict=False)
    return (noise,)


def has_deep_blocks(unet: UNet2DConditionModel) -> bool:
    """Whether there is something that a short step can leave out."""
    return len(_deep_blocks(unet)) > 0


def _deep_blocks(unet: UNet2DConditionModel) -> Sequence[nn.Module]:
    """Those below the finest level, in the order of their work."""
    middle = [] if unet.mid_block is None else [unet.mid_block]
    return [*unet.down_blocks[1:], *middle, *unet.up_blocks[:-1]]


def _noted(forward: Callable[..., torch.Tensor], given: list[torch.Tensor], *arguments: Any, **named: Any) -> Any:
    """What ``forward`` gives, which is added to ``given``."""
    given.append(forward(*arguments, **named))
    return given[-1]


def _passed_on(block: Any, *arguments: Any, **named: Any) -> Any:
    """What comes in, as often as ``block`` would give something: nobody looks at it."""
    seen = arguments[0] if arguments else named["hidden_states"]
    if not hasattr(block, "downsamplers"):
        return seen
    return seen, (seen,) * (len(block.resnets) + len(block.downsamplers or ()))


@contextmanager
def _instead(forwards: Mapping[nn.Module, Callable[..., Any]]) -> Iterator[None]:
    """While it is open, blocks work by ``forwards``."""
    own = {block: vars(block).get("forward") for block in forwards}  # somebody else may have put one there
    try:
        for block, forward in forwards.items():
            block.forward = forward
        yield
    finally:
        for block, theirs in own.items():
            del block.forward
            if theirs is not None:
                block.forward = theirs
