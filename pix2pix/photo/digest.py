"""What tells the content of one file from that of another, whatever their names and times."""

import hashlib
import os
from functools import partial

from pix2pix.errors import InvalidImage

BYTES = 16
CANNOT_BE_READ = "This photo cannot be read; check the file and its permissions."


def digest_of(source: str | os.PathLike[str] | bytes) -> str:
    """A hash of the bytes of ``source``, as hexadecimal digits.

    Raises:
        InvalidImage: the file cannot be read.
    """
    if isinstance(source, bytes):
        return hashlib.blake2b(source, digest_size=BYTES).hexdigest()
    try:
        with open(source, "rb") as file:
            return hashlib.file_digest(file, partial(hashlib.blake2b, digest_size=BYTES)).hexdigest()
    except OSError as error:
        raise InvalidImage(CANNOT_BE_READ) from error
