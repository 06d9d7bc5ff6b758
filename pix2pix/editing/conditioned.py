"""A job with all that the UNet is told of it: words, photo, and where it may act; each worked out once a session."""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from PIL.Image import Image

from pix2pix.diffusion.attention import WordMap, listening, word_maps
from pix2pix.diffusion.checkpoints import LORA_WEIGHTS, Checkpoint
from pix2pix.diffusion.conditioning import Conditioning, encode_instruction, encode_photo
from pix2pix.diffusion.relevance import Relevance, relevance
from pix2pix.editing.job import Job
from pix2pix.errors import EditFailed
from pix2pix.photo import Canvas
from pix2pix.photo.area import cells_of
from pix2pix.request import AUTOMATIC, EVERYWHERE
from pix2pix.session import EditSession


@dataclass(frozen=True, eq=False)
class Conditioned:
    """A job, ready for the UNet.

    Attributes:
        conditioning: its words.
        image_latents: (1, C, H, W), its photo, unscaled, on the CPU.
        found: (H, W) bool, the latents where the instruction acts; ``None`` where nobody asked for them, or for all.
        allowed: (H, W) bool, the latents that may change: found, and touched by the job's mask; ``None`` for all.
    """

    job: Job
    conditioning: Conditioning
    image_latents: torch.Tensor = field(repr=False)
    found: np.ndarray | None = field(repr=False)
    allowed: np.ndarray | None = field(repr=False)


@dataclass(frozen=True, eq=False)
class Seen:
    """What one call of the UNet tells of an instruction on a photo: where it acts, and what its words look at."""

    relevance: Relevance
    words: tuple[WordMap, ...] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Conditioner:
    """Works out what one pipeline's UNet is told; what a session knows already is not worked out again."""

    pipeline: StableDiffusionInstructPix2PixPipeline
    checkpoint: Checkpoint

    def conditioned(self, job: Job, session: EditSession) -> Conditioned:
        """``job`` with its conditions; one by one, so that what is kept never depends on the photos beside it."""
        conditioning: Conditioning = session.conditionings.get_or_make(
            self._words_key(job), lambda: encode_instruction(self.pipeline, job.request.instruction)
        )
        latents: torch.Tensor = session.image_latents.get_or_make(
            self.photo_key(job.canvas), lambda: encode_photo(self.pipeline, job.canvas.image)
        )
        found = None
        if job.request.area == AUTOMATIC:
            found = self._seen(job, conditioning, latents, session).relevance.cells(job.request.area_threshold)
        return Conditioned(job, conditioning, latents, found, self._allowed(job, found))

    def seen(self, job: Job, session: EditSession) -> Seen:
        """What the UNet sees in the words and the photo of ``job``."""
        everywhere = replace(job, request=replace(job.request, area=EVERYWHERE))
        one = self.conditioned(everywhere, session)
        return self._seen(job, one.conditioning, one.image_latents, session)

    def photo_key(self, canvas: Canvas) -> Hashable:
        """What a session knows a photo by."""
        return self._identity, canvas.image.size, _digest(canvas.image)

    def key(self, job: Job) -> Hashable:
        """What a drawing depends on; the photo's own detail comes to it later."""
        mask = job.mask and _digest(job.mask)
        return self.photo_key(job.canvas), replace(job.request, detail=True), mask

    def _words_key(self, job: Job) -> Hashable:
        return self._identity, job.request.instruction

    @cached_property
    def _identity(self) -> Hashable:
        """What a cached condition depends on besides the text or the photo."""
        checkpoint, lora = self.checkpoint, self.checkpoint.lora
        files = [Path(checkpoint.source) / "model_index.json"] if checkpoint.is_folder else []
        files += [Path(lora.source) / LORA_WEIGHTS] if lora and lora.is_folder else []
        written = tuple(file.stat().st_mtime_ns for file in files)
        return checkpoint.source, checkpoint.revision, lora, written, str(self.pipeline.dtype)

    def _seen(self, job: Job, conditioning: Conditioning, image_latents: torch.Tensor, session: EditSession) -> Seen:
        def see() -> Seen:
            try:
                with listening(self.pipeline.unet) as attention:
                    found = self._relevance(conditioning, image_latents)
                size, tokenizer = found.map.shape, self.pipeline.tokenizer
                words = word_maps(attention, tokenizer, job.request.instruction, size) if attention.is_telling else ()
            except EditFailed:  # a UNet that cannot be listened to
                return Seen(self._relevance(conditioning, image_latents), ())
            return Seen(found, words)

        seen: Seen = session.relevances.get_or_make((self._words_key(job), self.photo_key(job.canvas)), see)
        return seen

    def _relevance(self, conditioning: Conditioning, image_latents: torch.Tensor) -> Relevance:
        device, dtype = self.pipeline._execution_device, self.pipeline.unet.dtype
        return relevance(
            self.pipeline.unet,
            self.pipeline.scheduler,
            conditioning.prompt_embeds.to(device, dtype),
            conditioning.negative_prompt_embeds.to(device, dtype),
            image_latents.to(device, dtype),
            self.pipeline.vae.config.scaling_factor,
        )

    def _allowed(self, job: Job, found: np.ndarray | None) -> np.ndarray | None:
        if job.mask is None:
            return found
        painted = cells_of(job.mask, job.canvas, self.pipeline.vae_scale_factor)
        return painted if found is None else painted & found


def _digest(image: Image) -> bytes:
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest()
