"""What the file of a photo was, as far as its results are to be like it. Plain data that every room may carry."""

from dataclasses import dataclass, field

SHOWN_BY_BROWSERS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")


@dataclass(frozen=True)
class Origin:
    """The file that a photo came from; by itself, no file at all but pixels.

    Attributes:
        format: Pillow's name of the format, by the file's content: PNG, JPEG, WEBP, GIF, AVIF or HEIF.
        lossless: whether that file holds its pixels without loss.
        transparent: whether it has transparency.
        exif: what may be kept of its metadata, a TIFF block as EXIF has it; empty if there is nothing to keep.
        digest: a hash of the file's bytes; empty where nothing but its header was read.
    """

    format: str = "PNG"
    lossless: bool = True
    transparent: bool = False
    exif: bytes = field(default=b"", repr=False)
    digest: str = ""

    @property
    def shown_by_browsers(self) -> bool:
        """Whether a browser shows the file as it is; a HEIC it does not, whatever it is called."""
        return self.format in SHOWN_BY_BROWSERS
