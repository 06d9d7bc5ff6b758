"""All visitors together: their workspaces on disk, and the little of them that is in memory."""

import math
import os
import sqlite3
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pix2pix.serving.limits import MILLION, USUAL, Limits, read_limits
from pix2pix.serving.opening import Opening
from pix2pix.serving.store import Store, sweep_regularly
from pix2pix.serving.workspace import Workspace, visitor_of
from pix2pix.session import LRU, EditSession

KEEP_HOURS, KEEP_BYTES = 1.0, 2 * 1000**3
MAX_CUT = 1_000  # connections, of which the page has not heard yet
SPACE_DISK = Path("/data")
MAX_SESSIONS = 50  # of the visitors who were here last
MAX_CONDITIONINGS, MAX_IMAGE_LATENTS = 4, 16  # of each: 0.5 MB for an instruction of the full model, 32 kB for a photo
MAX_DRAWING_BYTES = 4 * 1024**2


class Visitors:
    """Workspaces in ``store`` by their key, and what was encoded for them."""

    def __init__(self, store: Store, limits: Limits = USUAL) -> None:
        self.store = store
        self._opening = Opening(limits.opening_megapixels * MILLION)
        self._sessions: LRU[EditSession] = LRU(MAX_SESSIONS)
        self._boards: LRU[dict[str, Any]] = LRU(MAX_SESSIONS)
        self._cut: LRU[str] = LRU(MAX_CUT)

    def workspace(self, key: str) -> Workspace:
        """The workspace that ``key`` opens; using it begins its time anew."""
        return Workspace(self.store, key, self._opening)

    def session(self, workspace: Workspace) -> EditSession:
        """What was encoded for this visitor; results are in the workspace and not in here."""
        return self._sessions.get_or_make(workspace.visitor, _small_session)

    def boards(self, workspace: Workspace) -> dict[str, Any]:
        """The boards of this visitor's tabs, by the tab's name, as far as they are in memory."""
        return self._boards.get_or_make(workspace.visitor, dict)

    def note_cut(self, key: str, tab: str, work: str) -> None:
        """Note that nobody listened to the end of some ``work`` of a tab: its connection was cut."""
        self._cut.put((visitor_of(key), tab, work), work)

    def take_cut(self, key: str, tab: str, work: str) -> bool:
        """Whether that was noted since this was asked last; asking is no use of a workspace."""
        noted = (visitor_of(key), tab, work)
        was_cut = self._cut.get(noted) is not None
        self._cut.discard(noted)
        return was_cut

    def time_is_over(self, key: str) -> bool:
        """Whether what this visitor had was deleted because its time was over; asking is no use of it."""
        return self.store.is_over(visitor_of(key))

    def forget(self, workspace: Workspace) -> None:
        """Delete everything of this visitor, on disk and in memory."""
        workspace.forget()
        self._sessions.discard(workspace.visitor)
        self._boards.discard(workspace.visitor)


def _small_session() -> EditSession:
    return EditSession(
        0,
        max_conditionings=MAX_CONDITIONINGS,
        max_image_latents=MAX_IMAGE_LATENTS,
        max_drawing_bytes=MAX_DRAWING_BYTES,
    )


def open_visitors(environment: Mapping[str, str]) -> Visitors:
    """The visitors' work where, as long as, and as large as ``environment`` says; swept from now on.

    PIX2PIX_DATA names the folder, PIX2PIX_KEEP_HOURS and PIX2PIX_KEEP_BYTES the bounds, and ``read_limits`` the others.

    Raises:
        ValueError: one of them makes no sense, or the folder cannot be used; its text is one sentence.
    """
    limits = read_limits(environment)
    hours = _above_zero(environment, "PIX2PIX_KEEP_HOURS", KEEP_HOURS)
    room = int(_above_zero(environment, "PIX2PIX_KEEP_BYTES", KEEP_BYTES))
    try:
        store = Store(folder_from(environment), hours * 3600, room)
        store.sweep()
    except (OSError, RuntimeError, sqlite3.Error) as error:  # a RuntimeError for the home of somebody unknown
        said = f"Visitors' work cannot be kept ({error}); name another folder by PIX2PIX_DATA."
        raise ValueError(said) from error
    sweep_regularly(store)
    return Visitors(store, limits)


def _above_zero(environment: Mapping[str, str], name: str, default: float) -> float:
    said = environment.get(name, "").strip()
    try:
        value = float(said or default)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be a number above 0, and not “{said}”.")
    return value


def folder_from(environment: Mapping[str, str]) -> Path:
    """Where the work is kept: PIX2PIX_DATA, a Space's own disk, or a folder in the system's temporary one."""
    if named := environment.get("PIX2PIX_DATA", "").strip():
        return Path(named).expanduser()
    if environment.get("SPACE_ID") and SPACE_DISK.is_dir() and os.access(SPACE_DISK, os.W_OK):
        return SPACE_DISK / "pix2pix"
    owner = os.getuid() if hasattr(os, "getuid") else "me"
    return Path(tempfile.gettempdir()) / f"pix2pix-{owner}"
