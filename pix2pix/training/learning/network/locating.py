"""Teaching the UNet where in the picture a pixel lies, by layers that are not shipped.

A convolution can learn the position from the padding at the borders (Islam, Jia and Bruce, "How much position
information do convolutional neural networks encode?", ICLR 2020), but does so slowly where few samples ask for a place.
So linear layers read the position from the features on the way up, and their error teaches it from the first step on.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from pix2pix.training.targets.places import coordinates


class Locator(nn.Module):
    """Reads the position from the features of the UNet's bottom and of every block on the way up but the last."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        channels = [widths[-1], *widths[:0:-1]]
        self.readers = nn.ModuleList(nn.Conv2d(count, 2, 1) for count in channels)

    @contextmanager
    def listening(self, unet: UNet2DConditionModel) -> Iterator[list[Tensor]]:
        """Within the context, collect the features (N, C, h, w) that ``unet`` computes in each of those blocks."""
        features: list[Tensor] = []
        blocks = [unet.mid_block, *unet.up_blocks[:-1]]
        hooks = [block.register_forward_hook(lambda _, __, output: features.append(output)) for block in blocks]
        try:
            yield features
        finally:
            for hook in hooks:
                hook.remove()

    def loss(self, features: list[Tensor]) -> Tensor:
        """The mean squared error of the positions read, each coordinate in -1..1."""
        losses = []
        for read, seen in zip(self.readers, features, strict=True):
            y, x = (2 * place - 1 for place in coordinates(seen.float()))
            wanted = torch.cat([part.expand(len(seen), 1, *seen.shape[2:]) for part in (y, x)], 1)
            losses.append(nn.functional.mse_loss(read(seen.float()), wanted))
        return torch.stack(losses).mean()
