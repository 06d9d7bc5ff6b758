"""One edit on its way to a replica and back."""

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PIL.Image import Image
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException

from pix2pix.cluster.replicas.together import Event
from pix2pix.engine import File
from pix2pix.errors import EditError, EditFailed, InvalidImage
from pix2pix.events import Outcome, PhotoStep
from pix2pix.photo.digest import CANNOT_BE_READ
from pix2pix.photo.limits import MAX_BYTES
from pix2pix.request import EditRequest

ATTEMPTS = 2  # of a photo whose replica dies
LOST = "Twice, the program that edited this photo was stopped; please try again in a moment."


class UnderWay:
    """An edit that is sent at once; what becomes of it is read when its turn has come.

    Args:
        streams: sends to a replica's ``stream``.
        index: which photo of its gallery it is.
        request: with nothing open that defaults say.
    """

    def __init__(self, streams: Any, index: int, photo: File, request: EditRequest, mask: File | None) -> None:
        self._index = index
        self._source = Path(photo) if isinstance(photo, (str, os.PathLike)) else None
        self._responses: Any = None
        try:
            contents = content_of(photo), request, None if mask is None else content_of(mask)
        except EditError as error:
            self._error = error
        else:
            self._send = partial(streams.remote, *contents)
            self._responses = self._send()

    def events(self) -> Iterator[Event]:
        """Its steps and its outcome; where its replica dies, those of another one from the beginning."""
        for attempt in range(ATTEMPTS if self._responses else 0):
            try:
                yield from map(self._own, self._responses)
                return
            except (RayError, RayServeException) as error:
                self._error = EditFailed(LOST)
                self._error.__cause__ = error
            if attempt + 1 < ATTEMPTS:
                self._responses = self._send()
        yield Outcome(self._index, self._source, error=self._error)

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        if self._responses:
            self._responses.cancel()

    def _own(self, event: Event) -> Event:
        """``event`` with the number and the file of this photo, which a replica does not know."""
        if isinstance(event, PhotoStep):
            return replace(event, index=self._index)
        result = replace(event.result, source=self._source) if event.result else None
        return replace(event, index=self._index, source=self._source, result=result)


def content_of(file: File) -> bytes:
    """The bytes of ``file``, or as many as show that it is too large.

    Raises:
        InvalidImage: it cannot be read.
    """
    if isinstance(file, bytes):
        return file
    if isinstance(file, Image):
        drawn = io.BytesIO()
        file.save(drawn, "PNG")
        return drawn.getvalue()
    try:
        with open(file, "rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidImage(CANNOT_BE_READ) from error
