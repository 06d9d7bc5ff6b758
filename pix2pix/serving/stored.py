"""What a workspace keeps, as values: photos and results with their files."""

from dataclasses import dataclass, field
from pathlib import Path

from pix2pix.request import EditRequest

SHOWN_SIDE = 1600  # pixels; the page shows pictures no larger, the download is always whole
THUMBNAIL_SIDE = 320


@dataclass(frozen=True)
class StoredPhoto:
    """A photo that came in.

    Attributes:
        name: what its owner calls the file.
        file: the upload itself, untouched.
        shown: a copy that every browser can show, at most SHOWN_SIDE pixels a side.
    """

    id: str
    name: str
    file: Path = field(repr=False)
    shown: Path = field(repr=False)
    thumbnail: Path = field(repr=False)
    browsers_show_it: bool = True

    @property
    def displayed(self) -> Path:
        """The upload itself, or the copy where browsers cannot show it."""
        return self.file if self.browsers_show_it else self.shown


@dataclass(frozen=True)
class StoredResult:
    """A finished edit.

    Attributes:
        photo: the id of the photo it was made from.
        parent: the id of the result that was in view when it was asked for, or ``None`` at the photo itself.
        file: the picture as it is downloaded, with its receipt.
        shown, thumbnail: smaller copies for the page.
        request: with its seed and all defaults filled in.
        checkpoint: the name of the model that made it.
        truncated: the end of the instruction that was not read, or ``None``.
        unchanged: whether the edit left the photo as it was.
        is_confined: whether it was let act in an area only.
    """

    id: str
    photo: str
    parent: str | None
    file: Path = field(repr=False)
    shown: Path = field(repr=False)
    thumbnail: Path = field(repr=False)
    request: EditRequest
    checkpoint: str
    truncated: str | None
    unchanged: bool
    is_confined: bool = False
