"""Folders: which of their files are photos, in which order, and what was left out."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pix2pix.files.naming import in_order
from pix2pix.photo.reading.formats import is_photo

ENDINGS = """png jpg jpeg jpe jfif pjpeg webp gif heic heif hif avif tif tiff bmp dib jp2 j2k jpf jpx"""
PHOTO_SUFFIXES = {f".{ending}" for ending in ENDINGS.split()}
SYSTEM_FOLDERS = {"@eadir", "__macosx", "$recycle.bin", "#recycle", "@recycle", "#snapshot", "lost+found"}
SYSTEM_FOLDERS |= {"system volume information", "@recently-snapshot", "recycler"}
SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}


@dataclass
class Found:
    """What a folder holds.

    Attributes:
        photos: by their endings or, whatever they are called, by their content; in the order that people see.
        others: files that are no photos; hidden ones and those of a system are not among them.
        closed: folders that cannot be read.
    """

    photos: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        """Take in what ``other`` found."""
        self.photos += other.photos
        self.others += other.others
        self.closed += other.closed


def photos_in(folder: Path, recursive: bool, leave_out: Path) -> Found:
    """Look through ``folder``; hidden folders, those of systems and links to folders are not walked into.

    Args:
        recursive: also look into the folders inside it.
        leave_out: a folder whose files are not meant, because results go there.

    Raises:
        OSError: ``folder`` itself cannot be read.
    """
    found, left_out = Found(), leave_out.resolve()
    os.scandir(folder).close()
    for file in _files(folder, recursive, found):
        if left_out in file.resolve().parents:
            continue
        is_wanted = file.suffix.lower() in PHOTO_SUFFIXES or is_photo(file)
        (found.photos if is_wanted else found.others).append(file)
    for files in (found.photos, found.others, found.closed):
        files.sort(key=in_order)
    return found


def _files(folder: Path, recursive: bool, found: Found) -> Iterator[Path]:
    def closed(error: OSError) -> None:
        found.closed.append(Path(error.filename or folder))

    for name, folders, files in os.walk(folder, onerror=closed):
        folders[:] = [one for one in folders if recursive and not is_of_system(one)]
        for file in files:
            path = Path(name, file)
            if not is_of_system(file) and path.is_file():
                yield path


def is_of_system(name: str) -> bool:
    """Whether a file or folder of that name is hidden, or is one that systems put beside people's own."""
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS | SYSTEM_FILES
