"""Measurements of a checkpoint that come out as one number each."""

import random
from collections.abc import Sequence
from statistics import fmean

import torch
from PIL import Image
from torch import Tensor

from pix2pix import Editor, EditRequest
from pix2pix.training.evaluation.measured.edits import EditFunction, edit_with, global_edits
from pix2pix.training.evaluation.requests import wordings_of_edits
from pix2pix.training.learning.export import make_pipeline
from pix2pix.training.learning.network.unet import make_unet
from pix2pix.training.pictures import psnr, to_tensor
from pix2pix.training.recipe import SMALL
from pix2pix.training.state import seeded


@torch.inference_mode()
def autoencoded(editor: Editor, picture: Tensor) -> Tensor:
    """What the autoencoder of ``editor`` makes of ``picture``, both (1, 3, H, W) in 0..1."""
    vae = editor.pipeline.vae
    latents = vae.encode((picture * 2 - 1).to(vae.device, vae.dtype)).latents
    drawn: Tensor = vae.decode(latents).sample
    return ((drawn.float().cpu() + 1) / 2).clamp(0, 1)


def autoencoder_psnr(editor: Editor, photos: Sequence[Image.Image]) -> float:
    """Mean dB between photos and what the autoencoder makes of them."""
    pictures = [to_tensor(photo) for photo in photos]
    return fmean(psnr(autoencoded(editor, picture), picture) for picture in pictures)


def colour_left_in_black_and_white(edit: EditFunction, photos: Sequence[Image.Image]) -> float:
    """Mean difference between the strongest and the weakest channel, in 0..255."""
    outcomes = torch.cat([edit(photo, "make it black and white") for photo in photos])
    return (outcomes.max(1).values - outcomes.min(1).values).mean().item() * 255


def seconds_of_an_edit(editor: Editor, photo: Image.Image) -> float:
    """The fastest of five edits at the checkpoint's defaults."""
    request = EditRequest("make it night", seed=0)
    return min(editor.edit(photo, request).seconds for _ in range(5))


def untrained_share(editor: Editor, photos: Sequence[Image.Image]) -> float:
    """The share of trained wordings that pass with an untrained UNet: it shows that the check can fail."""
    parts = editor.pipeline
    with seeded(0):
        unet = make_unet(SMALL.denoiser, SMALL.language, parts.vae).to(parts.device, parts.unet.dtype)
    untrained = Editor(make_pipeline(parts.vae, parts.text_encoder, parts.tokenizer, unet), editor.checkpoint)
    wordings = wordings_of_edits(1, random.Random(0), held_out=False)
    return fmean(sample.passed for sample in global_edits(edit_with(untrained), photos, wordings))
