"""The networks that draw, exactly or fast."""

from dataclasses import dataclass, field

from diffusers import ModelMixin, StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel

from pix2pix.diffusion.precision import in_dtype, quickest_dtype
from pix2pix.diffusion.reuse import DeepFeatures


@dataclass(frozen=True, eq=False)
class Models:
    """What predicts the noise, what decodes, and whether neighbouring steps may share."""

    unet: UNet2DConditionModel = field(repr=False)
    vae: ModelMixin = field(repr=False)
    shares_steps: bool = False

    def deep_features(self) -> DeepFeatures | None:
        """For one edit: what its steps share; ``None`` where each is computed in full."""
        return DeepFeatures(self.unet) if self.shares_steps else None


def exact_models(pipeline: StableDiffusionInstructPix2PixPipeline) -> Models:
    """Those of ``pipeline`` as they were loaded."""
    return Models(pipeline.unet, pipeline.vae)


def fast_models(pipeline: StableDiffusionInstructPix2PixPipeline) -> Models:
    """Those that draw nearly the same sooner: in half precision where that is quicker, and with shared steps."""
    device = pipeline._execution_device
    unet, vae = (in_dtype(model, quickest_dtype(device, model.dtype)) for model in (pipeline.unet, pipeline.vae))
    return Models(unet, vae, shares_steps=True)
