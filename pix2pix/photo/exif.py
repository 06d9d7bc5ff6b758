"""EXIF as a table of fields: read from any bytes without an error, written in a form that every reader knows.

EXIF is a TIFF file without a picture: directories of fields, each a tag, a kind, a count and its values. Only the main
directory and the one of the shot are looked at; the places, the thumbnail and whatever else there is stay unread.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

TEXT, SHORT, LONG, RATIONAL, BYTES, UTF8 = 2, 3, 4, 5, 7, 129
SIZES = {TEXT: 1, SHORT: 2, LONG: 4, RATIONAL: 8, BYTES: 1, UTF8: 1}  # bytes of one value
LETTERS = {SHORT: "H", LONG: "L", RATIONAL: "LL"}
SHOT = 0x8769  # the field of the main directory that says where the directory of the shot is
FIRST_OF_SHOT, LAST_OF_SHOT = 0x829A, 0xA500  # its tags, but for a few that belong to the main directory
OF_MAIN = (0x8298,)
MAX_FIELDS, MAX_BYTES = 500, 64_000  # of a directory, of a field; no honest file has more
PREFIX = b"Exif\0\0"


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        kind: one of the kinds above.
        values: whole numbers (of a rational, numerator and denominator), or the bytes of a text.
    """

    kind: int
    values: tuple[int, ...] | bytes


def read_exif(block: bytes) -> dict[int, Field]:
    """The fields of an EXIF ``block``, with or without its prefix, by tag; none for what is no EXIF."""
    while block.startswith(PREFIX):
        block = block[len(PREFIX) :]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return {}
    try:
        (start,) = struct.unpack_from(f"{order}L", block, 4)
        fields = dict(_directory(block, order, start))
        (shot,) = fields[SHOT].values if SHOT in fields else (0,)
        return fields | (dict(_directory(block, order, shot)) if shot else {})
    except (struct.error, ValueError):
        return {}


def _directory(block: bytes, order: str, start: int) -> Iterator[tuple[int, Field]]:
    """The fields of the directory at ``start`` that can be read; those after its broken end are missing."""
    if start + 2 > len(block):
        return
    (count,) = struct.unpack_from(f"{order}H", block, start)
    for at in range(start + 2, start + 2 + 12 * min(count, MAX_FIELDS), 12):
        if at + 12 > len(block):
            return
        tag, kind, number = struct.unpack_from(f"{order}HHL", block, at)
        size = SIZES.get(kind, 0) * number
        if not 0 < size <= MAX_BYTES:
            continue
        place = at + 8 if size <= 4 else struct.unpack_from(f"{order}L", block, at + 8)[0]
        data = block[place : place + size]
        if len(data) == size:
            numbers = order + LETTERS[kind] * number if kind in LETTERS else ""
            yield tag, Field(kind, struct.unpack(numbers, data) if numbers else data)


def write_exif(fields: Mapping[int, Field]) -> bytes:
    """The EXIF block of ``fields``, without prefix; empty if there are none."""
    shot = {tag: field for tag, field in sorted(fields.items()) if _is_of_shot(tag)}
    main = {tag: field for tag, field in sorted(fields.items()) if not _is_of_shot(tag) and tag != SHOT}
    if not fields:
        return b""
    if shot:
        length = len(_written(main | {SHOT: Field(LONG, (0,))}, 8))
        main = dict(sorted((main | {SHOT: Field(LONG, (8 + length,))}).items()))
    first = _written(main, 8)
    return b"II*\0" + struct.pack("<L", 8) + first + (_written(shot, 8 + len(first)) if shot else b"")


def _is_of_shot(tag: int) -> bool:
    return FIRST_OF_SHOT <= tag <= LAST_OF_SHOT and tag not in (*OF_MAIN, SHOT)


def _written(fields: Mapping[int, Field], start: int) -> bytes:
    """A directory that stands at ``start`` of its block, followed by the values that have no room in it."""
    room = start + 2 + 12 * len(fields) + 4
    entries, values = struct.pack("<H", len(fields)), b""
    for tag, field in fields.items():
        data = _packed(field)
        entries += struct.pack("<HHL", tag, field.kind, len(data) // SIZES[field.kind])
        if len(data) <= 4:
            entries += data.ljust(4, b"\0")
        else:
            entries += struct.pack("<L", room + len(values))
            values += data + b"\0" * (len(data) % 2)  # values begin at even places
    return entries + bytes(4) + values


def _packed(field: Field) -> bytes:
    if isinstance(field.values, bytes):
        return field.values
    letter = LETTERS[field.kind][0]
    return struct.pack(f"<{len(field.values)}{letter}", *field.values)
