"""Files that photographers have and that cannot be opened here, with what to do about each."""

from pix2pix.photo.reading.tiff import is_tiff

RAW = "This is a camera's RAW file; save it as a JPEG or TIFF in your photo program, then use that."
JPEG_XL = "JPEG XL photos cannot be opened here yet; save it as a JPEG or PNG and use that."
PHOTOSHOP = "This is a Photoshop file; save it as a TIFF, PNG or JPEG and use that."
SVG = "This is a drawing, not a photo; save it as a PNG and use that."

BEGINNINGS = {  # where, and which bytes
    (0, b"FUJIFILMCCD-RAW"): RAW,
    (0, b"IIU\0"): RAW,  # Panasonic
    (0, b"IIRO"): RAW,  # Olympus
    (0, b"IIRS"): RAW,
    (0, b"MMOR"): RAW,
    (6, b"HEAPCCDR"): RAW,  # Canon, of old
    (4, b"ftypcrx "): RAW,  # Canon, of today
    (0, b"FOVb"): RAW,  # Sigma
    (0, b"\0MRM"): RAW,  # Minolta
    (0, b"\xff\x0a"): JPEG_XL,
    (0, b"\0\0\0\x0cJXL \r\n\x87\n"): JPEG_XL,
    (0, b"8BPS"): PHOTOSHOP,
    (0, b"<svg"): SVG,
}
AMONG_TIFFS = ((8, b"CR\2\0"), (8, b"IIII"), (8, b"MMMM"))  # Canon, Phase One


def sentence_for(prefix: bytes) -> str | None:
    """What to say of a file that begins with ``prefix``, 32 bytes or more; ``None`` if it is none of these."""
    for (at, mark), sentence in BEGINNINGS.items():
        if prefix[at:].startswith(mark):
            return sentence
    if is_tiff(prefix) and any(prefix[at:].startswith(mark) for at, mark in AMONG_TIFFS):
        return RAW
    return None
