"""The networks that draw, exactly or fast."""

from dataclasses import dataclass, field, replace

import torch
from diffusers import ModelMixin, StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel

from pix2pix.diffusion.denoising import Steps
from pix2pix.diffusion.speed.convolutions import quickened
from pix2pix.diffusion.speed.graphs import Graphs, at_once
from pix2pix.diffusion.speed.precision import in_dtype, quickest_dtype
from pix2pix.diffusion.speed.steps import SharedSteps, WholeSteps


@dataclass(frozen=True, eq=False)
class Models:
    """What predicts the noise, what decodes, and how.

    Attributes:
        shares_steps: whether neighbouring steps may share.
        graphs: what records the steps, on a GPU.
    """

    unet: UNet2DConditionModel = field(repr=False)
    vae: ModelMixin = field(repr=False)
    shares_steps: bool = False
    graphs: Graphs | None = field(default=None, repr=False)

    def steps(self) -> Steps:
        """What predicts the noise in the steps of one edit."""
        run = at_once if self.graphs is None else self.graphs.run
        if self.shares_steps:
            return SharedSteps(self.unet, run)
        return self.unet if self.graphs is None else WholeSteps(self.unet, run)


def exact_models(pipeline: StableDiffusionInstructPix2PixPipeline, graphs: Graphs | None = None) -> Models:
    """Those of ``pipeline`` in their own precision."""
    device = pipeline._execution_device  # where the models are may be another one: some wait elsewhere for their turn
    return Models(quickened(pipeline.unet, device), quickened(pipeline.vae, device), graphs=graphs)


def fast_models(pipeline: StableDiffusionInstructPix2PixPipeline, exact: Models) -> Models:
    """Those that draw nearly what ``exact`` ones draw, sooner: half precision, if that is quicker, and shared steps."""
    device = pipeline._execution_device
    unet, vae = _fast(pipeline.unet, exact.unet, device), _fast(pipeline.vae, exact.vae, device)
    return replace(exact, unet=unet, vae=vae, shares_steps=True)


def _fast(model: ModelMixin, exact: ModelMixin, device: torch.device) -> ModelMixin:
    converted = in_dtype(model, quickest_dtype(device, model.dtype))
    return exact if converted is model else quickened(converted, device)
