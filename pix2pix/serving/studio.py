"""The app's editors while they load: the page opens at once and waits for a model when it needs it."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from pix2pix.errors import CheckpointError, EditError, InvalidRequest
from pix2pix.events import Outcome, PhotoStep, Result, Step
from pix2pix.request import EditRequest
from pix2pix.serving import zero_gpu
from pix2pix.session import EditSession

if TYPE_CHECKING:
    from pix2pix.editing.editor import Editor


class Studio:
    """Loads editors in the background, the first at once and others when they are asked for."""

    def __init__(self, model: str = "auto") -> None:
        self._stream, self._stream_gallery = self._stream_here, self._stream_gallery_here
        if zero_gpu.ACTIVE:
            self._stream, self._stream_gallery = map(zero_gpu.lend_gpu, (self._stream, self._stream_gallery))
        self._lock = threading.Lock()
        self._others: dict[str, Future[Editor]] = {}
        self._first = _begin_to_load(model)
        if zero_gpu.ACTIVE:
            self._first.exception()  # there a model must be loaded before the app is launched

    def editor(self, model: str | None = None) -> "Editor":
        """The editor of ``model``, one of ``models()``, or the first one; waits until it is loaded.

        Raises:
            EditError: it could not be loaded, or there is no such model.
        """
        first = self._first.result()
        if model in (None, first.checkpoint.name):
            return first
        if model not in self.models():
            raise InvalidRequest("There is no model of that name here; choose one of the list.")
        with self._lock:
            if model not in self._others or _has_failed(self._others[model]):
                self._others[model] = _begin_to_load(model)
        return self._others[model].result()

    def models(self) -> tuple[str, ...]:
        """The names of the models to choose from, the first one first; waits until that is loaded."""
        first = self._first.result().checkpoint.name
        if zero_gpu.ACTIVE:
            return (first,)
        from pix2pix.diffusion.checkpoints import KNOWN

        return tuple(dict.fromkeys([first, *(checkpoint.name for checkpoint in KNOWN)]))

    def stream(
        self, photo: str | Path, request: EditRequest, *, session: EditSession, model: str | None = None
    ) -> Iterator[Step | Result]:
        """Edit as ``Editor.stream`` does, with ``model``, once its editor is there."""
        yield from self._stream(photo, request, session=session, model=model)

    def stream_gallery(
        self,
        photos: Sequence[str | Path],
        requests: Sequence[EditRequest],
        *,
        session: EditSession,
        model: str | None = None,
    ) -> Iterator[PhotoStep | Outcome]:
        """Edit as ``Editor.stream_gallery`` does, a request for each photo, once the editor of ``model`` is there."""
        yield from self._stream_gallery(photos, requests, session=session, model=model)

    def _stream_here(
        self, photo: str | Path, request: EditRequest, *, session: EditSession, model: str | None
    ) -> Iterator[Step | Result]:
        yield from self.editor(model).stream(photo, request, session=session)

    def _stream_gallery_here(
        self, photos: Sequence[str | Path], requests: Sequence[EditRequest], *, session: EditSession, model: str | None
    ) -> Iterator[PhotoStep | Outcome]:
        yield from self.editor(model).stream_gallery(photos, requests, session=session)


def _begin_to_load(model: str) -> "Future[Editor]":
    future: Future[Editor] = Future()
    if zero_gpu.ACTIVE:  # its stand-in for CUDA is there in the main thread only
        _load(model, future)
    else:
        threading.Thread(target=_load, args=(model, future), daemon=True).start()
    return future


def _load(model: str, future: "Future[Editor]") -> None:
    from pix2pix.editing.editor import Editor  # torch and diffusers take seconds to import

    try:
        future.set_result(Editor.load(model))
    except EditError as error:
        future.set_exception(error.with_traceback(None))
    except Exception:
        future.set_exception(CheckpointError("The model could not be loaded; start the app again to see why."))
        raise


def _has_failed(future: Future) -> bool:
    return future.done() and future.exception() is not None
