"""How large a photo may be. The one place that says so; nothing is decoded that is beyond it."""

import os

MAX_BYTES = 256 * 1024**2
MAX_ASPECT = 40  # panoramas and strips; the canvas keeps its area, so a long side is short across
SURE_PIXELS, PIXELS_A_BYTE = 24_000_000, 4_096  # a file with more than these has some bytes, or it is no photo
PIXELS_A_BYTE_OF_JPEG = 512  # at the least a bit for each 8 x 8 of them
MEGAPIXELS = 200  # more than any phone or scanner of today makes; editing one takes about 2 GB of memory


def _megapixels() -> int:
    """What ``PIX2PIX_MAX_MEGAPIXELS`` says, for machines with less memory or more."""
    said = os.environ.get("PIX2PIX_MAX_MEGAPIXELS", "").strip()
    return int(said) if said.isdecimal() and int(said) else MEGAPIXELS


MAX_PIXELS = _megapixels() * 1_000_000
