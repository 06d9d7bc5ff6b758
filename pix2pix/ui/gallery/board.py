"""The board of the gallery tab: one visitor's photos, each on a card that says how far it is."""

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from pix2pix.events import Outcome, Step
from pix2pix.files.archive import ArchivedPhoto
from pix2pix.request import EditRequest
from pix2pix.serving.stored import StoredPhoto
from pix2pix.serving.workspace import GALLERY, Workspace
from pix2pix.session import EditSession
from pix2pix.ui.gallery.card import DONE, EDITING, FAILED, WAITING, Card, noted, restored
from pix2pix.ui.safely import sentence_for

MAX_PHOTOS = 100
NOTHING_CHANGED = "Nothing was changed; try other words."
NOTE = "gallery"
NOTHING: dict[str, Any] = {"cards": [], "asking": {}, "saving": {}}


class Board:
    """All cards of one tab. What the parts of the page show is read from here, and noted in the workspace.

    Events of several queues work on one board at the same time (photos come in while others are edited), so cards are
    changed under a lock only.

    Attributes:
        cards: in the order in which the photos came.
        session: what was encoded for this visitor.
        asking: words and settings as they stand on the tab, by name; empty as long as nobody touched them.
        saving: of ``request.SAVE_SETTINGS``, as they were chosen when all were asked for last.
        running: whether the waiting cards are being edited.
        interrupted: whether edits were under way when the page, or the program, ended.
        chosen: the index of the card that is looked at closely, or ``None``.
    """

    def __init__(self, workspace: Workspace, tab: str, session: EditSession) -> None:
        self.cards: list[Card] = []
        self.session = session
        self.asking: dict[str, Any] = {}
        self.saving: dict[str, Any] = {}
        self.running = False
        self.interrupted = False
        self.chosen: int | None = None
        self.workspace = workspace
        self._note = f"{NOTE} {tab[:64]}"
        self._began, self._progress_then = 0.0, 0.0
        self._lock = threading.RLock()
        self._noted = workspace.note(self._note)
        self._restore(self._noted or workspace.note(NOTE) or NOTHING)

    @property
    def is_current(self) -> bool:
        """Whether the workspace knows this board as it is; it does not once the visitor's time was over, or the visitor
        has gone on with it in another program on the same folder."""
        with self._lock:
            noted = self.workspace.note(self._note)
            return noted == self._noted and (noted is not None or not self.cards)

    def add(self, photos: Iterable[tuple[Path, str]]) -> tuple[list[int], int]:
        """Put each photo, a path and a name, on a card; returns their indices, and how many found no room."""
        photos = list(photos)
        with self._lock:
            first = len(self.cards)
            room = MAX_PHOTOS - first
            self.cards += [Card(name, path) for path, name in photos[:room]]
            return list(range(first, len(self.cards))), max(0, len(photos) - room)

    def keep_asking(self, asking: dict[str, Any]) -> None:
        """Note words and settings of the tab as they stand."""
        self.asking = asking
        self.write()

    def take_in(self, index: int, photo: StoredPhoto) -> None:
        """The photo of the card at ``index`` is in the workspace now."""
        self.update(index, photo=photo.file, stored=photo.id, before=str(photo.thumbnail))
        self.write()

    def update(self, index: int, **changes: Any) -> None:
        """Change what the card at ``index`` says, if it is still there."""
        with self._lock:
            if index < len(self.cards):
                self.cards[index] = replace(self.cards[index], **changes)

    def holds(self, index: int, photo: Path) -> bool:
        """Whether the card at ``index`` is still that of the file ``photo``."""
        with self._lock:
            return index < len(self.cards) and self.cards[index].photo == photo

    def count(self, state: str) -> int:
        """How many cards are in ``state``."""
        return sum(card.state == state for card in self.cards)

    @property
    def to_do(self) -> list[int]:
        """The cards that wait and have been told what to do."""
        return [index for index, card in enumerate(self.cards) if card.wanted]

    def asked(self, indices: Iterable[int]) -> tuple[list[Path], list[EditRequest]]:
        """The photos of the cards at ``indices``, which wait, and what they are to be edited with."""
        with self._lock:
            waiting = [(card.photo, card.wanted) for card in (self.cards[index] for index in indices) if card.wanted]
        return [photo for photo, _ in waiting], [wanted for _, wanted in waiting]

    def waits_for(self, index: int, request: EditRequest) -> bool:
        """Whether the card at ``index`` is still there and still to be edited by this very ``request``."""
        with self._lock:
            return index < len(self.cards) and self.cards[index].wanted is request

    def ask(self, request: EditRequest, vary_seed: bool) -> None:
        """Edit all cards by ``request``, except photos that cannot be opened, and what is done or failed by the same.

        With ``vary_seed``, card k gets the seed of the request + k, whenever it came.
        """
        with self._lock:
            for index, wanted in enumerate(self._requests(request, vary_seed)):
                card = self.cards[index]
                unreadable = card.state == FAILED and card.before is None
                if not unreadable and (card.state not in (DONE, FAILED) or card.meant != wanted):
                    self._start(index, wanted, meant=wanted)
        self.write()

    def ask_failed(self, request: EditRequest, vary_seed: bool) -> None:
        """Try the failed cards again, by what they were asked for, or by ``request`` if by nothing yet."""
        with self._lock:
            for index, wanted in enumerate(self._requests(request, vary_seed)):
                card = self.cards[index]
                if card.state == FAILED:
                    self._start(index, card.request or wanted, meant=card.meant or wanted)
        self.write()

    def ask_one(self, index: int, request: EditRequest) -> None:
        """Edit one card by a request of its own."""
        self._start(index, request)
        self.write()

    def _requests(self, request: EditRequest, vary_seed: bool) -> list[EditRequest]:
        return list(islice(request.numbered(), len(self.cards))) if vary_seed else [request] * len(self.cards)

    def _start(self, index: int, request: EditRequest, **changes: Any) -> None:
        self.update(index, state=WAITING, wanted=request, step=None, sentence="", **changes)
        self.interrupted = False
        if not self.running:
            self.running = True
            self._began = 0.0

    def take_step(self, index: int, step: Step) -> None:
        """The photo at ``index`` is one step further."""
        if not self._began:
            self._began, self._progress_then = time.monotonic(), self._progress_of_all()
        self.update(index, state=EDITING, step=step)

    def finish(self, index: int, outcome: Outcome) -> None:
        """The photo at ``index`` is finished: its result becomes a file, or its error a sentence."""
        if outcome.result is None:
            self.fail(index, str(outcome.error))
            return
        card = self.cards[index]
        try:
            photo = self.workspace.add_photo(card.photo, card.name)
            stored = self.workspace.add_result(outcome.result, photo, kind=GALLERY, **self.saving)
        except OSError as error:
            self.fail(index, sentence_for(error))
            return
        files = {"result": stored.id, "file": stored.file, "after": str(stored.thumbnail)}
        said = NOTHING_CHANGED if stored.unchanged else ""
        done = {"state": DONE, "step": None, "wanted": None, "sentence": said, "request": outcome.result.request}
        self.update(index, **done, **files)
        self.write()
        self._delete([card.result])

    def fail(self, index: int, sentence: str) -> None:
        """The photo at ``index`` got no result, for the reason that ``sentence`` gives; an earlier one is kept."""
        with self._lock:
            card = self.cards[index] if index < len(self.cards) else None
            if card is None:
                return
            if card.file is None:
                self.update(index, state=FAILED, step=None, sentence=sentence, wanted=None, request=card.wanted)
            else:
                both = f"The earlier result was kept. {sentence}"
                self.update(index, state=DONE, step=None, sentence=both, wanted=None, meant=None)
        self.write()

    def stop(self) -> None:
        """Edit no further; what is finished stays."""
        self.running = False
        with self._lock:
            for index in self.to_do:
                state = DONE if self.cards[index].file else WAITING
                self.update(index, state=state, step=None, wanted=None, meant=None)
        self.write()

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the pace so far, or ``None`` while that cannot be told."""
        done = self._progress_of_all() - self._progress_then
        elapsed = time.monotonic() - self._began
        if not self.running or not self._began or done <= 0.5 or elapsed < 1:
            return None
        return elapsed / done * sum(1 - self.cards[index].progress for index in self.to_do)

    def _progress_of_all(self) -> float:
        return sum(card.progress for card in self.cards)

    @property
    def archived(self) -> list[ArchivedPhoto]:
        """What goes into the archive."""
        return [ArchivedPhoto(card.name, card.request, card.file, card.sentence) for card in self.cards]

    def clear(self) -> None:
        """Take all cards off and delete their results; what the session knows of instructions stays."""
        with self._lock:
            results = [card.result for card in self.cards]
            self.cards, self.running, self.chosen, self.interrupted = [], False, None, False
        self.write()
        self._delete(results)

    def _delete(self, results: Iterable[str | None]) -> None:
        """Delete results that no other tab's board shows."""
        shown = {card["result"] for note in self.workspace.notes(f"{NOTE} ") for card in note["cards"]}
        for result in results:
            if result and result not in shown:
                self.workspace.delete_result(result, GALLERY)

    def write(self) -> None:
        """Note the board as it is."""
        with self._lock:
            note = {"cards": [noted(card) for card in self.cards], "asking": self.asking, "saving": self.saving}
            for name in (self._note, NOTE):
                self.workspace.write_note(name, note)
            self._noted = json.loads(json.dumps(note))  # as it will be read

    def _restore(self, note: dict[str, Any]) -> None:
        self.asking, self.saving = note["asking"], note["saving"]
        self.cards = [card for one in note["cards"] if (card := restored(self.workspace, one))]
        self.interrupted = any(one["asked"] for one in note["cards"])
