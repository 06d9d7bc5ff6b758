"""What an edit's stream yields: a ``Step`` after every denoising step, a ``Result`` at the end. Knows no torch."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from PIL.Image import Image

from pix2pix.request import EditRequest


@dataclass(frozen=True)
class Step:
    """One denoising step is done.

    Attributes:
        index: how many steps are done, 1..total.
        total: how many there are.
        preview: the picture as the model foresees it now, small RGB. Drawn when first looked at, so that a consumer
            who shows no previews does not pay for them.
    """

    index: int
    total: int
    draw: Callable[[], Image] = field(repr=False)

    @cached_property
    def preview(self) -> Image:
        return self.draw()


@dataclass(frozen=True, eq=False)
class Result:
    """One finished edit.

    Attributes:
        image: the edited photo, RGB (RGBA where the photo has transparency), exactly the size of the upright photo.
        canvas_image: what the model drew, RGB at the model's own size, with the reflected margin.
        request: the request with its seed and all defaults filled in; the same again gives the same picture.
        seconds: how long the edit took, without waiting for its turn.
        truncated: the end of the instruction that the text encoder could not read, or ``None``.
        checkpoint: the name of the checkpoint that made it.
        revision: the checkpoint's hub commit, or ``None`` for one that has none.
        source: the file it was made from, or ``None`` if the photo was not read from a file.
    """

    image: Image = field(repr=False)
    canvas_image: Image = field(repr=False)
    request: EditRequest
    seconds: float
    truncated: str | None
    checkpoint: str
    revision: str | None
    source: Path | None = field(default=None, repr=False)
