"""What holds for every edit over the page, REST and MCP: its cost, its time, its audience, and its line in the log."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pix2pix.engine import EditorLike
from pix2pix.errors import EditFailed
from pix2pix.events import Explanation, Outcome, PhotoStep, Result, Step
from pix2pix.request import EditRequest
from pix2pix.serving.limits import Limits
from pix2pix.session import EditSession
from pix2pix.ui.crowd.audience import is_wanted
from pix2pix.ui.crowd.log import Line, one_line
from pix2pix.ui.protocols import EditService

TOOK_TOO_LONG = "This edit took too long and was stopped; try fewer steps or a smaller size."
ABANDONED = "Nobody waited for this edit any more, so it was stopped."


class Abandoned(EditFailed):
    """Nobody waits for the edit any more."""


class Guard:
    """``service``, within ``limits``; it is an ``EditService`` itself.

    An edit that nobody waits for, as ``wanted`` says, ends with ``Abandoned`` at its next step, and one that takes too
    long with ``EditFailed``. A gallery goes on after a photo that took too long.
    """

    def __init__(self, service: EditService, limits: Limits, wanted: Callable[[], bool] = is_wanted) -> None:
        self._service = service
        self._limits = limits
        self._wanted = wanted

    def editor(self, model: str | None = None) -> EditorLike:
        """As ``EditService`` has it."""
        return self._service.editor(model)

    def is_loaded(self) -> bool:
        """As ``EditService`` has it."""
        return self._service.is_loaded()

    def models(self) -> tuple[str, ...]:
        """As ``EditService`` has it."""
        return self._service.models()

    def is_quick(self, model: str | None = None) -> bool:
        """As ``EditService`` has it."""
        return self._service.is_quick(model)

    def is_idle(self, model: str | None = None) -> bool:
        """As ``EditService`` has it."""
        return self._service.is_idle(model)

    def explain(
        self, photo: Path, request: EditRequest, *, session: EditSession, model: str | None = None
    ) -> Explanation:
        """As ``EditService`` has it; errors as ``stream``."""
        self._check([request], model)
        return self._service.explain(photo, request, session=session, model=model)

    def stream(
        self,
        photo: Path,
        request: EditRequest,
        *,
        session: EditSession,
        model: str | None = None,
        mask: Path | None = None,
    ) -> Generator[Step | Result, None, None]:
        """As ``EditService`` has it; also raises ``InvalidRequest`` where ``request`` is too much work."""
        with one_line(session) as line:
            self._check([request], model)
            with closing(self._service.stream(photo, request, session=session, model=model, mask=mask)) as stream:
                for event in stream:
                    if isinstance(event, Result):
                        line.end(event)
                    elif self._is_late(event, line):
                        raise EditFailed(TOOK_TOO_LONG)
                    yield event

    def stream_gallery(
        self,
        photos: Sequence[Path],
        requests: Sequence[EditRequest],
        *,
        session: EditSession,
        model: str | None = None,
        mask: Path | None = None,
    ) -> Generator[PhotoStep | Outcome, None, None]:
        """As ``EditService`` has it; also raises ``InvalidRequest`` where one of ``requests`` is too much work."""
        self._check(requests, model)
        due = 0
        while due < len(photos):
            asked = photos[due:], requests[due:]
            stream = self._service.stream_gallery(*asked, session=session, model=model, mask=mask)
            with closing(stream):
                due = yield from self._until_late(stream, photos, due, session)

    def _until_late(
        self,
        stream: Generator[PhotoStep | Outcome, None, None],
        photos: Sequence[Path],
        first: int,
        session: EditSession,
    ) -> Generator[PhotoStep | Outcome, None, int]:
        """``stream``, which begins with photo ``first``; returns the next photo, after one that took too long."""
        due, line = first, Line(session)
        for event in stream:
            event = replace(event, index=first + event.index)
            if isinstance(event, Outcome):
                line.end(event.result) if event.result else line.write(type(event.error).__name__)
                due, line = due + 1, Line(session)
            elif self._is_late(event.step, line):
                line.write("EditFailed")
                yield Outcome(due, photos[due], error=EditFailed(TOOK_TOO_LONG))
                return due + 1
            yield event
        return len(photos)

    def _check(self, requests: Sequence[EditRequest], model: str | None) -> None:
        if requests:
            defaults = self._service.editor(model).checkpoint.defaults
            for request in requests:
                self._limits.check(request, defaults)

    def _is_late(self, step: Step, line: Line) -> bool:
        line.take(step)
        if not self._wanted():
            raise Abandoned(ABANDONED)
        return line.drawing_seconds > self._limits.edit_seconds
