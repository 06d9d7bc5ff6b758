"""A trained checkpoint in diffusers layout: fp16 safetensors."""

from pathlib import Path

import torch
from diffusers import AutoencoderTiny, StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from pix2pix.request import Defaults
from pix2pix.training.learning.network.noise import make_scheduler

DEFAULTS = Defaults(
    num_inference_steps=8, guidance_scale=1.0, image_guidance_scale=1.0, resolution=256
)  # measured: docs/POCKET.md


def make_pipeline(
    vae: AutoencoderTiny, text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer, unet: UNet2DConditionModel
) -> StableDiffusionInstructPix2PixPipeline:
    """The parts as diffusers' pipeline, with pocket's scheduler and without a safety checker."""
    return StableDiffusionInstructPix2PixPipeline(
        vae=vae.eval(),
        text_encoder=text_encoder.eval(),
        tokenizer=tokenizer,
        unet=unet.eval(),
        scheduler=make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def write_checkpoint(pipeline: StableDiffusionInstructPix2PixPipeline, folder: Path) -> None:
    """Write ``pipeline`` to ``folder`` in fp16; the pipeline is fp16 afterwards."""
    pipeline.to(torch.float16).save_pretrained(folder, safe_serialization=True)


def size_in_megabytes(folder: Path) -> float:
    """The size of all files in ``folder``, in millions of bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
