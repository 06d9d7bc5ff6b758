"""What the workers must know of each other, kept by an actor of its own, which outlives any of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a collection is.

    Attributes:
        listed: how many photos were found so far.
        done: how many of them have a result or a sentence.
        failed: how many of those have a sentence.
    """

    listed: int = 0
    done: int = 0
    failed: int = 0


class Ledger:
    """Counts photos, and how often each was begun and never ended, because its worker died."""

    def __init__(self) -> None:
        self._listed = 0
        self._begun: Counter[str] = Counter()
        self._opened: Counter[str] = Counter()
        self._done: dict[str, Counter[bool]] = {}  # of each batch: how many failed, and how many did not
        self._all_done: Counter[bool] = Counter()

    def found(self, number: int) -> None:
        """There are so many photos, as far as the listing has come."""
        self._listed = max(self._listed, number)

    def open(self, photos: Sequence[str]) -> tuple[int, list[int]]:
        """A worker takes a batch: how many had it before, and how often each photo was begun and never ended."""
        self._opened[photos[0]] += 1
        self._all_done.subtract(self._done.get(photos[0], {}))  # they are told of once more
        self._done[photos[0]] = Counter()
        return self._opened[photos[0]] - 1, [self._begun[photo] for photo in photos]

    def begin(self, photo: str) -> None:
        """``photo`` is about to be edited."""
        self._begun[photo] += 1

    def end(self, batch: str, photo: str, failed: bool) -> None:
        """``photo`` of the batch that begins with ``batch`` has its result or its sentence."""
        self._begun.pop(photo, None)
        self._done.setdefault(batch, Counter())[failed] += 1
        self._all_done[failed] += 1

    def progress(self) -> Progress:
        """How far all of them are."""
        return Progress(self._listed, self._all_done.total(), self._all_done[True])
