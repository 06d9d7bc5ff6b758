"""What was encoded for whom: one ``EditSession`` for each visitor, few and small, for all visitors together."""

import threading

from pix2pix.session import LRU, EditSession

MAX_SESSIONS = 50  # of the visitors who were here last
MAX_CONDITIONINGS, MAX_IMAGE_LATENTS = 4, 16  # of each: 0.5 MB for an instruction of the full model, 32 kB for a photo
MAX_DRAWING_BYTES = 4 * 1024**2


class Sessions:
    """Sessions by visitor. They hold no results: those are in the workspace."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: LRU[EditSession] = LRU(MAX_SESSIONS)

    def of(self, visitor: str) -> EditSession:
        """The session of ``visitor``, a new one if there is none."""
        with self._lock:
            return self._sessions.get_or_make(visitor, _small_session)

    def forget(self, visitor: str) -> None:
        """Let go of what was encoded for ``visitor``."""
        with self._lock:
            self._sessions.discard(visitor)


def _small_session() -> EditSession:
    return EditSession(
        0,
        max_conditionings=MAX_CONDITIONINGS,
        max_image_latents=MAX_IMAGE_LATENTS,
        max_drawing_bytes=MAX_DRAWING_BYTES,
    )
