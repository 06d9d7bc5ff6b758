"""Which photos a collection has, one by one as stores name them, and what is there of each already."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pix2pix.cluster.store import Store
from pix2pix.files.folders import PHOTO_SUFFIXES, is_of_system
from pix2pix.files.formats import FORMATS
from pix2pix.files.naming import in_order, portable, unique

LONGEST = ".jpeg"  # ending of a result: names leave room for it


@dataclass(frozen=True)
class Listed:
    """One photo of a collection.

    Attributes:
        index: which one it is, counted from 0 in the order that people see.
        source: its name in the collection.
        target: the name of its result, without the ending, which its content decides.
        there: endings under which there is such a file already.
    """

    index: int
    source: str
    target: str
    there: tuple[str, ...] = ()


def listed(source: Store, target: Store, recursive: bool) -> Iterator[Listed]:
    """Every photo of ``source``, by the endings of names. Each folder of both is listed once, when its turn comes.

    A folder in it that cannot be read counts as a photo that cannot; what lies in ``target`` is left out.

    Raises:
        OSError: ``source`` itself cannot be read.
    """
    for index, (name, result, there) in enumerate(_in(source, target, "", recursive)):
        yield Listed(index, name, result, there)


def results_in(target: Store, folder: str) -> dict[str, tuple[str, ...]]:
    """Files in ``folder`` that may be results: by their names without endings, the endings that are there."""
    found: dict[str, tuple[str, ...]] = {}
    with suppress(OSError):  # there is no such folder yet
        for name, is_folder in target.entries(folder):
            stem, dot, ending = name.rpartition(".")
            if not is_folder and dot + ending in FORMATS:
                found[stem] = (*found.get(stem, ()), dot + ending)
    return found


def _in(source: Store, target: Store, folder: str, recursive: bool) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Photos in ``folder``, which ends with a slash or is empty: name, result's name, endings that are there."""
    entries = sorted(source.entries(folder.rstrip("/")), key=lambda entry: in_order(Path(entry[0])))
    photos = [name for name, is_folder in entries if not is_folder and _is_photo(name)]
    stems = dict(zip(photos, _stems(photos), strict=True))
    there = results_in(target, folder.rstrip("/")) if photos else {}
    for name, is_folder in entries:
        inner = f"{folder}{name}"
        if name in stems:
            yield inner, f"{folder}{stems[name]}", there.get(stems[name], ())
        elif is_folder and recursive and not is_of_system(name) and not _is(target, source, inner):
            try:
                yield from _in(source, target, f"{inner}/", recursive)
            except OSError:
                yield inner, inner, ()


def _is_photo(name: str) -> bool:
    return Path(name).suffix.lower() in PHOTO_SUFFIXES and not is_of_system(name)


def _stems(photos: Sequence[str]) -> Iterator[str]:
    """What the results of ``photos`` of one folder are called: no two alike, whatever their endings will be."""
    for path in unique(Path(portable(Path(name).stem) + LONGEST) for name in photos):
        yield path.name.removesuffix(LONGEST)


def _is(target: Store, source: Store, folder: str) -> bool:
    return source.files == target.files and target.root == f"{source.root}/{folder}"
