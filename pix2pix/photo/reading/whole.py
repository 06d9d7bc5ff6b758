"""Whether all of a picture is there: a JPEG whose last bytes are lost is whole if its pixels do not need them."""

from collections.abc import Callable
from typing import Any

from PIL import Image, ImageChops
from PIL.JpegImagePlugin import JpegImageFile

END = b"\xff\xd9"
FILL, SCAN, PROGRESSIVE = b"\xff", b"\xff\xda", b"\xff\xc2"  # marks of a JPEG
OTHER_END = b"\xca\x35" * 64 + END  # begins with other bits than nothing, which decoders take for zeros


def load_whole(image: Image.Image, again: Callable[[], Image.Image] | None) -> None:
    """Decode ``image``.

    A JPEG that stops early is decoded with two different ends. Where the file itself says all, both give the same
    pixels; where something is missing, an end is taken for it, and the two differ.

    Args:
        again: opens the same picture a second time; asked only for such a JPEG, which without it is refused.

    Raises:
        OSError, among others: it cannot be decoded, or not wholly.
    """
    if again is None or not isinstance(image, JpegImageFile):
        image.load()
        return
    if _load_with(image, END):
        with again() as other:
            if not isinstance(other, JpegImageFile) or ("progressive" in other.info and not _all_passes(other)):
                raise OSError("only the rough passes of a progressive JPEG are there")
            _load_with(other, OTHER_END)
            if ImageChops.difference(image, other).getbbox(alpha_only=False) is not None:
                raise OSError("pixels are missing")


def _all_passes(image: JpegImageFile) -> bool:
    assert image.fp is not None
    here = image.fp.tell()
    image.fp.seek(0)
    refined = _is_refined(image.fp.read(), image.layers)
    image.fp.seek(here)
    return refined


def _load_with(image: Any, end: bytes) -> bool:
    """Decode ``image``, with ``end`` behind its file. True if that was asked for, so the file stops early.

    In place of ``ImageFile.LOAD_TRUNCATED_IMAGES``, which is one switch for everybody in the process.
    """
    read, last, ends = image.load_read, b"", [end]

    def load_read(size: int) -> bytes:
        nonlocal last
        piece: bytes = read(size)
        if not piece and ends:
            piece = ends.pop()
            piece = b"\0" + piece if last == FILL and piece != END else piece  # or a mark of the file would begin here
        last = piece[-1:]
        return piece

    image.load_read = load_read
    image.load()
    return not ends


def _is_refined(file: bytes, components: int) -> bool:
    """Whether a progressive JPEG is told to its last bits: each pass adds some, to some of 64 coefficients."""
    missing: dict[tuple[int, int], int] = {}
    at = file.find(SCAN, max(0, file.find(PROGRESSIVE)))
    while 0 <= at < len(file) - 5 and at + 8 + 2 * file[at + 4] <= len(file):
        count = file[at + 4]
        first, last, bits = file[at + 5 + 2 * count : at + 8 + 2 * count]
        for component in file[at + 5 : at + 5 + 2 * count : 2]:
            missing |= {(component, coefficient): bits % 16 for coefficient in range(first, min(last, 63) + 1)}
        at = file.find(SCAN, at + 2)
    return len(missing) == 64 * components and not any(missing.values())
