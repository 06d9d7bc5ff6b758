"""One photo of the gallery tab: a card, and how it is noted in the workspace."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pix2pix.events import Step
from pix2pix.request import EditRequest
from pix2pix.serving.workspace import GALLERY, Workspace

WAITING, EDITING, DONE, FAILED = "waiting", "editing", "done", "failed"


@dataclass(frozen=True, eq=False)
class Card:
    """One photo.

    Attributes:
        name: its file name.
        photo: the file.
        stored: the id of the photo in the workspace, as soon as it is taken in.
        state: waiting, editing, done or failed.
        meant: what it was told when all were told last; a card that was edited again alone keeps it.
        wanted: what it waits to be edited with; ``None`` if it does not.
        request: what it was edited with.
        step: the last step while it is being edited.
        sentence: why it failed, or why an earlier result was kept.
        result: the id of the finished result in the workspace.
        file: the finished picture.
        before, after: small pictures of the photo and of the result, as files that the page can show.
    """

    name: str
    photo: Path
    stored: str | None = None
    state: str = WAITING
    meant: EditRequest | None = None
    wanted: EditRequest | None = None
    request: EditRequest | None = None
    step: Step | None = field(default=None, repr=False)
    sentence: str = ""
    result: str | None = None
    file: Path | None = None
    before: str | None = None
    after: str | None = None

    @property
    def progress(self) -> float:
        """How much of the edit is done, 0..1."""
        if self.state == EDITING and self.step:
            return self.step.index / self.step.total
        return float(self.state in (DONE, FAILED))


def noted(card: Card) -> dict[str, Any]:
    """``card`` as JSON can hold it, for ``restored``; steps and small pictures are not noted."""
    requests = {name: _as_dict(getattr(card, name)) for name in ("meant", "request")}
    kept = {name: getattr(card, name) for name in ("name", "stored", "state", "sentence", "result")}
    return {**kept, **requests, "asked": card.wanted is not None}


def _as_dict(request: EditRequest | None) -> dict[str, Any] | None:
    return asdict(request) if request else None


def restored(workspace: Workspace, entry: dict[str, Any]) -> Card | None:
    """The card as it was noted; ``None`` if its photo had not come in yet, or is gone."""
    try:
        photo = workspace.photo(entry["stored"])
    except KeyError:
        return None
    meant, request = (EditRequest(**entry[name]) if entry[name] else None for name in ("meant", "request"))
    card = Card(entry["name"], photo.file, photo.id, meant=meant, request=request)
    card = replace(card, sentence=entry["sentence"], before=str(photo.thumbnail))
    if entry["result"] and workspace.has_result(entry["result"], GALLERY):
        result = workspace.result(entry["result"], GALLERY)
        return replace(card, state=DONE, result=result.id, file=result.file, after=str(result.thumbnail))
    return replace(card, state=FAILED) if entry["state"] == FAILED else replace(card, meant=None)
