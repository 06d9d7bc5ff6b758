"""Photos through the model together: the one path of every edit. A single edit is a batch of one."""

import hashlib
import time
from collections.abc import Generator, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import repeat
from pathlib import Path

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from PIL.Image import Image
from PIL.Image import new as new_image

from pix2pix.diffusion.checkpoints import Checkpoint
from pix2pix.diffusion.conditioning import Conditioning, encode_instruction, encode_photo
from pix2pix.diffusion.denoising import Denoised, Guidance, denoise
from pix2pix.diffusion.pictures import Preview, draw, fit_preview, redraw
from pix2pix.editing.job import Drawing, Job, settled
from pix2pix.errors import EditError, EditFailed, Filtered
from pix2pix.events import Result, Step
from pix2pix.photo import Canvas
from pix2pix.photo.comparison import change
from pix2pix.session import EditSession

GREY = (128, 128, 128)  # the preview of a picture that is withheld
FAR = 4.0  # change from the canvas; a photo left alone is only as far from it as its copy, with pocket up to 2


@dataclass(frozen=True, eq=False)
class BatchEditor:
    """Edits batches with one pipeline. Only one batch may run at a time; the ``Editor`` sees to that."""

    pipeline: StableDiffusionInstructPix2PixPipeline
    checkpoint: Checkpoint

    def edit(
        self, jobs: Sequence[Job], session: EditSession
    ) -> Generator[Sequence[Step], None, Sequence[Drawing | EditError]]:
        """Edit ``jobs``, all of one kind: yields a step for each after every denoising step.

        Where the checkpoint has a safety checker, the last steps are yielded after its verdict: the preview of a
        picture that it withholds is grey.

        Returns:
            For each job what the model drew, or why it drew nothing.
        """
        try:
            return (yield from self._edit(jobs, session))
        finally:
            self.pipeline.maybe_free_model_hooks()  # where models take turns on a small GPU, none stays there

    def _edit(
        self, jobs: Sequence[Job], session: EditSession
    ) -> Generator[Sequence[Step], None, Sequence[Drawing | EditError]]:
        started, pictures = time.perf_counter(), None
        conditionings = [self._conditioning(job.request.instruction, session) for job in jobs]
        image_latents = [self._image_latents(job.canvas, session) for job in jobs]
        for denoised in self._denoise(jobs, conditionings, image_latents):
            if denoised.index == denoised.total and self.pipeline.safety_checker is not None:
                pictures = self._draw(denoised.latents)
            paused = time.perf_counter()
            yield self._steps(denoised, jobs, pictures)
            started += time.perf_counter() - paused  # what the consumer does meanwhile is not part of the edit
        pictures = pictures or self._draw(denoised.latents)
        copies = self._copies(jobs, image_latents, pictures, session)
        seconds = (time.perf_counter() - started) / len(jobs)
        return [
            picture
            if isinstance(picture, EditError)
            else Drawing(picture, copy, seconds, conditioning.truncated, _is_copy(job, copy, picture))
            for job, picture, copy, conditioning in zip(jobs, pictures, copies, conditionings, strict=True)
        ]

    def _copies(
        self,
        jobs: Sequence[Job],
        image_latents: Sequence[torch.Tensor],
        pictures: Sequence[Image | EditError],
        session: EditSession,
    ) -> list[Image | None]:
        """The autoencoder's own copy of each canvas, where it is needed; those that are new are drawn together."""
        keys = [self._photo_key(job.canvas) for job in jobs]
        copies = {key: session.copies.get(key) for key in keys}
        new = {
            key: latents
            for key, job, latents, picture in zip(keys, jobs, image_latents, pictures, strict=True)
            if copies[key] is None and _needs_copy(job, picture)
        }
        if new:
            drawn = redraw(self.pipeline, torch.cat(list(new.values())))
            for key, copy in zip(new, drawn, strict=True):
                session.copies.put(key, copy)
                copies[key] = copy
        return [copies[key] for key in keys]

    def remember(self, jobs: Sequence[Job], drawings: Sequence[Drawing | EditError], session: EditSession) -> None:
        """Put what was drawn into ``session``, where ``known`` finds it."""
        for job, drawing in zip(jobs, drawings, strict=True):
            if isinstance(drawing, Drawing):
                session.drawings.put(self._key(job), drawing)

    def results(self, jobs: Sequence[Job], drawings: Sequence[Drawing | EditError]) -> list[Result | EditError]:
        """What was drawn, at the size of the photos; needs no model, so the next batch may begin meanwhile."""

        def result(job: Job, drawing: Drawing | EditError) -> Result | EditError:
            return drawing if isinstance(drawing, EditError) else self._result(job, drawing)

        with ThreadPoolExecutor() as pool:  # scaling a large photo takes longer than a GPU takes to draw one
            return list(pool.map(result, jobs, drawings))

    def known(self, job: Job, session: EditSession) -> Result | None:
        """The result of ``job`` if ``session`` remembers what the model drew for it."""
        drawing: Drawing | None = session.drawings.get(self._key(job))
        if drawing is None or (job.request.detail and drawing.copy is None):
            return None
        return self._result(job, drawing)

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
        conditioning: Conditioning = session.conditionings.get_or_make(
            key, lambda: encode_instruction(self.pipeline, instruction)
        )
        return conditioning

    def _image_latents(self, canvas: Canvas, session: EditSession) -> torch.Tensor:
        """Encoded one by one, so that what a session keeps of a photo never depends on the photos beside it."""
        key = self._photo_key(canvas)
        latents: torch.Tensor = session.image_latents.get_or_make(
            key, lambda: encode_photo(self.pipeline, canvas.image)
        )
        return latents

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
            Guidance(text=settled(request.guidance_scale), image=settled(request.image_guidance_scale)),
            settled(request.num_inference_steps),
            [torch.Generator().manual_seed(settled(job.request.seed)) for job in jobs],
        )

    @cached_property
    def _preview(self) -> Preview:
        return fit_preview(self.pipeline)

    def _steps(
        self, denoised: Denoised, jobs: Sequence[Job], pictures: Sequence[Image | EditError] | None
    ) -> list[Step]:
        """A step for each of ``jobs``; ``pictures`` are those of the last step if they are drawn already."""
        draws = [
            partial(self._preview_of, predicted_x0, job.canvas, isinstance(picture, Filtered))
            for predicted_x0, job, picture in zip(denoised.predicted_x0, jobs, pictures or repeat(None), strict=False)
        ]
        return [Step(denoised.index, denoised.total, draw) for draw in draws]

    def _preview_of(self, predicted_x0: torch.Tensor, canvas: Canvas, is_withheld: bool) -> Image:
        factor = self.pipeline.vae_scale_factor
        left, top, right, bottom = canvas.box
        box = left // factor, top // factor, -(-right // factor), -(-bottom // factor)
        if is_withheld:
            return new_image("RGB", (box[2] - box[0], box[3] - box[1]), GREY)
        return self._preview.to_rgb(predicted_x0).crop(box)

    def _draw(self, latents: torch.Tensor) -> list[Image | EditError]:
        """The picture of each of ``latents``, (N, C, H, W), or why there is none."""
        lost = ~latents.isfinite().flatten(1).all(dim=1)
        pictures = draw(self.pipeline, latents.nan_to_num(0, 0, 0))
        return [_checked(picture, bad) for picture, bad in zip(pictures, lost.tolist(), strict=True)]


def _needs_copy(job: Job, picture: Image | EditError) -> bool:
    """Whether the copy is part of the result, or ``picture`` so near to the photo that it may be nothing else."""
    if isinstance(picture, EditError):
        return False
    box = job.canvas.box
    return job.request.detail or change(job.canvas.image.crop(box), picture.crop(box)) <= FAR


def _is_copy(job: Job, copy: Image | None, picture: Image) -> bool:
    """Whether ``picture`` is the photo of ``job`` as the autoencoder alone would give it back."""
    box = job.canvas.box
    return copy is not None and change(copy.crop(box), picture.crop(box)) < 1


def _checked(picture: Image | None, lost: bool) -> Image | EditError:
    if lost:
        return EditFailed("The model lost its way in this edit; try another seed or a lower text guidance.")
    if picture is None:
        return Filtered("The safety checker withheld this result; try another seed or another instruction.")
    return picture
