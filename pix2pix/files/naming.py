"""Names of files: what results are called, so that none falls on another and every system takes them."""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

MAX_NAME = 255  # bytes, on most file systems
MAX_STEM, MAX_SUFFIX = 60, 8  # characters of an upload's name; at four bytes each they fit well
RESERVED = '<>:"/\\|?*'
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)", re.IGNORECASE)  # of Windows
DIGITS = tuple("0123456789")
NOT_UTF8 = range(0xDC80, 0xDD00)  # how Python writes the bytes 80 to FF of a name that is not UTF-8


def unique(paths: Iterable[Path], taken: Iterable[Path] = ()) -> Iterator[Path]:
    """Each of ``paths``, with -2, -3, ... before its ending where that name is taken, by ``taken`` or by one before it.

    Names that differ only in capital letters, or in how accents are written, count as the same, for on many disks they
    are. None gets longer than file systems take.
    """
    seen = {_key(path) for path in taken}
    for path in paths:
        free, number = fitting(path), 1
        while _key(free) in seen:
            number += 1
            free = fitting(path, f"-{number}")
        seen.add(_key(free))
        yield free


def fitting(path: Path, addition: str = "") -> Path:
    """``path`` with ``addition`` before its ending, cut before that where the name would be too long."""
    room = MAX_NAME - len(os.fsencode(addition + path.suffix))
    return path.with_name(cut(path.stem, room) + addition + path.suffix)


def cut(text: str, size: int) -> str:
    """The beginning of ``text`` that has at most ``size`` bytes in the name of a file, no letter cut in two."""
    while len(os.fsencode(text)) > size:
        text = text[:-1]
    return text


def safe_name(name: str) -> str:
    """``name`` as the name of a file that every system takes: no folders, no control or reserved characters, short."""
    stem, suffix = os.path.splitext(portable(name))
    return f"{stem.strip()[:MAX_STEM] or 'photo'}{suffix[:MAX_SUFFIX]}"


def portable(name: str) -> str:
    """``name`` without what some system refuses: reserved characters and names, dots and spaces at its ends.

    Bytes that are no UTF-8 are read as the Latin letters that they mostly were.
    """
    letters = (chr(ord(one) - 0xDC00) if ord(one) in NOT_UTF8 else one for one in name)
    plain = "".join(one if one.isprintable() and one not in RESERVED else "_" for one in letters).strip(". ")
    stem, suffix = os.path.splitext(plain)
    plain = (stem.rstrip(". ") + suffix) or "photo"
    return DEVICES.sub(r"\1_\2", plain) if DEVICES.match(plain) else plain


def shown(text: str, encoding: str | None = "utf-8") -> str:
    """``text``, such as the name of a file, as one line that can be printed in ``encoding``; the rest is escaped."""
    line = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return line.encode(encoding or "utf-8", "backslashreplace").decode(encoding or "utf-8")


def in_order(path: Path) -> tuple[list[tuple[str, int, str]], str]:
    """A key to sort by as people do: IMG_2 before IMG_10, é beside e, capitals beside small letters."""
    return [piece for part in path.parts for piece in _pieces(part)], str(path)


def _pieces(part: str) -> list[tuple[str, int, str]]:
    plain = "".join(one for one in unicodedata.normalize("NFKD", part) if not unicodedata.combining(one)).casefold()
    pieces = re.split("([0-9]+)", plain)
    return [*(("0", int(one), "") if one[:1] in DIGITS else (one, 0, "") for one in pieces if one), ("", -1, "")]


def _key(path: Path) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", os.path.realpath(path)).casefold())
