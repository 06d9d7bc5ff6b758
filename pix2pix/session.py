"""What one visitor has: conditions already encoded, and the history of results with undo. Imports no torch."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from PIL.Image import Image

from pix2pix.events import Result

Value = TypeVar("Value")

MAX_CONDITIONINGS = 8
MAX_IMAGE_LATENTS = 128  # a whole gallery: 16 to 32 kB each at a checkpoint's own resolution
MAX_DRAWING_BYTES = 128 * 1024**2  # 80 drawings of 512 x 512, each with the copy of its photo
MAX_RESULTS = 24
MAX_HISTORY_BYTES = 512 * 1024**2


class LRU(Generic[Value]):
    """The values used last; counts how often one was there (hits) or had to be made (misses). For any thread.

    Attributes:
        capacity: how many values there may be, or what they may weigh together where ``weigh`` says what one weighs.
    """

    def __init__(self, capacity: int, weigh: Callable[[Value], int] | None = None) -> None:
        self.capacity = capacity
        self.hits = 0
        self.misses = 0
        self._weigh = weigh
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}  # which cannot be pickled

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state, _lock=threading.Lock())

    def get_or_make(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value under ``key``; if there is none, ``make()`` makes it and it is put there."""
        with self._lock:
            if key in self._values:
                self.hits += 1
                self._values.move_to_end(key)
                return self._values[key]
            self.misses += 1
        value = make()
        self.put(key, value)
        return value

    def get(self, key: Hashable) -> Value | None:
        """The value under ``key``, or ``None``. It counts as used, though neither as a hit nor as a miss."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: Hashable, value: Value) -> None:
        """Put ``value`` under ``key``; beyond the capacity, what was not used for longest is dropped."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > 1 and self._weight() > self.capacity:
                self._values.popitem(last=False)

    def discard(self, key: Hashable) -> None:
        """Let go of what is under ``key``, if anything is."""
        with self._lock:
            self._values.pop(key, None)

    def _weight(self) -> int:
        return len(self._values) if self._weigh is None else sum(map(self._weigh, self._values.values()))


class EditSession:
    """One visitor's memory. Everything in it is on the CPU, bounded and picklable; it belongs to one visitor only.

    Attributes:
        conditionings: text conditions, keyed by checkpoint and instruction; their kind belongs to a room with torch.
        image_latents: image conditions, keyed by checkpoint and the canvas' pixels.
        relevances: where instructions act on photos, keyed by both.
        copies: the autoencoder's own copies of canvases, RGB, keyed as their latents; what they may weigh is what
            drawings may.
        drawings: what the model drew for the photos of galleries, keyed by all that it depends on.
    """

    def __init__(
        self,
        max_results: int = MAX_RESULTS,
        max_bytes: int = MAX_HISTORY_BYTES,
        *,
        max_conditionings: int = MAX_CONDITIONINGS,
        max_image_latents: int = MAX_IMAGE_LATENTS,
        max_drawing_bytes: int = MAX_DRAWING_BYTES,
    ) -> None:
        self.conditionings: LRU[Any] = LRU(max_conditionings)
        self.image_latents: LRU[Any] = LRU(max_image_latents)
        self.relevances: LRU[Any] = LRU(max_image_latents)
        self.copies: LRU[Image] = LRU(max_drawing_bytes, weigh=_bytes)
        self.drawings: LRU[Any] = LRU(max_drawing_bytes, weigh=_drawing_bytes)
        self._max_results = max_results
        self._max_bytes = max_bytes
        self._results: list[Result] = []
        self._position = 0

    @property
    def history(self) -> tuple[Result, ...]:
        """All results there are, oldest first, those that were undone included."""
        return tuple(self._results)

    @property
    def current(self) -> Result | None:
        """The result in view; ``None`` stands for the original photo."""
        return self._results[self._position - 1] if self._position else None

    def add(self, result: Result) -> None:
        """Put ``result`` after the current one. What had been undone is dropped, and the oldest beyond the bounds.

        The newest is always there, unless the session is to hold no results at all.
        """
        self._results = [*self._results[: self._position], result]
        while len(self._results) > min(1, self._max_results) and self._is_over_bounds():
            self._results.pop(0)
        self._position = len(self._results)

    def show(self, index: int) -> Result:
        """Bring the result at ``index`` of the history into view, and return it."""
        result = self._results[index]
        self._position = index + 1
        return result

    def undo(self) -> Result | None:
        """One step back; the result then in view, or ``None`` at the original photo."""
        self._position = max(0, self._position - 1)
        return self.current

    def redo(self) -> Result | None:
        """One step forward again, if there is one; the result then in view."""
        self._position = min(len(self._results), self._position + 1)
        return self.current

    def without_results(self) -> "EditSession":
        """A session with the same conditions and no history."""
        session = EditSession(self._max_results, self._max_bytes)
        session.adopt_conditions(self)
        return session

    def adopt_conditions(self, other: "EditSession") -> None:
        """Take over what ``other`` has encoded."""
        self.conditionings, self.image_latents = other.conditionings, other.image_latents
        self.relevances, self.copies = other.relevances, other.copies

    def _is_over_bounds(self) -> bool:
        size = sum(_bytes(result.image) + _bytes(result.canvas_image) for result in self._results)
        return len(self._results) > self._max_results or size > self._max_bytes


def _bytes(image: Image) -> int:
    return image.width * image.height * len(image.getbands())


def _drawing_bytes(drawing: Any) -> int:
    return _bytes(drawing.image) + (_bytes(drawing.copy) if drawing.copy else 0)
