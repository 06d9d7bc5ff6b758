"""One line in the log for every edit: figures only, nothing of who asked for it, of what, or of which photo."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pix2pix.errors import EditError
from pix2pix.events import Result, Step
from pix2pix.session import EditSession

logger = logging.getLogger(__name__)


class Line:
    """What is known of one edit; written once.

    Attributes:
        drawing_seconds: since its first step was done.
    """

    def __init__(self, session: EditSession) -> None:
        self._session = session
        self._known = _known(session)
        self._began = time.monotonic()
        self._first_step: float | None = None
        self._steps = 0
        self._written = False

    @property
    def drawing_seconds(self) -> float:
        return 0.0 if self._first_step is None else time.monotonic() - self._first_step

    def take(self, step: Step) -> None:
        """One more step is done."""
        self._steps = step.index
        self._first_step = self._first_step or time.monotonic()

    def write(self, outcome: str, result: Result | None = None) -> None:
        """The edit has ended so; what is said later does not count."""
        if self._written:
            return
        self._written = True
        canvas = "x".join(map(str, result.canvas_image.size)) if result else "-"
        figures = time.monotonic() - self._began, self._steps, canvas, _known(self._session) - self._known
        logger.info("edit outcome=%s seconds=%.2f steps=%d canvas=%s cache_hits=%d", outcome, *figures)

    def end(self, result: Result) -> None:
        """The edit has ended with ``result``."""
        self.write("unchanged" if result.unchanged else "done", result)


def _known(session: EditSession) -> int:
    """How often something of an edit was encoded already."""
    return session.conditionings.hits + session.image_latents.hits


@contextmanager
def one_line(session: EditSession) -> Iterator[Line]:
    """The line of an edit that ends with this context, one way or another."""
    line = Line(session)
    try:
        yield line
    except GeneratorExit:
        line.write("stopped")
        raise
    except EditError as error:
        line.write(type(error).__name__)
        raise
    finally:
        line.write("broken")
