"""Which photos a command means, and the file that each result goes to."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pix2pix.errors import InvalidImage
from pix2pix.files.folders import Found, photos_in
from pix2pix.files.formats import FORMATS, output_format, suffix_for
from pix2pix.files.naming import portable, unique
from pix2pix.origin import Origin
from pix2pix.photo.decoding import origin_of

NAMED = 3  # files that are left out
URL = re.compile(r"[a-z][a-z0-9+.-]+:/[^/]")  # as a path writes it, with one of its slashes


class WrongUsage(Exception):
    """The command asks for something that cannot be meant; its text is for whoever typed it and may hold paths."""


@dataclass(frozen=True)
class Targets:
    """What a command means.

    Attributes:
        pairs: each photo and the file that its result goes to.
        others: files of the folders that are no photos.
        closed: folders that cannot be read.
    """

    pairs: list[tuple[Path, Path]]
    others: Sequence[Path] = ()
    closed: Sequence[Path] = ()

    def remarks(self) -> list[str]:
        """What to say of all that is left out, a sentence each; they may hold paths."""
        said = [f"{folder}: this folder cannot be read." for folder in self.closed]
        if not self.others:
            return said
        more = len(self.others) - NAMED
        names = ", ".join(one.name for one in self.others[:NAMED]) + (f" and {more} more" if more > 0 else "")
        many = len(self.others) > 1
        what = f"{len(self.others)} files are no photos" if many else "1 file is no photo"
        return [*said, f"{what} that can be opened and {'were' if many else 'was'} left out: {names}."]


def is_folder(out: str, photos: Sequence[Path]) -> bool:
    """Whether ``out`` is meant as a folder of results: it is one, looks like one, or a folder of photos goes in."""
    if os.path.isdir(out) or out.endswith(("/", os.sep)) or not Path(out).suffix:
        return True
    return any(photo.is_dir() for photo in photos) and Path(out).suffix.lower() not in FORMATS


def photos_and_targets(
    photos: Sequence[Path], out: str, recursive: bool, choice: str = "own", variants: int = 1
) -> Targets:
    """Each photo and where its result goes; never on top of a photo, never two on the same file.

    Args:
        photos: photos, and folders of photos.
        out: a folder, or a file for a single photo.
        recursive: also photos in the folders inside a folder.
        choice: of ``request.FORMAT``, for results that go into a folder; a file that is named says it by its ending.
        variants: of each photo, which then comes as often, with numbered results.

    Raises:
        WrongUsage: there are no photos in a folder, or results would fall on photos, or a photo is named by a URL.
        InvalidRequest: the ending of ``out`` names no known format.
    """
    target = Path(out)
    if any(URL.match(str(photo)) and not photo.exists() for photo in photos):
        raise WrongUsage("What is elsewhere than on this disk, such as in a bucket, goes with --ray.")
    if is_folder(out, photos):
        found = Found()
        wanted = [pair for photo in photos for pair in _expanded(photo, target, recursive, found)]
        endings = [f"-{number}" for number in range(1, variants + 1)] if variants > 1 else [""]
        wanted = [
            (photo, result.with_name(result.name + ending + _suffix(photo, choice)))
            for photo, result in wanted
            for ending in endings
        ]
        sources = [photo for photo, _ in wanted]
        results = unique((result for _, result in wanted), taken=sources)
        return Targets(list(zip(sources, results, strict=True)), found.others, found.closed)
    if len(photos) > 1 or photos[0].is_dir():
        raise WrongUsage("Several photos need a folder: end the name after --out with a slash.")
    if variants > 1:
        raise WrongUsage("Several variants need a folder: end the name after --out with a slash.")
    output_format(target)
    if target.resolve() == photos[0].resolve():
        raise WrongUsage("--out is the photo itself; choose another name, so that the original is kept.")
    return Targets([(photos[0], target)])


def _expanded(photo: Path, out: Path, recursive: bool, found: Found) -> list[tuple[Path, Path]]:
    """A photo, or the photos of a folder, each with its result's place in ``out``, without an ending.

    What a folder holds is added to ``found``.
    """
    if not photo.is_dir():
        return [(photo, out / portable(photo.stem))]
    if photo.resolve() == out.resolve():
        raise WrongUsage("--out is the folder of the photos; choose another one, so that originals stay apart.")
    try:
        here = photos_in(photo, recursive, leave_out=out)
    except OSError as error:
        raise WrongUsage(f"{photo}: this folder cannot be read ({error.strerror}).") from None
    found.add(here)
    if not here.photos:
        hint = "" if recursive else "; --recursive also looks into the folders inside it"
        raise WrongUsage(f"{photo}: there are no photos in this folder{hint}.")
    return [(one, _mirrored(one.relative_to(photo), out)) for one in here.photos]


def _mirrored(photo: Path, out: Path) -> Path:
    """The place in ``out`` of a photo by its place in its folder; the folders keep their names."""
    return out / photo.parent / portable(photo.stem)


def _suffix(photo: Path, choice: str) -> str:
    try:
        return suffix_for(origin_of(photo) if choice == "own" else Origin(), choice)
    except InvalidImage:  # whoever opens it will say what is wrong
        return suffix_for(Origin())
