"""Edits of several visitors, drawn together as a gallery is: those of equal canvas and steps in one batch."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from pix2pix.engine import Engine
from pix2pix.events import Outcome, PhotoStep, packed
from pix2pix.request import EditRequest
from pix2pix.session import EditSession

Event = PhotoStep | Outcome
Row = list[Event | type[StopIteration] | None]  # what is new for each wish: mostly for one of them


@dataclass(eq=False)
class Wish:
    """What one visitor asked for.

    Attributes:
        photo, mask: the bytes of files.
        request: with nothing open that a checkpoint's defaults say.
        is_over: whether nobody waits for it any more.
    """

    photo: bytes
    request: EditRequest
    mask: bytes | None = None
    is_over: bool = False


def drawn_together(editor: Engine, wishes: Sequence[Wish], session: EditSession) -> Generator[Row, None, None]:
    """What is drawn for ``wishes``: their steps as they happen, and an ``Outcome`` each; after it, ``StopIteration``.

    What nobody waits for when its turn comes is not drawn, and nothing is once nobody waits for anything.
    """
    row: Row = [None] * len(wishes)
    requests, masks = [wish.request for wish in wishes], [wish.mask for wish in wishes]
    photos = (b"" if wish.is_over else wish.photo for wish in wishes)
    with closing(editor.stream_gallery(photos, requests, session=session, masks=masks)) as stream:
        for event in stream:
            if all(wish.is_over for wish in wishes):
                return
            yield [*row[: event.index], packed(event), *row[event.index + 1 :]]
            if isinstance(event, Outcome):
                row[event.index] = StopIteration
                wishes[event.index].is_over = True
