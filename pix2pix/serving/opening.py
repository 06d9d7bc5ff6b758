"""How many photos are opened at the same time, in pixels: a photo of a few bytes may take much memory once decoded."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pix2pix.errors import EditFailed
from pix2pix.photo.decoding import open_image

MAX_WAITING = 12  # threads; more would take them from the rest of the page
PATIENCE_SECONDS = 30.0
BUSY = "Too many photos are being opened right now; please try again in a moment."


class Opening:
    """Lets photos be opened together as long as they have no more than ``pixels``; a larger one is opened alone."""

    def __init__(self, pixels: float) -> None:
        self._pixels = pixels
        self._open = 0.0
        self._waiting = 0
        self._changed = threading.Condition()

    @contextmanager
    def of(self, pixels: int) -> Iterator[None]:
        """The time in which a photo of so many ``pixels`` is opened; waits until there is room.

        Raises:
            EditFailed: too many wait already, or it took too long.
        """
        weight = min(float(pixels), self._pixels)
        with self._changed:
            self._wait_for(weight)
            self._open += weight
        try:
            yield
        finally:
            give_back()
            with self._changed:
                self._open -= weight
                self._changed.notify_all()

    def _wait_for(self, weight: float) -> None:
        if self._open + weight > self._pixels and self._waiting >= MAX_WAITING:
            raise EditFailed(BUSY)
        self._waiting += 1
        try:
            if not self._changed.wait_for(lambda: self._open + weight <= self._pixels, PATIENCE_SECONDS):
                raise EditFailed(BUSY)
        finally:
            self._waiting -= 1


def give_back() -> None:
    """Let glibc give back what it keeps of freed pictures: it keeps some for every thread."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)


def pixels_in(source: str | os.PathLike[str] | bytes) -> int:
    """How many pixels the photo ``source`` says it has; raises ``InvalidImage`` if it is none that can be opened."""
    with open_image(source) as image:
        return image.width * image.height
