"""The other sides: diffusers' own pipeline with the settings of a request, as it comes and tuned in a few lines."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from PIL import Image

from pix2pix import Editor, EditRequest, Photo
from pix2pix.diffusion.checkpoints import POCKET
from pix2pix.photo import to_canvas


def stock_pocket() -> StableDiffusionInstructPix2PixPipeline:
    """Pocket as a script of ten lines would load it."""
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(POCKET.source, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def tuned(pipeline: StableDiffusionInstructPix2PixPipeline) -> StableDiffusionInstructPix2PixPipeline:
    """A copy with what a knowledgeable person adds: ``channels_last`` and fused projections, compiled where on CUDA."""
    parts = {name: copy.deepcopy(part) if name == "unet" else part for name, part in pipeline.components.items()}
    faster = StableDiffusionInstructPix2PixPipeline(**parts, requires_safety_checker=False)
    faster.set_progress_bar_config(disable=True)
    faster.unet.to(memory_format=torch.channels_last)
    faster.unet.fuse_qkv_projections()
    if faster._execution_device.type == "cuda":
        faster.unet = torch.compile(faster.unet, mode="reduce-overhead", fullgraph=True)
    return faster


def canvas_of(photo: Photo, editor: Editor, resolution: int | None = None) -> Image.Image:
    """``photo`` at the size that ``editor`` draws, so that all sides compute the same."""
    resolution = resolution or editor.checkpoint.defaults.resolution
    assert resolution is not None, "every loaded checkpoint has one"
    return to_canvas(photo, resolution, editor.grid).image


def edit_one(
    pipeline: StableDiffusionInstructPix2PixPipeline, canvas: Image.Image, request: EditRequest
) -> Image.Image:
    """One call for one picture; ``request`` has no setting left open."""
    (picture,) = edit_together(pipeline, [canvas], request)
    return picture


def edit_together(
    pipeline: StableDiffusionInstructPix2PixPipeline, canvases: Sequence[Image.Image], request: EditRequest
) -> list[Image.Image]:
    """One call for all ``canvases``, which have one size."""
    pictures: list[Image.Image] = pipeline(
        [request.instruction] * len(canvases),
        image=list(canvases),
        generator=[_generator(request) for _ in canvases],
        **_settings(request),
    ).images
    return pictures


def _generator(request: EditRequest) -> torch.Generator:
    assert request.seed is not None, "a resolved request has one"
    return torch.Generator().manual_seed(request.seed)


def _settings(request: EditRequest) -> dict[str, Any]:
    return {
        "num_inference_steps": request.num_inference_steps,
        "guidance_scale": request.guidance_scale,
        "image_guidance_scale": request.image_guidance_scale,
    }
