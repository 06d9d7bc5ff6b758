"""The networks that draw, exactly or fast."""

from dataclasses import dataclass, field

from diffusers import ModelMixin, StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel

from pix2pix.diffusion.denoising import Steps
from pix2pix.diffusion.speed.graphs import Graphs, at_once
from pix2pix.diffusion.speed.precision import in_dtype, quickest_dtype
from pix2pix.diffusion.speed.reuse import has_deep_blocks
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
    """Those of ``pipeline`` as they were loaded."""
    return Models(pipeline.unet, pipeline.vae, graphs=graphs)


def fast_models(pipeline: StableDiffusionInstructPix2PixPipeline, graphs: Graphs | None = None) -> Models:
    """Those that draw nearly the same sooner: in half precision where that is quicker, and with shared steps."""
    device = pipeline._execution_device
    unet, vae = (in_dtype(model, quickest_dtype(device, model.dtype)) for model in (pipeline.unet, pipeline.vae))
    return Models(unet, vae, shares_steps=has_deep_blocks(pipeline.unet), graphs=graphs)
