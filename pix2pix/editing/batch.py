"""Photos through the model together: the one path of every edit. A single edit is a batch of one."""

import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import repeat

import numpy as np
import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from PIL.Image import Image, Resampling
from PIL.Image import fromarray as image_of
from PIL.Image import new as new_image

from pix2pix.detail import change
from pix2pix.detail.planes import CPU
from pix2pix.diffusion.checkpoints import Checkpoint
from pix2pix.diffusion.denoising import Confinement, Denoised, Guidance, denoise
from pix2pix.diffusion.device import give_back_memory
from pix2pix.diffusion.pictures import Preview, draw, fit_preview, redraw
from pix2pix.diffusion.speed.graphs import Graphs, graphs_for
from pix2pix.diffusion.speed.models import Models, exact_models, fast_models
from pix2pix.editing.conditioned import Conditioned, Conditioner
from pix2pix.editing.job import Drawing, Job, settled
from pix2pix.errors import EditError, EditFailed, Filtered
from pix2pix.events import Explanation, Result, Step
from pix2pix.photo import Canvas
from pix2pix.request import FAST
from pix2pix.session import EditSession

GREY = (128, 128, 128)  # the preview of a picture that is withheld
FAR = 4.0  # change from the canvas; a photo left alone is only as far from it as its copy, with pocket up to 2


@dataclass(frozen=True, eq=False)
class BatchEditor:
    """Edits batches with one pipeline. Only one batch may run at a time; the ``Editor`` sees to that."""

    pipeline: StableDiffusionInstructPix2PixPipeline
    checkpoint: Checkpoint

    @cached_property
    def _conditioner(self) -> Conditioner:
        return Conditioner(self.pipeline, self.checkpoint)

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
        started, pictures, models = time.perf_counter(), None, self._models(jobs[0].request.speed)
        batch = [self._conditioner.conditioned(job, session) for job in jobs]
        for denoised in self._denoise(batch, models):
            if denoised.index == denoised.total and self.pipeline.safety_checker is not None:
                pictures = self._draw(denoised.latents, models)
            paused = time.perf_counter()
            yield self._steps(denoised, jobs, pictures)
            started += time.perf_counter() - paused  # what the consumer does meanwhile is not part of the edit
        pictures = pictures or self._draw(denoised.latents, models)
        copies = self._copies(batch, pictures, session, models)
        seconds = (time.perf_counter() - started) / len(jobs)
        return [
            picture if isinstance(picture, EditError) else self._drawing(one, picture, copy, seconds)
            for one, picture, copy in zip(batch, pictures, copies, strict=True)
        ]

    def _copies(
        self,
        batch: Sequence[Conditioned],
        pictures: Sequence[Image | EditError],
        session: EditSession,
        models: Models,
    ) -> list[Image | None]:
        """The autoencoder's own copy of each canvas, where it is needed; those that are new are drawn together."""
        keys = [(self._conditioner.photo_key(one.job.canvas), models.vae.dtype) for one in batch]
        copies = {key: session.copies.get(key) for key in keys}
        new = {
            key: one.image_latents
            for key, one, picture in zip(keys, batch, pictures, strict=True)
            if copies[key] is None and _needs_copy(one.job, picture, self._detail_device)
        }
        if new:
            drawn = redraw(self.pipeline, torch.cat(list(new.values())), models.vae)
            for key, copy in zip(new, drawn, strict=True):
                session.copies.put(key, copy)
                copies[key] = copy
        return [copies[key] for key in keys]

    def explain(self, job: Job, session: EditSession) -> Generator[Explanation, None, None]:
        """Yields once: what the UNet sees in the words and the photo of ``job``."""
        try:
            seen = self._conditioner.seen(job, session)
        finally:
            self.pipeline.maybe_free_model_hooks()
        canvas = job.canvas
        words = tuple((word.word, _as_picture(word.map, canvas)) for word in seen.words)
        where = _as_picture(seen.relevance.map, canvas)
        yield Explanation(canvas.image.crop(canvas.box), where, seen.relevance.is_everywhere, words)

    def remember(self, jobs: Sequence[Job], drawings: Sequence[Drawing | EditError], session: EditSession) -> None:
        """Put what was drawn into ``session``, where ``known`` finds it."""
        for job, drawing in zip(jobs, drawings, strict=True):
            if isinstance(drawing, Drawing):
                session.drawings.put(self._conditioner.key(job), drawing)

    def results(self, jobs: Sequence[Job], drawings: Sequence[Drawing | EditError]) -> list[Result | EditError]:
        """What was drawn, at the size of the photos; needs no model, so the next batch may begin meanwhile."""

        def result(job: Job, drawing: Drawing | EditError) -> Result | EditError:
            return drawing if isinstance(drawing, EditError) else self._result(job, drawing)

        with ThreadPoolExecutor() as pool:  # scaling a large photo takes longer than a GPU takes to draw one
            return list(pool.map(result, jobs, drawings))

    def known(self, job: Job, session: EditSession) -> Result | None:
        """The result of ``job`` if ``session`` remembers what the model drew for it."""
        drawing: Drawing | None = session.drawings.get(self._conditioner.key(job))
        if drawing is None or (job.request.detail and drawing.copy is None):
            return None
        return self._result(job, drawing)

    def _result(self, job: Job, drawing: Drawing) -> Result:
        return job.result(drawing, self.checkpoint.name, self.checkpoint.revision, self._detail_device)

    def _drawing(self, one: Conditioned, picture: Image, copy: Image | None, seconds: float) -> Drawing:
        unchanged = _is_copy(one.job, copy, picture, self._detail_device)
        return Drawing(picture, copy, seconds, one.conditioning.truncated, unchanged, one.found)

    @cached_property
    def _detail_device(self) -> torch.device:
        """What brings the photos' detail in: the GPU if it knows float64."""
        device: torch.device = self.pipeline._execution_device
        return device if device.type == "cuda" else CPU

    def _denoise(self, batch: Sequence[Conditioned], models: Models) -> Iterator[Denoised]:
        device, dtype = self.pipeline._execution_device, self.pipeline.unet.dtype
        request = batch[0].job.request  # the others have its steps and its guidance, or they would be of another kind
        image_latents = torch.cat([one.image_latents for one in batch]).to(device, dtype)
        return denoise(
            models.steps(),
            self.pipeline.scheduler,
            torch.cat([one.conditioning.prompt_embeds for one in batch]).to(device, dtype),
            torch.cat([one.conditioning.negative_prompt_embeds for one in batch]).to(device, dtype),
            image_latents,
            Guidance(text=settled(request.guidance_scale), image=settled(request.image_guidance_scale)),
            settled(request.num_inference_steps),
            [torch.Generator().manual_seed(settled(one.job.request.seed)) for one in batch],
            _confinement(batch, image_latents * self.pipeline.vae.config.scaling_factor),
        )

    def _models(self, speed: str) -> Models:
        return self._fast if speed == FAST else exact_models(self.pipeline, self._graphs)

    @cached_property
    def _fast(self) -> Models:
        return fast_models(self.pipeline, self._graphs)

    @cached_property
    def _graphs(self) -> Graphs | None:
        return graphs_for(self.pipeline)

    def give_back_memory(self) -> None:
        """Return to the device what is held in reserve there: for the next shapes, and by torch."""
        if self._graphs is not None:
            self._graphs.clear()
        give_back_memory(self.pipeline._execution_device)

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

    def _draw(self, latents: torch.Tensor, models: Models) -> list[Image | EditError]:
        """The picture of each of ``latents``, (N, C, H, W), or why there is none."""
        lost = ~latents.isfinite().flatten(1).all(dim=1)
        pictures = draw(self.pipeline, latents.nan_to_num(0, 0, 0), models.vae)
        return [_checked(picture, bad) for picture, bad in zip(pictures, lost.tolist(), strict=True)]


