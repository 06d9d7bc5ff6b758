"""What the page is handed, as types: it never imports an editor, so it needs no torch and a test can hand it a fake."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Protocol

from pix2pix.engine import EditorLike
from pix2pix.events import Explanation, Outcome, PhotoStep, Result, Step
from pix2pix.request import EditRequest
from pix2pix.session import EditSession


class EditService(Protocol):
    """Editors by the name of their model, as soon as they are loaded, and the streams of their edits.

    ``pix2pix.serving.studio.Studio`` is one. A model of ``None`` is the first one; a ``mask`` says where edits may act,
    that of a gallery for all of its photos. Every method but ``models`` raises an ``EditError`` if the model could not
    be loaded.
    """

    def editor(self, model: str | None = None) -> EditorLike: ...

    def is_loaded(self) -> bool: ...

    def models(self) -> tuple[str, ...]: ...

    def is_quick(self, model: str | None = None) -> bool: ...

    def is_idle(self, model: str | None = None) -> bool: ...

    def explain(
        self, photo: Path, request: EditRequest, *, session: EditSession, model: str | None = None
    ) -> Explanation: ...

    def stream(
        self,
        photo: Path,
        request: EditRequest,
        *,
        session: EditSession,
        model: str | None = None,
        mask: Path | None = None,
    ) -> Generator[Step | Result, None, None]: ...

    def stream_gallery(
        self,
        photos: Sequence[Path],
        requests: Sequence[EditRequest],
        *,
        session: EditSession,
        model: str | None = None,
        mask: Path | None = None,
    ) -> Generator[PhotoStep | Outcome, None, None]: ...
