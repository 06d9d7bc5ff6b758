"""Names of files: which files of a folder are photos, and what their results are called."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

PHOTO_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".heic", ".heif", ".avif"}


def photos_in(folder: Path, recursive: bool, leave_out: Path) -> list[Path]:
    """The files of ``folder`` whose names end like a photo's, in the order of their names.

    Args:
        recursive: also those of the folders inside it.
        leave_out: a folder whose files are not meant, because results go there.
    """
    files = folder.rglob("*") if recursive else folder.iterdir()
    photos = (file for file in files if file.suffix.lower() in PHOTO_SUFFIXES and file.is_file())
    left_out = leave_out.resolve()
    return sorted(
        photo for photo in photos if not photo.name.startswith(".") and left_out not in photo.resolve().parents
    )


def unique(paths: Iterable[Path], taken: Iterable[Path] = ()) -> Iterator[Path]:
    """Each of ``paths``, with -2, -3, ... before its ending where that name is taken, by ``taken`` or by one before it.

    Names that differ only in capital letters count as the same, for on many disks they are.
    """
    seen = {_key(path) for path in taken}
    for path in paths:
        free, number = path, 1
        while _key(free) in seen:
            number += 1
            free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        seen.add(_key(free))
        yield free


def _key(path: Path) -> str:
    return os.path.realpath(path).casefold()
