"""A file is written under another name first, so that nobody ever finds half of it under its own."""

import errno
import glob
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from pix2pix.files.naming import cut

try:
    import fcntl
except ImportError:  # Windows, where nobody can remove a file that is open
    fcntl = None  # type: ignore[assignment]

TOKEN = 8  # characters
MAX_STEM = 200  # bytes of a file's own name in that of its draft
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES)


@contextmanager
def written(path: Path, new: bool = False) -> Iterator[IO[bytes]]:
    """A file to write; it becomes ``path`` when all is written, and vanishes if something is raised.

    Args:
        new: whether a file of that name, were it written at this very moment, stays as it is.

    Raises:
        FileExistsError: it shall be ``new``, and there is a file of that name.
        OSError: it cannot be written; what was there before is still there.
    """
    draft = path.with_name(f".{_stem(path)}-{secrets.token_hex(TOKEN // 2)}.part")
    try:
        with _begun(draft) as file:
            yield file
            file.flush()
            if fcntl is None:
                file.close()
            _put(draft, path, new)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def remove_drafts(path: str | os.PathLike[str]) -> None:
    """Remove what a killed process may have left while it wrote ``path``, and nothing that another one still writes."""
    path = Path(path)
    for draft in path.parent.glob(f".{glob.escape(_stem(path))}-{'?' * TOKEN}.part"):
        with suppress(OSError), draft.open("rb") as file:
            if _lock(file):
                draft.unlink(missing_ok=True)


def _begun(draft: Path) -> IO[bytes]:
    """``draft``, open and locked; again, if another run took it for a leftover before it was locked."""
    while True:
        file = draft.open("xb")
        if _lock(file) and draft.exists():
            return file
        file.close()
        draft.unlink(missing_ok=True)


def _stem(path: Path) -> str:
    if len(os.fsencode(path.stem)) <= MAX_STEM:
        return path.stem
    return cut(path.stem, MAX_STEM) + hashlib.sha256(os.fsencode(path.name)).hexdigest()[:TOKEN]


def _lock(file: IO[bytes]) -> bool:
    """Mark ``file`` as being written until it is closed. False if another process has done so."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        pass
    return True


def _put(draft: Path, path: Path, new: bool) -> None:
    if not new:
        os.replace(draft, path)
        return
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        os.replace(draft, path)
