"""The segments of a JPEG before its pixels. No camera writes hundreds of remarks, and Pillow joins them one by one."""

from typing import IO

from pix2pix.photo.reading.excerpt import Excerpt

SCAN, END, ALONE = 0xDA, 0xD9, (0x01, *range(0xD0, 0xD9))  # marks; the last have nothing behind them
REMARKS = (*range(0xE0, 0xF0), 0xFE)
PROFILE, MAX_OF_PROFILE = 0xE2, 300  # a colour profile may have 255
MAX_REMARKS = 32


def needed_of(file: IO[bytes]) -> IO[bytes] | Excerpt:
    """``file`` itself, or all of it but the remarks that are too many."""
    length, at, seen = file.seek(0, 2), 2, [0, 0]
    parts, left_out = [(0, 2)], False
    while at < length:
        file.seek(at)
        head = file.read(4).ljust(4, b"\0")
        mark = head[1]
        if head[0] != 0xFF or mark in (SCAN, END):
            break
        size = {0xFF: 1}.get(mark, 2 if mark in ALONE else 2 + int.from_bytes(head[2:], "big"))
        seen[mark == PROFILE] += mark in REMARKS
        if mark in REMARKS and seen[mark == PROFILE] > (MAX_OF_PROFILE if mark == PROFILE else MAX_REMARKS):
            left_out = True
        else:
            parts.append((at, size))
        at += size
    file.seek(0)
    return Excerpt(file, [*parts, (at, max(0, length - at))]) if left_out else file
