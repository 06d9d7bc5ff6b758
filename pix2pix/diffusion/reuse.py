"""Steps that draw the fine parts anew and take the coarse ones from a step before.

Ma, Fang, Wang: *DeepCache: Accelerating Diffusion Models for Free* (arXiv:2312.00858): from step to step the deep
blocks of a UNet give nearly the same, and cost most of the time of a large one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from diffusers import UNet2DConditionModel
from torch import nn

FULL_EVERY = 3  # steps; measured with pocket: beyond it little is gained


class DeepFeatures:
    """What the blocks of ``unet`` below its finest level gave in the last full step."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        self._blocks: Sequence[nn.Module] = [*unet.down_blocks[1:], *unet.up_blocks[:-1]]
        if unet.mid_block is not None:
            self._blocks = [*self._blocks, unet.mid_block]
        self._kept: dict[nn.Module, Any] = {}

    @contextmanager
    def in_step(self, index: int) -> Iterator[None]:
        """While it is open, calls of the UNet are those of step ``index``, counted from 1: full ones, or short ones."""
        is_full = (index - 1) % FULL_EVERY == 0
        own = {block: vars(block).get("forward") for block in self._blocks}  # somebody else may have put one there
        try:
            for block in self._blocks:
                anew = partial(self._anew, block, block.forward)
                block.forward = anew if is_full else partial(self._again, block)
            yield
        finally:
            for block, forward in own.items():
                del block.forward
                if forward is not None:
                    block.forward = forward

    def _anew(self, block: nn.Module, forward: Any, *arguments: Any, **named: Any) -> Any:
        self._kept[block] = forward(*arguments, **named)
        return self._kept[block]

    def _again(self, block: nn.Module, *_: Any, **__: Any) -> Any:
        return self._kept[block]
