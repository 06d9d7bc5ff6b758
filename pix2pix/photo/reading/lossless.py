"""Whether a file holds its pixels without loss, told from its header."""

import os
from typing import IO

from PIL import Image, ImageFile

LOSSY = ("JPEG", "MPO", "AVIF", "HEIF")
WEBP_CHUNKS = 16  # come before the first picture, at most
JP2_HEADER = 65_536  # bytes in which a JPEG 2000 says how it is packed


def is_lossless(image: Image.Image) -> bool:
    """Whether the file of ``image``, which is not loaded yet, holds its pixels without loss."""
    if not isinstance(image, ImageFile.ImageFile) or image.fp is None:
        return image.format not in LOSSY
    told = {"WEBP": _webp, "JPEG2000": _jpeg_2000}.get(image.format or "")
    if told is None:
        return image.format not in LOSSY
    here = image.fp.tell()
    try:
        return told(image.fp)
    finally:
        image.fp.seek(here)


def _webp(file: IO[bytes]) -> bool:
    file.seek(12)  # behind the mark of the format
    for _ in range(WEBP_CHUNKS):
        name, size = file.read(4), int.from_bytes(file.read(4), "little")
        if name in (b"VP8 ", b"VP8L"):
            return name == b"VP8L"
        file.seek(16 if name == b"ANMF" else size + size % 2, os.SEEK_CUR)  # a frame's own chunks are inside of it
    return False


def _jpeg_2000(file: IO[bytes]) -> bool:
    file.seek(0)
    _, _, packing = file.read(JP2_HEADER).partition(b"\xff\x52\0")  # the segment of coding style
    return packing[10:11] == b"\1"  # the wavelet of whole numbers
