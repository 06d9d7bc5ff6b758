"""The two conditions of an edit: the instruction as text embeddings, the photo as image latents. Both on the CPU."""

from dataclasses import dataclass, field

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_instruct_pix2pix import retrieve_latents
from PIL.Image import Image
from transformers import CLIPTokenizer

MARKS = 2  # the start mark and the end mark around every text


@dataclass(frozen=True, eq=False)
class Conditioning:
    """An instruction as the UNet reads it.

    Attributes:
        prompt_embeds: (1, tokens, width), the text encoder's dtype; 77 x 768 for the real checkpoint.
        negative_prompt_embeds: the same for the empty instruction.
        num_tokens: how many tokens the whole instruction has, start and end marks not counted.
        truncated: the end of the instruction that did not fit into the text encoder, or ``None``.
    """

    prompt_embeds: torch.Tensor = field(repr=False)
    negative_prompt_embeds: torch.Tensor = field(repr=False)
    num_tokens: int
    truncated: str | None


@torch.inference_mode()
def encode_instruction(pipeline: StableDiffusionInstructPix2PixPipeline, instruction: str) -> Conditioning:
    """Encode ``instruction``, and the empty instruction beside it, in one call of the text encoder."""
    tokenizer, room = pipeline.tokenizer, max_tokens(pipeline)
    tokens = tokenizer(
        [instruction, ""], padding="max_length", max_length=room + MARKS, truncation=True, return_tensors="pt"
    )
    embeds = pipeline.text_encoder(tokens.input_ids.to(pipeline._execution_device))[0].cpu()
    starts = _token_starts(tokenizer, instruction)
    truncated = instruction[starts[room] :] if len(starts) > room else None
    return Conditioning(embeds[:1], embeds[1:], len(starts), truncated)


def max_tokens(pipeline: StableDiffusionInstructPix2PixPipeline) -> int:
    """How many tokens of an instruction the text encoder reads, start and end marks not counted."""
    return int(min(pipeline.tokenizer.model_max_length, pipeline.text_encoder.config.max_position_embeddings)) - MARKS


def count_tokens(pipeline: StableDiffusionInstructPix2PixPipeline, instruction: str) -> int:
    """How many tokens ``instruction`` has, start and end marks not counted."""
    return len(_token_starts(pipeline.tokenizer, instruction))


def _token_starts(tokenizer: CLIPTokenizer, text: str) -> list[int]:
    """Where in ``text`` each of its tokens begins."""
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    return [start for start, _ in encoded.offset_mapping]


@torch.inference_mode()
def encode_photo(pipeline: StableDiffusionInstructPix2PixPipeline, image: Image) -> torch.Tensor:
    """The image condition: the mode of the VAE's posterior, **not** scaled, as InstructPix2Pix was trained.

    Args:
        image: RGB, sides multiples of the VAE's factor.

    Returns:
        (1, latent channels, height / factor, width / factor), the VAE's dtype.
    """
    pixels = pipeline.image_processor.preprocess(image)  # (1, 3, H, W) in -1..1
    pixels = pixels.to(pipeline._execution_device, pipeline.vae.dtype)
    latents: torch.Tensor = retrieve_latents(pipeline.vae.encode(pixels), sample_mode="argmax")
    return latents.cpu()


def grid(pipeline: StableDiffusionInstructPix2PixPipeline) -> int:
    """What both sides of a canvas must be multiples of, in pixels: the VAE's factor times the UNet's downsampling."""
    return int(pipeline.vae_scale_factor * 2 ** (len(pipeline.unet.config.block_out_channels) - 1))
