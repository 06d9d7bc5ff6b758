"""Names of files: what results are called, so that none falls on another."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

MAX_STEM, MAX_SUFFIX = 60, 8  # characters; at four bytes each they fit into the 255 of most file systems


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


def safe_name(name: str) -> str:
    """``name`` as the name of a file that every system takes: no folders, no control or reserved characters, short."""
    plain = "".join(
        character if character.isprintable() and character not in '<>:"/\\|?*' else "_" for character in name
    )
    stem, suffix = os.path.splitext(plain.strip(". "))
    return f"{stem.strip()[:MAX_STEM] or 'photo'}{suffix[:MAX_SUFFIX]}"
