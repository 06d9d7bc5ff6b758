"""Finished latents become pictures, through the VAE's decoder and the checkpoint's safety checker."""

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from PIL.Image import Image


@torch.inference_mode()
def draw(pipeline: StableDiffusionInstructPix2PixPipeline, latents: torch.Tensor) -> list[Image | None]:
    """Decode scaled ``latents``, (N, C, H, W), to N pictures, RGB; ``None`` for one the safety checker withholds."""
    pixels = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor, return_dict=False)[0]
    pixels, flagged = pipeline.run_safety_checker(pixels, pixels.device, pixels.dtype)
    pictures = pipeline.image_processor.postprocess(pixels, output_type="pil")
    return [None if bad else picture for picture, bad in zip(pictures, flagged or [False] * len(pictures), strict=True)]
