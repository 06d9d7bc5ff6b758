"""Photos through the model together: the one path of every edit. A single edit is a batch of one."""

import hashlib
import time
from collections.abc import Generator, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from PIL.Image import Image

from pix2pix.diffusion.checkpoints import Checkpoint
from pix2pix.diffusion.conditioning import Conditioning, encode_instruction, encode_photo
from pix2pix.diffusion.denoising import Denoised, Guidance, denoise
from pix2pix.diffusion.drawing import draw
from pix2pix.diffusion.preview import Preview, fit_preview
from pix2pix.editing.job import Drawing, Job
from pix2pix.errors import EditError, EditFailed, Filtered
from pix2pix.events import Result, Step
from pix2pix.photo import Canvas
from pix2pix.session import EditSession

if TYPE_CHECKING:
    from diffusers import StableDiffusionInstructPix2PixPipeline


@dataclass(frozen=True, eq=False)
class BatchEditor:
    """Edits batches with one pipeline, one batch at a time; who shares it between threads must keep them apart."""

    pipeline: "StableDiffusionInstructPix2PixPipeline"
    checkpoint: Checkpoint

    def edit(
        self, jobs: Sequence[Job], session: EditSession
    ) -> Generator[Sequence[Step], None, Sequence[Drawing | EditError]]:
        """Edit ``jobs``, all of one kind: yields a step for each after every denoising step.

        Returns:
            For each job what the model drew, or why it drew nothing.
        """
        started = time.perf_counter()
        conditionings = [self._conditioning(job.request.instruction, session) for job in jobs]
        image_latents = [self._image_latents(job.canvas, session) for job in jobs]
        for denoised in self._denoise(jobs, conditionings, image_latents):
            seen = zip(denoised.predicted_x0, jobs, strict=True)
            draws = [partial(self._preview_of, predicted_x0, job.canvas) for predicted_x0, job in seen]
            yield [Step(denoised.index, denoised.total, draw) for draw in draws]
        pictures = self._draw(denoised.latents)
        seconds = (time.perf_counter() - started) / len(jobs)
        drawings = [
            picture if isinstance(picture, EditError) else Drawing(picture, seconds, conditioning.truncated)
            for picture, conditioning in zip(pictures, conditionings, strict=True)
        ]
        for job, drawing in zip(jobs, drawings, strict=True):
            if isinstance(drawing, Drawing):
                session.drawings.keep(self._key(job), drawing)
        return drawings

    def results(self, jobs: Sequence[Job], drawings: Sequence[Drawing | EditError]) -> list[Result | EditError]:
        """What was drawn, at the size of the photos; needs no model, so the next batch may begin meanwhile."""

        def result(job: Job, drawing: Drawing | EditError) -> Result | EditError:
            return drawing if isinstance(drawing, EditError) else self._result(job, drawing)

        with ThreadPoolExecutor() as pool:  # large photos take longer to scale than a GPU takes to draw
            return list(pool.map(result, jobs, drawings))

    def known(self, job: Job, session: EditSession) -> Result | None:
        """The result of ``job`` if ``session`` remembers what the model drew for it."""
        drawing = session.drawings.get(self._key(job))
        return None if drawing is None else self._result(job, drawing)

    def _result(self, job: Job, drawing: Drawing) -> Result:
        return job.result(drawing, self.checkpoint.name, self.checkpoint.revision)

    @cached_property
    def _identity(self) -> Hashable:
        """What a cached condition depends on besides the text or the photo."""
        folder = Path(self.checkpoint.source)
        written = (folder / "model_index.json").stat().st_mtime_ns if self.checkpoint.is_folder else None
        return self.checkpoint.source, self.checkpoint.revision, written, str(self.pipeline.dtype)

    def _photo_key(self, canvas: Canvas) -> Hashable:
        pixels = hashlib.blake2b(canvas.image.tobytes(), digest_size=16).digest()
        return self._identity, canvas.image.size, pixels

    def _key(self, job: Job) -> Hashable:
        """What a drawing depends on; the photo's own detail comes to it later."""
        return self._photo_key(job.canvas), replace(job.request, detail=True)

    def _conditioning(self, instruction: str, session: EditSession) -> Conditioning:
        key = (self._identity, instruction)
        return session.conditionings.get_or_make(key, lambda: encode_instruction(self.pipeline, instruction))

    def _image_latents(self, canvas: Canvas, session: EditSession) -> torch.Tensor:
        """Encoded one by one, so that what a session keeps of a photo never depends on the photos beside it."""
        key = self._photo_key(canvas)
        return session.image_latents.get_or_make(key, lambda: encode_photo(self.pipeline, canvas.image))

    def _denoise(
        self, jobs: Sequence[Job], conditionings: Sequence[Conditioning], image_latents: list[torch.Tensor]
    ) -> Iterator[Denoised]:
        device, dtype = self.pipeline._execution_device, self.pipeline.unet.dtype
        request = jobs[0].request  # the others have its steps and its guidance, or they would be of another kind
        return denoise(
            self.pipeline.unet,
            self.pipeline.scheduler,
            torch.cat([conditioning.prompt_embeds for conditioning in conditionings]).to(device, dtype),
            torch.cat([conditioning.negative_prompt_embeds for conditioning in conditionings]).to(device, dtype),
            torch.cat(image_latents).to(device, dtype),
            Guidance(text=request.guidance_scale, image=request.image_guidance_scale),
            request.num_inference_steps,
            [torch.Generator().manual_seed(job.request.seed) for job in jobs],
        )

    @cached_property
    def _preview(self) -> Preview:
        return fit_preview(self.pipeline)

    def _preview_of(self, predicted_x0: torch.Tensor, canvas: Canvas) -> Image:
        factor = self.pipeline.vae_scale_factor
        left, top, right, bottom = canvas.box
        box = left // factor, top // factor, -(-right // factor), -(-bottom // factor)
        return self._preview.to_rgb(predicted_x0).crop(box)

    def _draw(self, latents: torch.Tensor) -> list[Image | EditError]:
        """The picture of each of ``latents``, (N, C, H, W), or why there is none."""
        lost = ~latents.isfinite().flatten(1).all(dim=1)
        pictures = draw(self.pipeline, latents.nan_to_num(0, 0, 0))
        return [_checked(picture, bad) for picture, bad in zip(pictures, lost.tolist(), strict=True)]


def _checked(picture: Image | None, lost: bool) -> Image | EditError:
    if lost:
        return EditFailed("The model lost its way in this edit; try another seed or a lower text guidance.")
    if picture is None:
        return Filtered("The safety checker withheld this result; try another seed or another instruction.")
    return picture
