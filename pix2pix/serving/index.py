"""The index of a store: one file of SQLite, which goes on working when the disk is full."""

import errno
import sqlite3
import time
from pathlib import Path

TABLES = """
CREATE TABLE IF NOT EXISTS visitors (id TEXT PRIMARY KEY, used REAL NOT NULL, lost INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS items (
  id TEXT PRIMARY KEY, visitor TEXT NOT NULL REFERENCES visitors ON DELETE CASCADE, kind TEXT NOT NULL,
  parent TEXT, photo TEXT, value TEXT NOT NULL, bytes INTEGER NOT NULL, made REAL NOT NULL, used REAL NOT NULL);
CREATE INDEX IF NOT EXISTS items_of ON items (visitor, kind, made);
CREATE TABLE IF NOT EXISTS notes (
  visitor TEXT NOT NULL REFERENCES visitors ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (visitor, name));
CREATE TABLE IF NOT EXISTS over (visitor TEXT PRIMARY KEY, ended REAL NOT NULL);
"""
# Room that is there before it is needed: also with a full disk, work is shown, moved in, and deleted.
SPARE_BYTES, PAGES_UNTIL_ITS_JOURNAL_BEGINS_ANEW = 500_000, 100
RESERVE = f"""
PRAGMA wal_autocheckpoint = {PAGES_UNTIL_ITS_JOURNAL_BEGINS_ANEW};
CREATE TABLE IF NOT EXISTS reserve (bytes BLOB);
INSERT INTO reserve VALUES (zeroblob({SPARE_BYTES}));
DELETE FROM reserve;
"""
SECONDS_TO_WAIT_FOR_OTHERS = 30.0  # other programs that write to the same index
AS_FILES_SAY = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR_SHMSIZE: errno.ENOSPC,
    sqlite3.SQLITE_IOERR_WRITE: errno.EDQUOT,
    sqlite3.SQLITE_READONLY: errno.EROFS,
}
PRIMARY = 0xFF  # the part of SQLite's codes that says what went wrong; the rest says where


def opened_index(path: Path) -> sqlite3.Connection:
    """The index at ``path``, made if it is not there; its rows are dictionaries.

    Raises:
        sqlite3.Error: it cannot be opened or made.
    """
    index = sqlite3.connect(path, check_same_thread=False, timeout=SECONDS_TO_WAIT_FOR_OTHERS)
    index.row_factory = lambda cursor, row: dict(zip((c[0] for c in cursor.description), row, strict=True))
    deadline = time.monotonic() + SECONDS_TO_WAIT_FOR_OTHERS
    while True:
        try:
            index.executescript("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;" + TABLES)
            _reserve(index)
            return index
        except sqlite3.OperationalError as error:  # sqlite waits for other programs, but not with its choice of journal
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def as_files_say(error: sqlite3.OperationalError) -> Exception:
    """``error`` as the ``OSError`` that a file would raise, if it is that the disk takes no more; else itself."""
    code = error.sqlite_errorcode
    number = AS_FILES_SAY.get(code) or AS_FILES_SAY.get(code & PRIMARY)
    return error if number is None else OSError(number, str(error))


def _reserve(index: sqlite3.Connection) -> None:
    try:
        index.executescript(RESERVE)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:  # what is there already can be shown without
            raise
