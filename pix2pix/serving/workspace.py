"""What one visitor has: photos, results as a tree, and notes, on disk until their time is over.

A visitor is whoever knows the key, 128 random bits that only the visitor's browser keeps. Here it is never written
down: the index knows a hash of it.
"""

import hashlib
import json
import math
import re
import secrets
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pix2pix.errors import InvalidImage
from pix2pix.events import Result
from pix2pix.files.naming import safe_name
from pix2pix.files.receipt import Receipt, find_receipt
from pix2pix.photo import Photo, open_photo
from pix2pix.request import EditRequest
from pix2pix.serving.item_files import (
    MASK,
    SHOWN,
    THUMBNAIL,
    digest_of_file,
    link_or_copy,
    save_copies,
    write_mask,
    write_result,
)
from pix2pix.serving.opening import Opening, give_back, pixels_in
from pix2pix.serving.store import Row, Store
from pix2pix.serving.stored import StoredPhoto, StoredResult

KEY = re.compile("[0-9a-f]{32}")
MAX_MASK_PIXELS = 4_000_000
MASK_TOO_LARGE = "What was painted is too large to be kept; paint it again."
RESULT, GALLERY = "result", "gallery"  # kinds of items


def new_key() -> str:
    """A key for a visitor who has none yet."""
    return secrets.token_hex(16)


def visitor_of(key: object) -> str:
    """Whose key it is, as the index knows them; what is no key is that of nobody who was ever here."""
    known = key if isinstance(key, str) and KEY.fullmatch(key) else new_key()
    return hashlib.blake2b(known.encode(), digest_size=16).hexdigest()


