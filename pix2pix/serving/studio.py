"""The app's editors while they load: the page opens at once and waits for a model when it needs it."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import closing
from itertools import repeat
from pathlib import Path

from pix2pix.diffusion.checkpoints import KNOWN, find
from pix2pix.editing import load_editor
from pix2pix.editing.drafting import seconds_of_a_draft
from pix2pix.engine import Engine
from pix2pix.errors import CheckpointError, EditError, InvalidRequest
from pix2pix.events import Explanation, Outcome, PhotoStep, Result, Step
from pix2pix.request import EditRequest
from pix2pix.serving import zero_gpu
from pix2pix.session import EditSession

QUICK_SECONDS = 0.5
RETRY_SECONDS = 10.0

logger = logging.getLogger(__name__)


class Studio:
    """Loads editors in the background, the first at once and others when they are asked for.

    Args:
        model: the first one's name, as ``Editor.load`` takes it.
        load: makes the editor of that name; runs in a thread.
        others: whether other models than the first may be asked for, which then are loaded, too.
    """

    def __init__(self, model: str = "auto", load: Callable[[str], Engine] = load_editor, others: bool = True) -> None:
        self._others = others and not zero_gpu.ACTIVE
        self._stream: zero_gpu.Stream = self._stream_here
        self._stream_gallery: zero_gpu.Stream = self._stream_gallery_here
        self._explain: zero_gpu.Stream = self._explain_here
        if zero_gpu.ACTIVE:
            self._explain = zero_gpu.lend_gpu(self._explain)
            self._stream = zero_gpu.lend_gpu(self._stream)
            self._stream_gallery = zero_gpu.in_portions(zero_gpu.lend_gpu(self._stream_gallery))
        self._load = load
        self._draft_seconds: dict[Engine, float] = {}
        self._lock = threading.Lock()
        self._first = model
        self._failed_at = 0.0
        self._editors = {model: self._begin_to_load(model)}  # by the name that was asked for

    def editor(self, model: str | None = None) -> Engine:
        """The editor of ``model``, one of ``models()``, or the first one; waits until it is loaded.

        A model that could not be loaded is tried again when it is asked for by its name; the first one also when
        anybody asks for it ``RETRY_SECONDS`` later, because what it lacked may have come.

        Raises:
            EditError: it could not be loaded, or there is no such model.
        """
        if model is None:
            return self._first_of_now().result()
        if model not in self.models():
            raise InvalidRequest("There is no model of that name here; choose one of the list.")
        return self._asked_for(model).result()

    def is_loaded(self) -> bool:
        """Whether the first editor is there; does not wait, and raises ``EditError`` if it could not be loaded."""
        first = self._first_of_now()
        return first.done() and first.result() is not None

    def models(self) -> tuple[str, ...]:
        """The names of the models to choose from, the first one first if it has a name; waits until that is loaded."""
        name = self._first_name()
        first = () if name is None else (name,)
        if not self._others:
            return first
        return tuple(dict.fromkeys([*first, *(checkpoint.name for checkpoint in KNOWN)]))

    def is_quick(self, model: str | None = None) -> bool:
        """Whether ``model`` draws a draft in less than ``QUICK_SECONDS`` here; measured when it is asked first."""
        if zero_gpu.ACTIVE:  # a GPU is not borrowed for every letter that is typed
            return False
        editor = self.editor(model)
        if editor not in self._draft_seconds:
            self._draft_seconds[editor] = seconds_of_a_draft(editor)
        return self._draft_seconds[editor] < QUICK_SECONDS

    def is_idle(self, model: str | None = None) -> bool:
        """Whether ``model`` draws for nobody and nobody waits for it."""
        return self.editor(model).is_idle

    def explain(
        self, photo: str | Path, request: EditRequest, *, session: EditSession, model: str | None = None
    ) -> Explanation:
        """Explain as ``Editor.explain`` does, with ``model``, once its editor is there."""
        with closing(self._explain(photo, request, session=session, model=model, mask=None)) as explaining:
            explanation: Explanation = next(explaining)
        return explanation

    def stream(
        self,
        photo: str | Path,
        request: EditRequest,
        *,
        session: EditSession,
        model: str | None = None,
        mask: Path | None = None,
    ) -> Generator[Step | Result, None, None]:
        """Edit as ``Editor.stream`` does, with ``model``, once its editor is there."""
        yield from self._stream(photo, request, session=session, model=model, mask=mask)

    def stream_gallery(
        self,
        photos: Sequence[str | Path],
        requests: Sequence[EditRequest],
        *,
        session: EditSession,
        model: str | None = None,
        mask: Path | None = None,
    ) -> Generator[PhotoStep | Outcome, None, None]:
        """Edit as ``Editor.stream_gallery`` does, a request for each photo, once the editor of ``model`` is there; many
        times the same photo, as ``Editor.edit_variants`` does."""
        yield from self._stream_gallery(photos, requests, session=session, model=model, mask=mask)

    def _stream_here(
        self, photo: str | Path, request: EditRequest, *, session: EditSession, model: str | None, mask: Path | None
    ) -> Generator[Step | Result, None, None]:
        yield from self.editor(model).stream(photo, request, session=session, mask=mask)

    def _stream_gallery_here(
        self,
        photos: Sequence[str | Path],
        requests: Sequence[EditRequest],
        *,
        session: EditSession,
        model: str | None,
        mask: Path | None,
    ) -> Generator[PhotoStep | Outcome, None, None]:
        editor = self.editor(model)
        if len(photos) > 1 and photos.count(photos[0]) == len(photos):
            yield from editor.edit_variants(photos[0], requests, session=session, mask=mask)
        else:
            masks = None if mask is None else repeat(mask)
            yield from editor.stream_gallery(photos, requests, session=session, masks=masks)

    def _explain_here(
        self, photo: str | Path, request: EditRequest, *, session: EditSession, model: str | None, mask: Path | None
    ) -> Generator[Explanation, None, None]:
        yield self.editor(model).explain(photo, request, session=session)

    def _first_name(self) -> str | None:
        """What people call the first model; ``None`` if it could not be loaded and is none that there could be."""
        try:
            return self._editors[self._first].result().checkpoint.name
        except EditError:
            pass
        try:
            return find(self._first).name
        except CheckpointError:
            return None

    def _asked_for(self, model: str) -> Future[Engine]:
        asked = self._first if model == self._first_name() else model
        with self._lock:
            if asked not in self._editors or (_has_failed(self._editors[asked]) and not zero_gpu.ACTIVE):
                self._editors[asked] = self._begin_to_load(asked)
            return self._editors[asked]

    def _first_of_now(self) -> Future[Engine]:
        """The first editor as it is, or on its way once more."""
        with self._lock:
            first = self._editors[self._first]
            if _has_failed(first) and not zero_gpu.ACTIVE and time.monotonic() - self._failed_at > RETRY_SECONDS:
                first = self._editors[self._first] = self._begin_to_load(self._first)
            return first

    def _begin_to_load(self, model: str) -> Future[Engine]:
        future: Future[Engine] = Future()
        if zero_gpu.ACTIVE:  # CUDA is emulated in the main thread only, and only until the app is launched
            self._load_into(future, model)
        else:
            threading.Thread(target=self._load_into, args=(future, model), daemon=True).start()
        return future

    def _load_into(self, future: Future[Engine], model: str) -> None:
        try:
            editor = self._load(model)
        except Exception as error:
            self._failed_at = time.monotonic()
            future.set_exception(_logged(error))
        else:
            future.set_result(editor)


def _logged(error: Exception) -> EditError:
    """What people are told of ``error``, which kept a model from being loaded; the log knows it, too."""
    if isinstance(error, EditError):
        logger.warning("A model could not be loaded: %s", error)
        return error.with_traceback(None)
    logger.error("A model could not be loaded.", exc_info=error)
    return CheckpointError("The model could not be loaded; the log of this program says why.")


def _has_failed(future: Future[Engine]) -> bool:
    return future.done() and future.exception() is not None
