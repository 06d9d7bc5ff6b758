"""Which photos a command means, and the file that each result goes to."""

import os
from collections.abc import Sequence
from pathlib import Path

from pix2pix.errors import InvalidImage
from pix2pix.files.folders import photos_in
from pix2pix.files.formats import FORMATS, output_format, suffix_for
from pix2pix.files.naming import unique
from pix2pix.origin import Origin
from pix2pix.photo.decoding import origin_of


class WrongUsage(Exception):
    """The command asks for something that cannot be meant; its text is for whoever typed it and may hold paths."""


def is_folder(out: str, photos: Sequence[Path]) -> bool:
    """Whether ``out`` is meant as a folder of results: it is one, looks like one, or a folder of photos goes in."""
    if os.path.isdir(out) or out.endswith(("/", os.sep)) or not Path(out).suffix:
        return True
    return any(photo.is_dir() for photo in photos) and Path(out).suffix.lower() not in FORMATS


def photos_and_targets(
    photos: Sequence[Path], out: str, recursive: bool, choice: str = "own"
) -> list[tuple[Path, Path]]:
    """Each photo and where its result goes; never on top of a photo, never two on the same file.

    Args:
        photos: photos, and folders of photos.
        out: a folder, or a file for a single photo.
        recursive: also photos in the folders inside a folder.
        choice: of ``request.FORMAT``, for results that go into a folder; a file that is named says it by its ending.

    Raises:
        WrongUsage: there are no photos in a folder, or results would fall on photos.
        InvalidRequest: the ending of ``out`` names no known format.
    """
    target = Path(out)
    if is_folder(out, photos):
        wanted = [pair for photo in photos for pair in _expanded(photo, target, recursive)]
        wanted = [(photo, result.with_name(result.name + _suffix(photo, choice))) for photo, result in wanted]
        found = [photo for photo, _ in wanted]
        return list(zip(found, unique((result for _, result in wanted), taken=found), strict=True))
    if len(photos) > 1 or photos[0].is_dir():
        raise WrongUsage("Several photos need a folder: end the name after --out with a slash.")
    output_format(target)
    if target.resolve() == photos[0].resolve():
        raise WrongUsage("--out is the photo itself; choose another name, so that the original is kept.")
    return [(photos[0], target)]


def _expanded(photo: Path, out: Path, recursive: bool) -> list[tuple[Path, Path]]:
    """A photo, or the photos of a folder, each with its result's place in ``out``, without an ending."""
    if not photo.is_dir():
        return [(photo, out / photo.stem)]
    if photo.resolve() == out.resolve():
        raise WrongUsage("--out is the folder of the photos; choose another one, so that originals stay apart.")
    try:
        found = photos_in(photo, recursive, leave_out=out)
    except OSError as error:
        raise WrongUsage(f"{photo}: this folder cannot be read ({error.strerror}).") from None
    if not found:
        hint = "" if recursive else "; --recursive also looks into the folders inside it"
        raise WrongUsage(f"{photo}: there are no photos in this folder{hint}.")
    return [(one, out / one.relative_to(photo).with_suffix("")) for one in found]


def _suffix(photo: Path, choice: str) -> str:
    try:
        return suffix_for(origin_of(photo) if choice == "own" else Origin(), choice)
    except InvalidImage:  # whoever opens it will say what is wrong
        return suffix_for(Origin())
