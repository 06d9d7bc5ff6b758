"""What the page is handed: editors, and the streams of their edits."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from pix2pix.events import Outcome, PhotoStep, Result, Step
from pix2pix.request import EditRequest
from pix2pix.session import EditSession


class Studio(Protocol):
    """What the page needs: editors by the name of their model, as soon as they are loaded."""

    def editor(self, model: str | None = None) -> Any: ...

    def models(self) -> tuple[str, ...]: ...

    def stream(
        self, photo: Path, request: EditRequest, *, session: EditSession, model: str | None = None
    ) -> Iterator[Step | Result]: ...

    def stream_gallery(
        self, photos: Sequence[Path], requests: Sequence[EditRequest], *, session: EditSession, model: str | None = None
    ) -> Iterator[PhotoStep | Outcome]: ...
