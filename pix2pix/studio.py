"""The app's editor while it loads: the page opens at once and waits for the model when it needs it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pix2pix.errors import CheckpointError, EditError
from pix2pix.events import Result, Step
from pix2pix.request import EditRequest
from pix2pix.session import EditSession

if TYPE_CHECKING:
    from pix2pix.editor import Editor


class Studio:
    """Loads an editor in the background and hands it to whoever waits for it."""

    def __init__(self, model: str = "auto") -> None:
        self._model = model
        self._editor: Editor | None = None
        self._failure: EditError | None = None
        self._loader = threading.Thread(target=self._load, daemon=True)
        self._loader.start()

    def editor(self) -> "Editor":
        """The editor; waits until it is loaded.

        Raises:
            EditError: it could not be loaded.
        """
        self._loader.join()
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        return self._editor

    def stream(self, photo: str | Path, request: EditRequest, *, session: EditSession) -> Iterator[Step | Result]:
        """Edit as ``Editor.stream`` does, once the editor is there."""
        yield from self.editor().stream(photo, request, session=session)

    def _load(self) -> None:
        from pix2pix.editor import Editor  # torch and diffusers take seconds to import

        try:
            self._editor = Editor.load(self._model)
        except EditError as error:
            self._failure = error
        except Exception:
            self._failure = CheckpointError("The model could not be loaded; start the app again to see why.")
            raise
