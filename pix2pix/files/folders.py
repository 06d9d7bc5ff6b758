"""Folders: which of their files are photos, and in which order."""

from pathlib import Path

PHOTO_SUFFIXES = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".heic", ".heif", ".hif", ".avif"}


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
