"""A disk that takes no more, told apart from whatever else can go wrong with a file."""

import errno

from pix2pix.errors import DiskFull

NO_ROOM = "The disk is full, so this could not be kept; delete some results or make room on it, then try again."
ONLY_READ = "The disk cannot be written to, so this could not be kept; tell whoever runs this app, and try again later."
SENTENCES = {errno.ENOSPC: NO_ROOM, errno.EDQUOT: NO_ROOM, errno.EROFS: ONLY_READ}


def disk_full(error: BaseException | None) -> DiskFull | None:
    """What to say if ``error``, or what it came from, is that the disk takes no more; ``None`` if it is not."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in SENTENCES:
            return DiskFull(SENTENCES[error.errno])
        error = error.__cause__ or error.__context__
    return None
