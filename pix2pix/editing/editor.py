"""The only door between pixels and model: a photo and a request in, a stream of steps and the result out."""

import logging
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import cached_property, partial
from itertools import repeat

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline

from pix2pix.diffusion import conditioning
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX, POCKET, Checkpoint, find
from pix2pix.diffusion.device import choose_device
from pix2pix.diffusion.loading import load
from pix2pix.editing.batch import BatchEditor
from pix2pix.editing.failures import as_edit_error
from pix2pix.editing.gallery import Asked, Gallery, Opened, asked_for
from pix2pix.editing.job import Job, Source, path_of
from pix2pix.editing.one_at_a_time import OneAtATime
from pix2pix.editing.together import Together
from pix2pix.errors import CheckpointError, EditError, OutOfMemory
from pix2pix.events import Explanation, Outcome, PhotoStep, Result, Step
from pix2pix.photo import open_photo
from pix2pix.request import EditRequest
from pix2pix.session import EditSession

MAX_OPENED_AHEAD = 8  # photos of a gallery
VARIANTS_TOGETHER = 2  # four together are no quicker on a CPU

logger = logging.getLogger(__name__)


class Editor:
    """Edits photos with one checkpoint. May be shared by threads: one edit runs at a time, the others wait.

    Attributes:
        pipeline: the diffusers pipeline it runs, for whoever wants to look.
        checkpoint: what was loaded, with its defaults, resolution and revision.
        micro_batches: how many photos of a gallery go through the model together, by the size of their canvas. Filled
            in as sizes are met, by what suits the device; halved where memory ran out.
        note: one sentence on why ``load("auto")`` chose this checkpoint, or ``None`` where it was named.
    """

    def __init__(
        self, pipeline: StableDiffusionInstructPix2PixPipeline, checkpoint: Checkpoint, note: str | None = None
    ) -> None:
        self.pipeline = pipeline
        self.checkpoint = checkpoint
        self.note = note
        self._one_at_a_time = OneAtATime()
        self._batches = BatchEditor(pipeline, checkpoint)
        self._together = Together(pipeline)
        self.micro_batches = self._together.by_canvas

    @classmethod
    def load(cls, name: str = "auto", device: str | None = None) -> "Editor":
        """Load a checkpoint.

        Args:
            name: "pocket", a hub id such as "timbrooks/instruct-pix2pix", or a folder in diffusers layout, with
                "+" and an LCM-LoRA or without; or "auto", the real one on a CUDA GPU if it can be loaded, else pocket.
            device: "cpu", "cuda" or "mps"; ``None`` takes the best there is.

        Raises:
            CheckpointError: it cannot be loaded.
            InvalidRequest: the device is not there.
        """
        chosen = choose_device(device)
        if name == "auto":
            return cls._load_auto(chosen)
        return cls(*load(find(name), chosen))

    @classmethod
    def _load_auto(cls, device: torch.device) -> "Editor":
        why = "the full model needs an NVIDIA GPU"
        if device.type == "cuda":
            try:
                return cls(*load(INSTRUCT_PIX2PIX, device))
            except CheckpointError as error:
                why = f"the full model could not be loaded ({error})"
        note = f"Using the small model “{POCKET.name}”, because {why.rstrip('.')}."
        return cls(*load(POCKET, device), note=note)

    def edit(
        self, photo: Source, request: EditRequest, *, session: EditSession | None = None, mask: Source | None = None
    ) -> Result:
        """Edit ``photo`` and return the finished result; see ``stream`` for arguments and errors."""
        with closing(self.stream(photo, request, session=session, mask=mask)) as stream:
            return next(event for event in stream if isinstance(event, Result))

    def stream(
        self, photo: Source, request: EditRequest, *, session: EditSession | None = None, mask: Source | None = None
    ) -> Generator[Step | Result, None, None]:
        """Edit ``photo``: yields a ``Step`` after every denoising step and the ``Result`` at the end.

        Closing the stream, or dropping it, stops the edit before the next call of the UNet and lets the next edit
        begin. A stream that is held and not read keeps the others waiting. Its own reader must finish or close it
        before the next edit: between two steps they would wait for themselves, and get an ``EditFailed`` instead.

        Args:
            photo: path, bytes, PIL image or ``Photo``.
            request: what to do; settings left open are the checkpoint's defaults.
            session: remembers conditions and results from edit to edit.
            mask: a picture of the photo's shape, white where the edit may act, black or transparent where the photo
                must stay as it is; without it the edit may act everywhere, or in the area that it finds by itself.

        Raises:
            InvalidImage: the photo or the mask cannot be used.
            InvalidRequest: the mask does not fit the photo, or is empty.
            Filtered: the checkpoint's safety checker withheld the result.
            OutOfMemory, EditFailed: the edit broke; the editor is ready for the next one.
        """
        session = EditSession() if session is None else session
        job = self._job(0, photo, request.resolved(self.checkpoint.defaults), mask)
        with closing(self._run([job], session)) as batch:
            for (event,) in batch:
                if isinstance(event, EditError):
                    raise event
                if isinstance(event, Result):
                    session.add(event)
                yield event

    def edit_gallery(
        self,
        photos: Iterable[Source],
        request: EditRequest | Iterable[EditRequest],
        *,
        session: EditSession | None = None,
        masks: Iterable[Source | None] | None = None,
    ) -> Generator[Outcome, None, None]:
        """Edit many photos: yields an ``Outcome`` for each, in the order of the input; see ``stream_gallery``."""
        with closing(self.stream_gallery(photos, request, session=session, masks=masks)) as stream:
            for event in stream:
                if isinstance(event, Outcome):
                    yield event

    def stream_gallery(
        self,
        photos: Iterable[Source],
        request: EditRequest | Iterable[EditRequest],
        *,
        session: EditSession | None = None,
        masks: Iterable[Source | None] | None = None,
    ) -> Generator[PhotoStep | Outcome, None, None]:
        """Edit many photos: yields a ``PhotoStep`` for every step of every photo, and an ``Outcome`` for each photo.

        Outcomes come in the order of the input, each as soon as it and those before it are there. Photos are opened
        when their turn comes, and those of one canvas size go through the model together; each equals its edit alone.
        A photo that fails costs no other one. Between batches, other edits of this editor come in. Closing the stream
        stops it as it stops an edit; what was finished is not computed again by the same request in the same session,
        as far as the session's bounds reach. Results do not enter the session's history.

        Args:
            photos: paths, bytes, PIL images or ``Photo``s, any number.
            request: one for all photos, who then share its seed, drawn once if it is open; or one for each photo, such
                as ``request.numbered()``, which gives photo k ``seed + k``.
            session: remembers the instruction, the photos and the results.
            masks: one for each photo, as ``stream`` takes it, and ``None`` where there is none; a photo for which
                nothing is left gets an error. Without ``masks`` there are none.
        """
        session = EditSession() if session is None else session
        defaults = self.checkpoint.defaults
        requests: Iterator[EditRequest]
        if isinstance(request, EditRequest):
            requests = repeat(request.resolved(defaults))
        else:
            requests = (one.resolved(defaults) for one in request)
        yield from self._gallery(asked_for(photos, requests, masks), session)

    def edit_variants(
        self,
        photo: Source,
        requests: Iterable[EditRequest],
        *,
        session: EditSession | None = None,
        mask: Source | None = None,
    ) -> Generator[PhotoStep | Outcome, None, None]:
        """Edit one photo in several ways, such as by other seeds or guidance: what to choose from by eye.

        The photo is opened and encoded once, and two or more go through the model together; each is the single edit up
        to a level in few pixels. Yields as ``stream_gallery``. Arguments and errors are those of ``stream``.
        """
        wanted = [request.resolved(self.checkpoint.defaults) for request in requests]
        photos = repeat(open_photo(photo), len(wanted))
        session = EditSession() if session is None else session
        yield from self._gallery(asked_for(photos, wanted, repeat(mask)), session, VARIANTS_TOGETHER)

    def explain(self, photo: Source, request: EditRequest, *, session: EditSession | None = None) -> Explanation:
        """What the model makes of the words of ``request`` on ``photo`` before it draws, by one call of the UNet.

        Arguments and errors are those of ``stream``.
        """
        job = self._job(0, photo, request.resolved(self.checkpoint.defaults), None)
        explaining = self._one_at_a_time.run(self._batches.explain(job, session or EditSession()))
        try:
            with closing(explaining):
                return next(explaining)
        except EditError:
            raise
        except Exception as error:
            raise self._broken([job], error) from error

    def _gallery(
        self, asked: Iterable[Asked], session: EditSession, least: int = 1
    ) -> Generator[PhotoStep | Outcome, None, None]:
        """Edit all of ``asked``, ``least`` or more together while there is the memory."""
        ahead = min(self._together.usual, MAX_OPENED_AHEAD) - 1
        run = partial(self._run, session=session, remember=True)
        fits = partial(self._together.fits, least=least)
        return Gallery(asked, partial(self._open, session), ahead, run, fits).stream()

    def _job(self, index: int, photo: Source, request: EditRequest, mask: Source | None) -> Job:
        try:
            return Job.open(index, photo, request, self.grid, mask)
        except EditError:
            raise
        except Exception as error:
            raise as_edit_error(error) from error

    def _open(self, session: EditSession, asked: Asked) -> Opened:
        """One photo of a gallery, opened: a job, or its outcome if it cannot be edited or is known already."""
        try:
            job = self._job(asked.index, asked.photo, asked.settled(), asked.mask)
            known = self._batches.known(job, session)
        except Exception as error:
            return Outcome(asked.index, path_of(asked.photo), error=as_edit_error(error))
        return job if known is None else Outcome(job.index, job.source, known)

    def _run(
        self, jobs: Sequence[Job], session: EditSession, remember: bool = False
    ) -> Generator[Sequence[Step | Result | EditError], None, None]:
        """Edit ``jobs`` of one kind together: yields steps for all of them, many times, then a result or error each.

        Args:
            remember: whether ``session`` is to know what was drawn, so that the same job needs no model again.

        Raises:
            EditError: all of them broke together.
        """
        try:
            drawings = yield from self._one_at_a_time.run(self._batches.edit(jobs, session))
            if remember:
                self._batches.remember(jobs, drawings, session)
            endings = self._batches.results(jobs, drawings)
        except EditError:
            raise
        except Exception as error:
            raise self._broken(jobs, error) from error
        yield endings

    def _broken(self, jobs: Sequence[Job], error: Exception) -> EditError:
        """What to say of ``error``, which ended ``jobs``; memory is given back."""
        edit_error = as_edit_error(error)
        error.with_traceback(None)  # its frames would keep their tensors alive
        self._batches.give_back_memory()
        if isinstance(edit_error, OutOfMemory):
            size = jobs[0].canvas.image.size
            logger.info("Memory ran out with %d photos together, on canvases of %d x %d.", len(jobs), *size)
            self._together.ran_out(size, len(jobs))
        return edit_error

    @property
    def is_idle(self) -> bool:
        """Whether no edit runs or waits."""
        return self._one_at_a_time.is_idle

    @cached_property
    def grid(self) -> int:
        """What both sides of a canvas are multiples of, in pixels."""
        return conditioning.grid(self.pipeline)

    @property
    def max_tokens(self) -> int:
        """How many tokens of an instruction the text encoder reads."""
        return conditioning.max_tokens(self.pipeline)

    def count_tokens(self, instruction: str) -> int:
        """How many tokens ``instruction`` has; cheap enough to ask at every key pressed."""
        return conditioning.count_tokens(self.pipeline, instruction)
