"""One stream at a time, in the order of coming: a turn that a generator has from its first event to its end."""

import threading
from collections import deque
from collections.abc import Generator
from contextlib import closing
from contextvars import ContextVar
from typing import TypeVar

from pix2pix.errors import EditFailed

Event = TypeVar("Event")
Value = TypeVar("Value")

PATIENCE_SECONDS = 0.5
WAITS_FOR_ITSELF = "Another edit of this program is still open here; finish or close its stream before the next one."


class OneAtATime:
    """Lets one stream run at a time; others wait, unless they would wait for ever.

    Whoever asks for an edit between two events of a stream of their own waits for themselves. They are told by two
    marks that a stream leaves whenever it is resumed: its thread, and a fresh token in the context (contextvars). A
    thread alone says too little, because a server resumes the streams of many visitors in the same thread, each in a
    context of its own; a token alone too, because contexts are copied to other threads.
    """

    def __init__(self) -> None:
        self._line = _Line()
        self._token_here: ContextVar[object] = ContextVar("token_here", default=None)
        self._last_resumed: tuple[int, object] | None = None  # thread and token of the stream that runs

    def run(self, stream: Generator[Event, None, Value]) -> Generator[Event, None, Value]:
        """``stream``, begun when no other runs. When it ends, breaks or is closed, the next one begins.

        Raises:
            EditFailed: the stream that runs was last resumed by the caller, who would wait for it for ever.
        """
        place = self._wait()
        try:
            with closing(stream):
                while True:
                    self._mark()
                    try:
                        event = next(stream)
                    except StopIteration as end:
                        value: Value = end.value
                        return value
                    yield event
        finally:
            self._last_resumed = None
            self._line.leave(place)

    @property
    def is_idle(self) -> bool:
        """Whether no stream runs or waits."""
        return self._line.is_empty

    def _wait(self) -> threading.Lock:
        place = self._line.join()
        try:
            if not place.acquire(timeout=PATIENCE_SECONDS):  # a stream may just be changing hands, thread to thread
                if self._last_resumed == (threading.get_ident(), self._token_here.get()):
                    raise EditFailed(WAITS_FOR_ITSELF)
                place.acquire()
        except BaseException:
            self._line.leave(place)
            raise
        return place

    def _mark(self) -> None:
        token = object()
        self._token_here.set(token)
        self._last_resumed = (threading.get_ident(), token)


class _Line:
    """Who waits, in the order of coming. A plain lock knows no order: a gallery that lets it go between two photos
    takes it again before an edit that waits has woken up.

    Each has a place, a lock that can be acquired once it is their turn.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: deque[threading.Lock] = deque()  # the first one has the turn

    def join(self) -> threading.Lock:
        """A new place at the end."""
        place = threading.Lock()
        place.acquire()
        with self._lock:
            self._places.append(place)
            if len(self._places) == 1:
                place.release()
        return place

    @property
    def is_empty(self) -> bool:
        """Whether nobody has a place."""
        return not self._places

    def leave(self, place: threading.Lock) -> None:
        """Give ``place`` up; if it had the turn, the next one has it now."""
        with self._lock:
            had_turn = self._places[0] is place
            self._places.remove(place)
            if had_turn and self._places:
                self._places[0].release()
