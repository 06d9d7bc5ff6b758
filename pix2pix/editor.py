"""The only door between pixels and model: a photo and a request in, a stream of steps and the result out."""

import hashlib
import logging
import threading
import time
from collections.abc import Generator, Hashable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from PIL.Image import Image

from pix2pix.diffusion import checkpoints
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX, POCKET, Checkpoint
from pix2pix.diffusion.conditioning import Conditioning, count_tokens, encode_instruction, encode_photo, max_tokens
from pix2pix.diffusion.denoising import Denoised, Guidance, denoise
from pix2pix.diffusion.drawing import draw
from pix2pix.diffusion.preview import Preview, fit_preview
from pix2pix.errors import CheckpointError, EditError, EditFailed, Filtered, OutOfMemory
from pix2pix.events import Result, Step
from pix2pix.photo import Canvas, Photo, open_photo, to_canvas
from pix2pix.request import EditRequest
from pix2pix.session import EditSession

if TYPE_CHECKING:
    from diffusers import StableDiffusionInstructPix2PixPipeline


logger = logging.getLogger(__name__)


class Editor:
    """Edits photos with one checkpoint. May be shared by threads: one edit runs at a time, the others wait.

    Attributes:
        pipeline: the diffusers pipeline it runs, for whoever wants to look.
        checkpoint: what was loaded, with its defaults, resolution and revision.
        note: one sentence on why ``load("auto")`` chose this checkpoint, or ``None`` where it was named.
    """

    def __init__(
        self, pipeline: "StableDiffusionInstructPix2PixPipeline", checkpoint: Checkpoint, note: str | None = None
    ) -> None:
        self.pipeline = pipeline
        self.checkpoint = checkpoint
        self.note = note
        self._lock = threading.Lock()

    @classmethod
    def load(cls, name: str = "auto", device: str | None = None) -> "Editor":
        """Load a checkpoint.

        Args:
            name: "pocket", a hub id such as "timbrooks/instruct-pix2pix", a folder in diffusers layout, or "auto":
                the real checkpoint on a CUDA GPU if it can be loaded, otherwise pocket.
            device: "cpu", "cuda" or "mps"; ``None`` takes the best there is.

        Raises:
            CheckpointError: it cannot be loaded.
            InvalidRequest: the device is not there.
        """
        chosen = checkpoints.choose_device(device)
        if name == "auto":
            return cls._load_auto(chosen)
        return cls(*checkpoints.load(checkpoints.find(name), chosen))

    @classmethod
    def _load_auto(cls, device: torch.device) -> "Editor":
        why = "the full model needs an NVIDIA GPU"
        if device.type == "cuda":
            try:
                return cls(*checkpoints.load(INSTRUCT_PIX2PIX, device))
            except CheckpointError as error:
                why = f"the full model could not be loaded ({error})"
        note = f"Using the small model “{POCKET.name}”, because {why.rstrip('.')}."
        return cls(*checkpoints.load(POCKET, device), note=note)

    def edit(
        self, photo: str | PathLike | bytes | Image | Photo, request: EditRequest, *, session: EditSession | None = None
    ) -> Result:
        """Edit ``photo`` and return the finished result; see ``stream`` for arguments and errors."""
        *_, result = self.stream(photo, request, session=session)
        return result

    def stream(
        self, photo: str | PathLike | bytes | Image | Photo, request: EditRequest, *, session: EditSession | None = None
    ) -> Iterator[Step | Result]:
        """Edit ``photo``: yields a ``Step`` after every denoising step and the ``Result`` at the end.

        Closing the stream stops the edit before the next call of the UNet and lets the next edit begin. So does
        letting go of it; a stream that is held and not read keeps the others waiting.

        Args:
            photo: path, bytes, PIL image or ``Photo``.
            request: what to do; settings left open are the checkpoint's defaults.
            session: remembers conditions and results from edit to edit.

        Raises:
            InvalidImage: the photo cannot be used.
            Filtered: the checkpoint's safety checker withheld the result.
            OutOfMemory, EditFailed: the edit broke; the editor is ready for the next one.
        """
        session = EditSession() if session is None else session
        request = request.resolved(self.checkpoint.defaults)
        canvas = to_canvas(open_photo(photo), request.resolution, self.grid)
        with self._lock:
            try:
                result = yield from self._run(canvas, request, session)
            except EditError:
                raise
            except Exception as error:
                logger.debug("An edit broke.", exc_info=True)
                error.with_traceback(None)  # its frames would keep their tensors alive
                torch.cuda.empty_cache()
                raise _as_edit_error(error) from error
            finally:
                self.pipeline.maybe_free_model_hooks()
        if isinstance(photo, (str, PathLike)):
            result = replace(result, source=Path(photo))
        session.add(result)
        yield result

    def _run(self, canvas: Canvas, request: EditRequest, session: EditSession) -> Generator[Step, None, Result]:
        started = time.perf_counter()
        conditioning = self._conditioning(request.instruction, session)
        image_latents = self._image_latents(canvas, session)
        for denoised in self._denoise(request, conditioning, image_latents):
            yield Step(denoised.index, denoised.total, partial(self._preview_of, denoised.predicted_x0[0], canvas))
        drawn = self._draw(denoised.latents)
        return Result(
            image=canvas.undo(drawn, request.detail),
            canvas_image=drawn,
            request=request,
            seconds=time.perf_counter() - started,
            truncated=conditioning.truncated,
            checkpoint=self.checkpoint.name,
            revision=self.checkpoint.revision,
        )

    @cached_property
    def grid(self) -> int:
        """What both sides of a canvas are multiples of, in pixels."""
        return checkpoints.grid(self.pipeline)

    @property
    def max_tokens(self) -> int:
        """How many tokens of an instruction the text encoder reads."""
        return max_tokens(self.pipeline)

    def count_tokens(self, instruction: str) -> int:
        """How many tokens ``instruction`` has; cheap enough to ask at every key pressed."""
        return count_tokens(self.pipeline, instruction)

    @cached_property
    def _identity(self) -> Hashable:
        """What a cached condition depends on besides the text or the photo."""
        folder = Path(self.checkpoint.source)
        written = (folder / "model_index.json").stat().st_mtime_ns if self.checkpoint.is_folder else None
        return self.checkpoint.source, self.checkpoint.revision, written, str(self.pipeline.dtype)

    @cached_property
    def _preview(self) -> Preview:
        return fit_preview(self.pipeline)

    def _conditioning(self, instruction: str, session: EditSession) -> Conditioning:
        key = (self._identity, instruction)
        return session.conditionings.get_or_make(key, lambda: encode_instruction(self.pipeline, instruction))

    def _image_latents(self, canvas: Canvas, session: EditSession) -> torch.Tensor:
        pixels = hashlib.blake2b(canvas.image.tobytes(), digest_size=16).digest()
        key = (self._identity, canvas.image.size, pixels)
        return session.image_latents.get_or_make(key, lambda: encode_photo(self.pipeline, canvas.image))

    def _denoise(
        self, request: EditRequest, conditioning: Conditioning, image_latents: torch.Tensor
    ) -> Iterator[Denoised]:
        device, dtype = self.pipeline._execution_device, self.pipeline.unet.dtype
        return denoise(
            self.pipeline.unet,
            self.pipeline.scheduler,
            conditioning.prompt_embeds.to(device, dtype),
            conditioning.negative_prompt_embeds.to(device, dtype),
            image_latents.to(device, dtype),
            Guidance(text=request.guidance_scale, image=request.image_guidance_scale),
            request.num_inference_steps,
            [torch.Generator().manual_seed(request.seed)],
        )

    def _preview_of(self, predicted_x0: torch.Tensor, canvas: Canvas) -> Image:
        factor = self.pipeline.vae_scale_factor
        left, top, right, bottom = canvas.box
        box = left // factor, top // factor, -(-right // factor), -(-bottom // factor)
        return self._preview.to_rgb(predicted_x0).crop(box)

    def _draw(self, latents: torch.Tensor) -> Image:
        if not latents.isfinite().all():
            raise EditFailed("The model lost its way in this edit; try another seed or a lower text guidance.")
        picture = draw(self.pipeline, latents)[0]
        if picture is None:
            raise Filtered("The safety checker withheld this result; try another seed or another instruction.")
        return picture


def _as_edit_error(error: Exception) -> EditError:
    no_memory = isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "not enough memory" in str(error)
    if no_memory:
        return OutOfMemory("There is too little memory for this edit; close other programs or use a smaller model.")
    return EditFailed("Something went wrong inside the model during this edit; please try again.")