def _confinement(batch: Sequence[Conditioned], photos: torch.Tensor) -> Confinement | None:
    """Where the jobs of ``batch`` may act; ``None`` if all of them may everywhere.

    Args:
        photos: (N, C, H, W), their latents, scaled.
    """
    if all(one.allowed is None for one in batch):
        return None
    cells = torch.ones_like(photos[:, :1], dtype=torch.bool)
    for row, one in zip(cells[:, 0], batch, strict=True):
        if one.allowed is not None:
            row.copy_(torch.from_numpy(one.allowed))
    return Confinement(cells, photos)


def _as_picture(map: np.ndarray, canvas: Canvas) -> Image:
    """A map of latents, (H, W) in 0..1, as a picture of mode L at the canvas' size without its margin."""
    picture = image_of((map * 255).round().astype(np.uint8)).resize(canvas.image.size, Resampling.BILINEAR)
    return picture.crop(canvas.box)


def _needs_copy(job: Job, picture: Image | EditError, device: torch.device) -> bool:
    """Whether the copy is part of the result, or ``picture`` so near to the photo that it may be nothing else."""
    if isinstance(picture, EditError):
        return False
    box = job.canvas.box
    return job.request.detail or change(job.canvas.image.crop(box), picture.crop(box), device) <= FAR


def _is_copy(job: Job, copy: Image | None, picture: Image, device: torch.device) -> bool:
    """Whether ``picture`` is the photo of ``job`` as the autoencoder alone would give it back."""
    box = job.canvas.box
    return copy is not None and change(copy.crop(box), picture.crop(box), device) < 1


def _checked(picture: Image | None, lost: bool) -> Image | EditError:
    if lost:
        return EditFailed("The model lost its way in this edit; try another seed or a lower text guidance.")
    if picture is None:
        return Filtered("The safety checker withheld this result; try another seed or another instruction.")
    return picture
