"""A gallery as one ZIP file: the results under their photos' names, and a table of settings and errors."""

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pix2pix.files.naming import safe_name, shown, unique
from pix2pix.request import SETTINGS, EditRequest

TABLE = "gallery.csv"
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # with these begins what a spreadsheet would run
COLUMNS = ("instruction", *(setting.name for setting in SETTINGS))


@dataclass(frozen=True)
class ArchivedPhoto:
    """One photo of the archive.

    Attributes:
        name: the photo's own file name.
        request: what it was edited with, or ``None`` if it never was.
        file: the finished picture with its receipt, or ``None`` if there is none.
        error: why there is none, or an empty text.
    """

    name: str
    request: EditRequest | None
    file: Path | None
    error: str = ""


def write_archive(photos: Sequence[ArchivedPhoto], path: str | os.PathLike[str]) -> None:
    """Write ``photos`` to the ZIP file ``path``. Two photos of one name get different ones, and the table says which.

    Raises:
        OSError: a file cannot be read or written.
    """
    finished = [photo for photo in photos if photo.file]
    wanted = (Path(safe_name(photo.name)).with_suffix(photo.file.suffix) for photo in photos if photo.file)
    names = dict(zip(map(id, finished), map(str, unique(wanted)), strict=True))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # pictures are packed already
        for photo in finished:
            archive.write(str(photo.file), names[id(photo)])
        rows = ((photo, names.get(id(photo), "")) for photo in photos)
        archive.writestr(TABLE, _table(rows).encode("utf-8-sig"))  # the mark tells spreadsheets that it is UTF-8


def _table(rows: Iterable[tuple[ArchivedPhoto, str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["photo", "result", *COLUMNS, "error"])
    for photo, result in rows:
        settings = [getattr(photo.request, name) for name in COLUMNS] if photo.request else [""] * len(COLUMNS)
        writer.writerow(map(_harmless, [photo.name, result, *settings, photo.error]))
    return text.getvalue()


def _harmless(cell: object) -> object:
    """``cell`` as a spreadsheet shows it and never runs it: a quotation mark before it makes it a text."""
    if not isinstance(cell, str):
        return cell
    text = shown(cell)
    return f"'{text}" if cell.strip().startswith(FORMULA) else text
