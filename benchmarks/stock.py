"""The other side: diffusers' own pipeline, called with the settings of a request."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from pix2pix import Editor, EditRequest, Photo
from pix2pix.photo import to_canvas


def canvas_of(photo: Photo, editor: Editor) -> Image.Image:
    """``photo`` at the size that ``editor`` draws, so that both sides compute the same."""
    resolution = editor.checkpoint.defaults.resolution
    assert resolution is not None, "every loaded checkpoint has one"
    return to_canvas(photo, resolution, editor.grid).image


def edit_one(editor: Editor, canvas: Image.Image, request: EditRequest, instruction: str | None = None) -> None:
    """One call for one picture; ``request`` has no setting left open."""
    editor.pipeline(
        instruction or request.instruction, image=canvas, generator=_generator(request), **_settings(request)
    )


def edit_together(editor: Editor, canvases: Sequence[Image.Image], request: EditRequest) -> None:
    """One call for all ``canvases``, which have one size."""
    editor.pipeline(
        [request.instruction] * len(canvases),
        image=list(canvases),
        generator=[_generator(request) for _ in canvases],
        **_settings(request),
    )


def _generator(request: EditRequest) -> torch.Generator:
    assert request.seed is not None, "a resolved request has one"
    return torch.Generator().manual_seed(request.seed)


def _settings(request: EditRequest) -> dict[str, Any]:
    return {
        "num_inference_steps": request.num_inference_steps,
        "guidance_scale": request.guidance_scale,
        "image_guidance_scale": request.image_guidance_scale,
    }
