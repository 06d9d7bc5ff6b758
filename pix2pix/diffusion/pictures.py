"""Latents become pictures: finished ones through the VAE's decoder, previews by a linear map.

Latents of a Stable Diffusion VAE, and of pocket's, are nearly linear in the mean colour of the pixels they stand for.
So one matrix, fitted to the checkpoint's own encoder, draws a small picture, cheaply enough for every step.
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from diffusers import ModelMixin, StableDiffusionInstructPix2PixPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_instruct_pix2pix import retrieve_latents
from PIL import Image

from pix2pix.errors import EditFailed

CALIBRATION_PICTURES = 8
CALIBRATION_LATENTS = 16  # side of a calibration picture, in latents
NO_VERDICT = "The safety checker gave no verdict on this result, so it is withheld; please try again."


@torch.inference_mode()
def draw(
    pipeline: StableDiffusionInstructPix2PixPipeline, latents: torch.Tensor, vae: ModelMixin | None = None
) -> list[Image.Image | None]:
    """Decode scaled ``latents``, (N, C, H, W), to N pictures, RGB; ``None`` for one the safety checker withholds.

    Args:
        vae: a copy of the pipeline's own in another precision; without it the pipeline's own decodes.

    Raises:
        EditFailed: there is a safety checker, and it did not say which of them may be shown.
    """
    pixels = _decoded(vae or pipeline.vae, latents / pipeline.vae.config.scaling_factor)
    pixels, flagged = pipeline.run_safety_checker(pixels, pixels.device, pixels.dtype)
    if pipeline.safety_checker is not None and len(flagged or []) != len(pixels):
        raise EditFailed(NO_VERDICT)  # no answer is no permission
    pictures = pipeline.image_processor.postprocess(pixels, output_type="pil")
    return [None if bad else picture for picture, bad in zip(pictures, flagged or [False] * len(pictures), strict=True)]


@torch.inference_mode()
def redraw(
    pipeline: StableDiffusionInstructPix2PixPipeline, image_latents: torch.Tensor, vae: ModelMixin | None = None
) -> list[Image.Image]:
    """The autoencoder's own copies of N photos, RGB, from their ``image_latents``, (N, C, H, W), **not** scaled.

    ``vae`` is as in ``draw``.
    """
    pixels = _decoded(vae or pipeline.vae, image_latents.to(pipeline._execution_device))
    pictures: list[Image.Image] = pipeline.image_processor.postprocess(pixels, output_type="pil")
    return pictures


def _decoded(vae: ModelMixin, latents: torch.Tensor) -> torch.Tensor:
    """Pixels, (N, 3, H, W) in -1..1, of unscaled ``latents``."""
    pixels: torch.Tensor = vae.decode(latents.to(vae.dtype), return_dict=False)[0]
    return pixels.float() if pixels.dtype == torch.bfloat16 else pixels  # numpy does not know it


@dataclass(frozen=True, eq=False)
class Preview:
    """RGB = latents · ``weight`` + ``bias``; weight (C, 3), bias (3,), float32, RGB in 0..1."""

    weight: torch.Tensor = field(repr=False)
    bias: torch.Tensor = field(repr=False)

    def to_rgb(self, latents: torch.Tensor) -> Image.Image:
        """One photo's scaled ``latents``, (C, H, W), as an RGB picture of W x H pixels."""
        pixels = latents.float().permute(1, 2, 0) @ self.weight.to(latents.device) + self.bias.to(latents.device)
        return Image.fromarray((pixels.nan_to_num().clamp(0, 1) * 255).round().byte().cpu().numpy())


@torch.inference_mode()
def fit_preview(pipeline: StableDiffusionInstructPix2PixPipeline) -> Preview:
    """Fit the map to ``pipeline``'s VAE by least squares on generated colour fields."""
    pictures = _colour_fields(CALIBRATION_LATENTS * pipeline.vae_scale_factor)
    encoded = pipeline.vae.encode((pictures * 2 - 1).to(pipeline._execution_device, pipeline.vae.dtype))
    latents = retrieve_latents(encoded, sample_mode="argmax").float().cpu() * pipeline.vae.config.scaling_factor
    colours = F.avg_pool2d(pictures, pipeline.vae_scale_factor)
    x = latents.permute(0, 2, 3, 1).flatten(0, 2)
    x = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    solution = torch.linalg.lstsq(x, colours.permute(0, 2, 3, 1).flatten(0, 2), driver="gelsd").solution
    return Preview(solution[:-1], solution[-1])


def _colour_fields(side: int) -> torch.Tensor:
    """(pictures, 3, side, side) in 0..1: smooth and less smooth fields of random colours, always the same ones.

    The finest are finer than a latent: from them the map learns not to take detail for colour.
    """
    generator = torch.Generator().manual_seed(0)
    fields = torch.zeros(CALIBRATION_PICTURES, 3, side, side)
    for cells in (2, 4, 16, 64):
        noise = torch.randn(CALIBRATION_PICTURES, 3, cells, cells, generator=generator)
        fields += F.interpolate(noise, size=(side, side), mode="bicubic") / 2
    return fields.sigmoid()
