"""A gallery as one ZIP file: the results under their photos' names, and a table of settings and errors."""

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pix2pix.files.naming import unique
from pix2pix.request import EditRequest

TABLE = "gallery.csv"
SETTINGS = tuple(EditRequest.__dataclass_fields__)


@dataclass(frozen=True)
class Entry:
    """One photo of the archive.

    Attributes:
        name: the photo's own file name.
        request: what it was edited with, or ``None`` if it never was.
        file: the finished PNG with its receipt, or ``None`` if there is none.
        error: why there is none, or an empty text.
    """

    name: str
    request: EditRequest | None
    file: Path | None
    error: str = ""


def write_archive(entries: Sequence[Entry], path: str | os.PathLike) -> None:
    """Write ``entries`` to the ZIP file ``path``. Two photos of one name get different ones, and the table says which.

    Raises:
        OSError: a file cannot be read or written.
    """
    finished = [entry for entry in entries if entry.file]
    wanted = (Path(entry.name).with_suffix(".png") for entry in finished)
    names = dict(zip(map(id, finished), map(str, unique(wanted)), strict=True))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # a PNG is packed already
        for entry in finished:
            archive.write(entry.file, names[id(entry)])
        rows = ((entry, names.get(id(entry), "")) for entry in entries)
        archive.writestr(TABLE, _table(rows).encode("utf-8-sig"))  # the mark tells spreadsheets that it is UTF-8


def _table(rows: Iterable[tuple[Entry, str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["photo", "result", *SETTINGS, "error"])
    for entry, result in rows:
        settings = [getattr(entry.request, name) for name in SETTINGS] if entry.request else [""] * len(SETTINGS)
        writer.writerow([entry.name, result, *settings, entry.error])
    return text.getvalue()
