"""The folder in which visitors' work is kept: files under random names, an index beside them, a time and a budget.

A file is written first and entered in the index afterwards, in one transaction; so whatever moment a crash comes at,
the index names only whole files, and what it does not name is swept away some minutes later. Names of folders are 128
random bits, because a page can show any file whose address it knows.
"""

import os
import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pix2pix.serving.index import as_files_say, opened_index

TOKEN_BYTES = 16
MAX_REMEMBERED = 10_000  # visitors whose time is over
INDEX, FILES, UPLOADS = "index.sqlite", "files", "uploads"
SECONDS_AN_UPLOAD_IS_NEEDED = 120  # until it is taken in
SECONDS_A_DRAFT_MAY_TAKE = 600  # a file that is not in the index and older than this was left by a killed process

Row = dict[str, Any]


class Store:
    """One folder for all visitors of one program, or of several that share it.

    Args:
        folder: made if it is not there; only its owner may read it.
        keep_seconds: how long a visitor's work stays after its last use.
        max_bytes: what all files together may weigh.
    """

    def __init__(self, folder: Path, keep_seconds: float, max_bytes: int) -> None:
        self.folder, self.keep_seconds, self.max_bytes = folder.resolve(), keep_seconds, max_bytes
        for part in (FILES, UPLOADS):
            (self.folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.RLock()
        self._index = opened_index(self.folder / INDEX)

    @property
    def files(self) -> Path:
        """The part of the folder that a page may show from."""
        return self.folder / FILES

    @property
    def uploads(self) -> Path:
        """Where gradio puts what is uploaded, and pictures that it makes itself."""
        return self.folder / UPLOADS

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The index within one transaction: all of it happens, or nothing, and nobody else writes in between.

        Raises:
            OSError: there is no room on the disk, or it cannot be written to.
        """
        try:
            with self._lock, self._index:
                self._index.execute("BEGIN IMMEDIATE")  # so that what is read here still holds when it is written
                yield self._index
        except sqlite3.OperationalError as error:
            raise as_files_say(error) from error

    def rows(self, query: str, *values: Any) -> list[Row]:
        """What ``query`` finds."""
        with self._lock:
            found: list[Row] = self._index.execute(query, values).fetchall()
        return found

    def new_folder(self) -> Path:
        """An empty folder of a name that nobody can guess."""
        folder = self.files / secrets.token_hex(TOKEN_BYTES)
        folder.mkdir(mode=0o700)
        return folder

    def put(self, visitor: str, kind: str, write: Callable[[Path], str], **parts: str | None) -> str:
        """Let ``write`` fill a new folder, and enter it under the visitor as an item of ``kind``; returns its id.

        Args:
            write: gets the folder; returns the item's value, a text that says what is in it.
            parts: ``parent`` and ``photo``, ids of other items.

        Raises:
            OSError: there is no room on the disk; nothing is left of the attempt.
        """
        folder = self.new_folder()
        try:
            value = write(folder)
            size, now = _bytes_in(folder), time.time()
            entry = (folder.name, visitor, kind, parts.get("parent"), parts.get("photo"), value, size, now, now)
            with self.writing() as index:
                index.execute("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", entry)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self.make_room(spare={folder.name, *filter(None, parts.values())})
        return folder.name

    def remove(self, *ids: str) -> None:
        """Take items out of the index, then delete their files; children of a result move up to its own parent."""
        for one in ids:
            with self.writing() as index:
                _take_out(index, one)
            shutil.rmtree(self.files / one, ignore_errors=True)

    def forget(self, visitor: str) -> None:
        """Delete all of a visitor's work."""
        with self.writing() as index:
            ids = _take_out_visitor(index, visitor)
        self._delete_files_of(ids)

    def is_over(self, visitor: str) -> bool:
        """Whether a visitor's time ended while there was something here, and they did not come back since then."""
        return bool(self.rows("SELECT 1 FROM over WHERE visitor = ?", visitor))

    def _end(self, visitor: str, now: float) -> None:
        """Delete the work of a visitor whose time is over, and remember that; nothing if they have just come back."""
        with self.writing() as index:
            unused = "SELECT 1 FROM visitors WHERE id = ? AND used < ?"
            if not self.rows(unused, visitor, now - self.keep_seconds):
                return
            ids = _take_out_visitor(index, visitor)
            if ids:
                index.execute("INSERT OR REPLACE INTO over VALUES (?, ?)", (visitor, now))
                last = "SELECT visitor FROM over ORDER BY ended DESC LIMIT ?"
                index.execute(f"DELETE FROM over WHERE visitor NOT IN ({last})", (MAX_REMEMBERED,))
        self._delete_files_of(ids)

    def _delete_files_of(self, ids: list[str]) -> None:
        self._remove_uploads_of(ids)
        for one in ids:
            shutil.rmtree(self.files / one, ignore_errors=True)

    def _remove_uploads_of(self, ids: list[str]) -> None:
        """Delete the uploads that the photos among the items ``ids`` share their bytes with."""
        files = [stat for one in ids for _, stat in _files_in(self.files / one)]
        shared = {(stat.st_dev, stat.st_ino) for stat in files if stat.st_nlink > 1}
        for upload, stat in _files_in(self.uploads) if shared else ():
            if (stat.st_dev, stat.st_ino) in shared:
                upload.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what is over its time, what nobody knows of any more, and what is too much."""
        now = time.time()
        for row in self.rows("SELECT id FROM visitors WHERE used < ?", now - self.keep_seconds):
            self._end(row["id"], now)
        known = {row["id"] for row in self.rows("SELECT id FROM items")}
        for folder in self.files.iterdir():
            if folder.name not in known and now - _changed(folder) > min(SECONDS_A_DRAFT_MAY_TAKE, self.keep_seconds):
                shutil.rmtree(folder, ignore_errors=True)
        for upload in self._uploads_over_time(now):
            shutil.rmtree(upload, ignore_errors=True) if upload.is_dir() else upload.unlink(missing_ok=True)
        self.make_room(spare=set())

    def _uploads_over_time(self, now: float) -> list[Path]:
        """Uploads that nobody has touched for long; a photo that was taken in does not need its upload any more, and
        nobody needs one that broke off."""
        uploads = sorted(self.uploads.iterdir(), key=_changed)
        room = self.max_bytes - self._weight() - sum(map(_bytes_in, uploads))
        over = []
        for upload in uploads:
            age = now - _changed(upload)
            is_unfinished = upload.is_file()  # a finished one lies in a folder of its own
            keep_seconds = min(SECONDS_A_DRAFT_MAY_TAKE, self.keep_seconds) if is_unfinished else self.keep_seconds
            if age > keep_seconds or (room < 0 and age > SECONDS_AN_UPLOAD_IS_NEEDED):
                over.append(upload)
                room += _bytes_in(upload)
        return over

    def make_room(self, spare: set[str]) -> None:
        """While all files weigh too much, delete what was unused longest, but nothing of ``spare``.

        What can be made again goes first: archives and sheets, then results, then photos without results.
        """
        while self._weight() > self.max_bytes and (gone := self._give_up(spare)):
            shutil.rmtree(self.files / gone, ignore_errors=True)

    def _give_up(self, spare: set[str]) -> str | None:
        """Take what goes next out of the index, and return its id, unless others have made room meanwhile."""
        with self.writing() as index:
            candidates = self.rows(
                "SELECT id, visitor, kind FROM items WHERE kind != 'photo' OR id NOT IN "
                "(SELECT photo FROM items WHERE photo IS NOT NULL) "
                "ORDER BY CASE kind WHEN 'made' THEN 0 WHEN 'photo' THEN 2 ELSE 1 END, used"
            )
            oldest = next((row for row in candidates if row["id"] not in spare), None)
            if oldest is None or self._weight() <= self.max_bytes:
                return None
            _take_out(index, oldest["id"])
            if oldest["kind"] in ("result", "gallery"):
                index.execute("UPDATE visitors SET lost = lost + 1 WHERE id = ?", (oldest["visitor"],))
        return str(oldest["id"])

    def _weight(self) -> int:
        weight: int = self.rows("SELECT COALESCE(SUM(bytes), 0) AS weight FROM items")[0]["weight"]
        return weight

    def close(self) -> None:
        """Let go of the index; the folder stays."""
        with self._lock:
            self._index.close()


def sweep_regularly(store: Store) -> threading.Event:
    """Sweep ``store`` now and then, in the background, until the event that is returned is set."""
    stop = threading.Event()

    def sweeping() -> None:
        while not stop.wait(min(60.0, max(0.5, store.keep_seconds / 4))):
            with suppress(OSError, sqlite3.Error):
                store.sweep()

    threading.Thread(target=sweeping, daemon=True).start()
    return stop


def _take_out(index: sqlite3.Connection, id: str) -> None:
    """Take an item out of ``index``; the children of a result move up to its own parent."""
    up = "UPDATE items SET parent = (SELECT parent FROM items WHERE id = ?) WHERE parent = ?"
    index.execute(up, (id, id))
    index.execute("DELETE FROM items WHERE id = ?", (id,))


def _take_out_visitor(index: sqlite3.Connection, visitor: str) -> list[str]:
    """Take a visitor with all items out of ``index``; returns the ids of these."""
    ids = [row["id"] for row in index.execute("SELECT id FROM items WHERE visitor = ?", (visitor,))]
    index.execute("DELETE FROM visitors WHERE id = ?", (visitor,))
    return ids


def _files_in(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The file at ``path``, or all below it; others may delete there meanwhile, and what vanished is left out."""
    below = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    for file in below if path.is_dir() else [path]:
        with suppress(OSError):
            yield file, file.stat()


def _bytes_in(path: Path) -> int:
    return sum(stat.st_size for _, stat in _files_in(path))


def _changed(path: Path) -> float:
    """When ``path`` was changed last; now, if it has just vanished."""
    with suppress(OSError):
        return os.stat(path).st_mtime
    return time.time()
