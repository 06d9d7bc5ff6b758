"""What one tab of a visitor's browser has before it: a photo, a result, words, and perhaps an edit under way.

It is noted in the workspace at every change, under a name that the tab keeps over reloads. Another tab has a desk of
its own; one that is opened for the first time begins with what was on the desk used last.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from pix2pix.serving.stored import StoredPhoto, StoredResult
from pix2pix.serving.workspace import Workspace

LAST = "desk"
MAX_TAB_NAME = 64  # characters


@dataclass(frozen=True)
class Desk:
    """Attributes:
    photo, view: ids of the photo and of the result in view, or ``None``.
    instruction: the words as they were typed last.
    asked: the words of an edit that was asked for and has not ended, or an empty text.
    """

    photo: str | None = None
    view: str | None = None
    instruction: str = ""
    asked: str = ""

    @classmethod
    def of(cls, workspace: Workspace, tab: str) -> "Desk":
        """The desk of ``tab``, as far as what is on it is still there."""
        noted = workspace.note(_name(tab))
        if noted is None:
            noted = {**(workspace.note(LAST) or {}), "asked": ""}  # another tab may still be at work
        return cls(**{name: noted[name] for name in cls.__dataclass_fields__ if name in noted})

    def write(self, workspace: Workspace, tab: str, **changes: Any) -> "Desk":
        """This desk with ``changes``, noted."""
        desk = replace(self, **changes)
        for name in (_name(tab), LAST):
            workspace.write_note(name, asdict(desk))
        return desk

    def photo_in(self, workspace: Workspace) -> StoredPhoto | None:
        """The photo, if there is one and its time is not over."""
        try:
            return workspace.photo(self.photo) if self.photo else None
        except KeyError:
            return None

    def result_in(self, workspace: Workspace) -> StoredResult | None:
        """The result in view, if there is one and its time is not over."""
        try:
            return workspace.result(self.view) if self.view else None
        except KeyError:
            return None


def _name(tab: str) -> str:
    return f"{LAST} {str(tab)[:MAX_TAB_NAME]}"
