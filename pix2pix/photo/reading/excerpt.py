"""A file that consists of parts of another one, so that a decoder never sees the rest, or finds the end it misses."""

import io
from typing import IO


class Excerpt(io.RawIOBase):
    """Parts of ``file``, each a place and a length, one behind the other, then ``end``. Closing it closes ``file``."""

    def __init__(self, file: IO[bytes], parts: list[tuple[int, int]], end: bytes = b"") -> None:
        self._file, self._parts, self._end, self._at = file, parts, end, 0
        self._length = sum(length for _, length in parts) + len(end)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._length)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        left = self._length - self._at if size is None or size < 0 else size
        pieces, skipped = [], self._at
        for start, length in self._parts:
            if skipped < length and left > 0:
                self._file.seek(start + skipped)
                pieces.append(self._file.read(min(left, length - skipped)))
                left -= len(pieces[-1])
                self._at += len(pieces[-1])
            skipped = max(0, skipped - length)
        pieces.append(self._end[skipped : skipped + max(0, left)])
        self._at += len(pieces[-1])
        return b"".join(pieces)

    def close(self) -> None:
        self._file.close()
        super().close()
