"""The files of one item of a workspace, written into a folder of its own."""

import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

from PIL.Image import Image

from pix2pix.events import Result
from pix2pix.files.formats import save_result, suffix_for
from pix2pix.files.naming import safe_name
from pix2pix.photo.thumbnail import fitted
from pix2pix.serving.stored import SHOWN_SIDE, THUMBNAIL_SIDE

SHOWN, THUMBNAIL, MASK = "shown.jpg", "thumbnail.jpg", "mask.png"


def write_result(result: Result, stem: str, format: str, metadata: bool, folder: Path) -> str:
    """Write the file that is downloaded and its small copies; returns what the index says of the result.

    Args:
        stem: the name of the photo, without its ending.
        format, metadata: of ``request.SAVE_SETTINGS``.
    """
    name = f"{safe_name(stem)[:40]}-edited{suffix_for(result.origin, format)}"
    save_result(result, folder / name, metadata=metadata)
    save_copies(result.image, folder)
    return json.dumps(
        {
            "file": name,
            "request": asdict(result.request),
            "checkpoint": result.checkpoint,
            "truncated": result.truncated,
            "unchanged": result.unchanged,
            "is_confined": result.area is not None,
        }
    )


def write_mask(mask: bytes, folder: Path) -> str:
    """Write the picture ``mask``; returns what the index says of it."""
    (folder / MASK).write_bytes(mask)
    return MASK


def save_copies(picture: Image, folder: Path) -> None:
    """Write what the page shows of ``picture``."""
    fitted(picture, SHOWN_SIDE).save(folder / SHOWN, "JPEG", quality=92)
    fitted(picture, THUMBNAIL_SIDE).save(folder / THUMBNAIL, "JPEG", quality=85)


def link_or_copy(path: Path, target: Path) -> None:
    """Make ``target`` the file at ``path``, without a second copy of its bytes where the disk allows."""
    try:
        os.link(path, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(path, target)


def digest_of_file(path: Path) -> str:
    """What two files have in common that hold the same."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()