class Workspace:
    """One visitor's work in ``store``; every use of it begins its time anew.

    Args:
        key: 32 hexadecimal digits; anything else opens a workspace of its own that nobody will find again.
        opening: of the photos of all visitors together; without it any number may be opened at the same time.
    """

    def __init__(self, store: Store, key: str, opening: Opening | None = None) -> None:
        self.visitor = visitor_of(key)
        self._store = store
        self._opening = opening or Opening(math.inf)
        with store.writing() as index:
            use = "INSERT INTO visitors (id, used) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET used = excluded.used"
            index.execute(use, (self.visitor, time.time()))
            index.execute("DELETE FROM over WHERE visitor = ?", (self.visitor,))

    # Photos

    def add_photo(self, path: Path, name: str | None = None) -> StoredPhoto:
        """Take in the photo at ``path``; the same photo again is the one that is there already.

        Raises:
            InvalidImage: it cannot be opened.
            EditFailed: too many others are being opened.
            OSError: there is no room on the disk.
        """
        if mine := self.photo_at(path):
            return mine
        digest = digest_of_file(path)
        for row in self._items("photo"):
            if json.loads(row["value"])["digest"] == digest:
                return self._photo(row)
        with self._opening.of(pixels_in(path)):
            return self._take_in(path, open_photo(path), name or path.name, digest)

    def _take_in(self, path: Path, photo: Photo, name: str, digest: str) -> StoredPhoto:
        file_name = safe_name(name)

        def write(folder: Path) -> str:
            link_or_copy(path, folder / file_name)
            save_copies(photo.rgb, folder)
            entry = {"name": name, "file": file_name, "digest": digest}
            return json.dumps({**entry, "browsers_show_it": photo.origin.shown_by_browsers})

        return self.photo(self._store.put(self.visitor, "photo", write))

    def receipt_of(self, photo: StoredPhoto) -> Receipt | None:
        """What ``photo`` says of how it was made, perhaps only behind its pixels; errors as ``add_photo``."""
        with self._opening.of(pixels_in(photo.file)):
            return find_receipt(photo.file)

    def photo(self, id: str) -> StoredPhoto:
        """The photo ``id``; raises ``KeyError`` if it is not here."""
        return self._photo(self._item(id, "photo"))

    def photo_at(self, path: Path) -> StoredPhoto | None:
        """The photo that ``path`` shows: the file itself, or the copy that the page shows."""
        folder = Path(path).parent
        rows = [row for row in self._items("photo") if row["id"] == folder.name]
        return self._photo(rows[0]) if rows and folder.parent == self._store.files else None

    def _photo(self, row: Row) -> StoredPhoto:
        value, folder = json.loads(row["value"]), self._store.files / row["id"]
        files = folder / value["file"], folder / SHOWN, folder / THUMBNAIL
        return StoredPhoto(row["id"], value["name"], *files, value["browsers_show_it"])

    def paint(self, photo: StoredPhoto, mask: bytes) -> None:
        """Keep ``mask``, a picture, as where edits of ``photo`` may act; an empty one forgets what was painted.

        Raises:
            InvalidImage: it is no picture, or one far larger than the page sends.
            EditFailed: too many others are being opened.
        """
        before = [row["id"] for row in self._masks_of(photo)]
        if mask:
            if (pixels := pixels_in(mask)) > MAX_MASK_PIXELS:
                raise InvalidImage(MASK_TOO_LARGE)
            with self._opening.of(pixels):
                open_photo(mask)
            self._store.put(self.visitor, "mask", partial(write_mask, mask), photo=photo.id)
        self._store.remove(*before)

    def mask_of(self, photo: StoredPhoto) -> Path | None:
        """What is painted on ``photo``, or ``None``."""
        rows = self._masks_of(photo)
        return self._store.files / rows[-1]["id"] / MASK if rows else None

    def _masks_of(self, photo: StoredPhoto) -> list[Row]:
        return [row for row in self._items("mask") if row["photo"] == photo.id]

    # Results

    def add_result(
        self,
        result: Result,
        photo: StoredPhoto,
        parent: str | None = None,
        kind: str = RESULT,
        format: str = "own",
        metadata: bool = True,
    ) -> StoredResult:
        """Write ``result`` once: the file that is downloaded, and small copies for the page.

        Args:
            parent: the result that was in view when it was asked for, or ``None``.
            kind: RESULT, or GALLERY for one that belongs to a board and not into the history.
            format, metadata: of ``request.SAVE_SETTINGS``.

        Raises:
            OSError: there is no room on the disk.
        """
        parent = parent if parent and self.has_result(parent) else None
        write = partial(write_result, result, Path(photo.name).stem, format, metadata)
        id = self._store.put(self.visitor, kind, write, parent=parent, photo=photo.id)
        give_back()
        return self.result(id, kind)

    def result(self, id: str, kind: str = RESULT) -> StoredResult:
        """The result ``id``; raises ``KeyError`` if it is not here."""
        return self._result(self._item(id, kind))

    def has_result(self, id: str | None, kind: str = RESULT) -> bool:
        """Whether the result ``id`` is still here."""
        return any(row["id"] == id for row in self._items(kind))

    def results(self) -> list[StoredResult]:
        """All results, oldest first."""
        return [self._result(row) for row in self._items(RESULT)]

    def view(self, id: str) -> StoredResult:
        """The result ``id``, which is looked at now."""
        with self._store.writing() as index:
            index.execute("UPDATE items SET used = ? WHERE id = ? AND visitor = ?", (time.time(), id, self.visitor))
        return self.result(id)

    def after(self, id: str | None, photo: str | None = None) -> StoredResult | None:
        """Of the results that came after ``id`` (``None``: after the bare ``photo``), the one looked at last."""
        children = [row for row in self._items(RESULT) if row["parent"] == id and (id or row["photo"] == photo)]
        return self._result(max(children, key=lambda row: row["used"])) if children else None

    def delete_result(self, id: str, kind: str = RESULT) -> None:
        """Delete one result; what was made from it stays."""
        if self.has_result(id, kind):
            self._store.remove(id)

    def _result(self, row: Row) -> StoredResult:
        value, folder = json.loads(row["value"]), self._store.files / row["id"]
        return StoredResult(
            id=row["id"],
            photo=row["photo"],
            parent=row["parent"],
            file=folder / value["file"],
            shown=folder / SHOWN,
            thumbnail=folder / THUMBNAIL,
            request=EditRequest(**value["request"]),
            checkpoint=value["checkpoint"],
            truncated=value["truncated"],
            unchanged=value["unchanged"],
            is_confined=value.get("is_confined", False),  # which earlier versions did not write
        )

    # What else is kept

    def make_file(self, name: str, write: Callable[[Path], None]) -> Path:
        """A file of this visitor that ``write`` fills, such as an archive; it goes first when room is needed."""

        def fill(folder: Path) -> str:
            write(folder / name)
            return name

        return self._store.files / self._store.put(self.visitor, "made", fill) / name

    def note(self, name: str) -> Any:
        """What was noted under ``name``, or ``None``."""
        rows = self._store.rows("SELECT value FROM notes WHERE visitor = ? AND name = ?", self.visitor, name)
        return json.loads(rows[0]["value"]) if rows else None

    def notes(self, prefix: str) -> list[Any]:
        """Everything that was noted under names that begin with ``prefix``."""
        query = "SELECT value FROM notes WHERE visitor = ? AND name GLOB ?"
        return [json.loads(row["value"]) for row in self._store.rows(query, self.visitor, f"{prefix}*")]

    def write_note(self, name: str, value: Any) -> None:
        """Note ``value``, which JSON can hold, under ``name``."""
        with self._store.writing() as index:
            entry = (self.visitor, name, json.dumps(value))
            index.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", entry)

    def take_lost(self) -> int:
        """How many results went for want of room since this was asked last."""
        rows = self._store.rows("SELECT lost FROM visitors WHERE id = ?", self.visitor)
        if not rows or not rows[0]["lost"]:
            return 0
        with self._store.writing() as index:
            index.execute("UPDATE visitors SET lost = 0 WHERE id = ?", (self.visitor,))
        return int(rows[0]["lost"])

    def forget(self) -> None:
        """Delete everything of this visitor at once."""
        self._store.forget(self.visitor)

    def _items(self, kind: str) -> list[Row]:
        query = "SELECT * FROM items WHERE visitor = ? AND kind = ? ORDER BY made"
        return self._store.rows(query, self.visitor, kind)

    def _item(self, id: str, kind: str) -> Row:
        for row in self._items(kind):
            if row["id"] == id:
                return row
        raise KeyError(id)
