"""What streams yield. One edit: a ``Step`` after every denoising step, a ``Result`` at the end. A gallery: a
``PhotoStep`` for every step of every photo, an ``Outcome`` for every photo. Knows no torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from PIL.Image import Image

from pix2pix.errors import EditError
from pix2pix.origin import Origin
from pix2pix.request import EditRequest

Event = TypeVar("Event")


@dataclass(frozen=True)
class Step:
    """One denoising step is done.

    Attributes:
        index: how many steps are done, 1..total.
        total: how many there are. It may be more than the steps that were asked for: Heun takes 11 for 6.
        preview: the picture as the model foresees it now, small RGB. Drawn when first looked at, so that a consumer
            who shows no previews does not pay for them. Grey at the last step of a result that is withheld.
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
        seconds: how long the model worked on it; of a batch, its share. Neither waiting for its turn nor what the
            consumer does between steps counts.
        truncated: the end of the instruction that the text encoder could not read, or ``None``.
        checkpoint: the name of the checkpoint that made it.
        revision: the checkpoint's hub commit, or ``None`` for one that has none.
        source: the file it was made from, or ``None`` if the photo was not read from a file.
        origin: what that file was: its format, and what of its metadata may be kept.
        area: where the edit was let act, mode L of the photo's size, 0 where ``image`` is the photo bit by bit;
            ``None`` for everywhere.
        mask: a hash of the file in which a person had painted where it may act, or ``None``.
        unchanged: whether nothing was changed, within what the autoencoder does to every photo; ``image`` is then the
            photo, bit by bit.
    """

    image: Image = field(repr=False)
    canvas_image: Image = field(repr=False)
    request: EditRequest
    seconds: float
    truncated: str | None
    checkpoint: str
    revision: str | None
    source: Path | None = field(default=None, repr=False)
    origin: Origin = field(default=Origin(), repr=False)
    unchanged: bool = False
    area: Image | None = field(default=None, repr=False)
    mask: str | None = None


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a model makes of an instruction before it draws.

    Attributes:
        photo: RGB, the photo at the model's size.
        relevance: mode L, of its size: 255 where the instruction acts most, 0 where least.
        is_everywhere: whether it acts on the whole picture, so that no place can be told apart.
        words: every word of the instruction with what it looks at, as ``relevance``, all on one scale; none where the
            model attends to text in one place only, or cannot be listened to.
    """

    photo: Image = field(repr=False)
    relevance: Image = field(repr=False)
    is_everywhere: bool
    words: tuple[tuple[str, Image], ...] = field(repr=False)


def nothing_changed(instruction: str, ideas: Sequence[str]) -> str:
    """What a person reads below a result that is unchanged: another idea, of those that the checkpoint does well."""
    others = [idea for idea in ideas if idea != instruction]
    return f"Nothing was changed; try “{others[0]}”." if others else "Nothing was changed; try other words."


@dataclass(frozen=True)
class PhotoStep:
    """One photo of a gallery is one denoising step further.

    Attributes:
        index: which photo, counted from 0 in the order of the input.
        step: the step, as a single edit would have it.
    """

    index: int
    step: Step


@dataclass(frozen=True, eq=False)
class Outcome:
    """One photo of a gallery is finished: it has a ``result`` or an ``error``, and the other is ``None``.

    Attributes:
        index: which photo, counted from 0 in the order of the input.
        source: the file it is, or ``None`` if the photo was not read from a file.
        result: the finished edit.
        error: why there is none; its text is one sentence for a person.
    """

    index: int
    source: Path | None
    result: Result | None = field(default=None, repr=False)
    error: EditError | None = None


def packed(event: Event) -> Event:
    """``event`` for another process: with its preview drawn, since what draws it stays where the model is."""
    match event:
        case Step():
            return replace(event, draw=event.preview.copy)
        case PhotoStep():
            return replace(event, step=packed(event.step))
    return event
