"""Edits on a ZeroGPU Space, where a GPU is lent for some seconds to a process that is forked from this one.

What goes there and comes back is pickled. So previews are drawn there, errors come back as values, and what the
session has learnt is handed over before the result. A visitor has a few minutes a day, and the seconds that are asked
for count. So a gallery borrows the GPU for one turn's work at a time.
"""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from pix2pix.errors import EditError
from pix2pix.events import Outcome, PhotoStep, Result, packed
from pix2pix.request import EditRequest
from pix2pix.serving.turns import portions, seconds_of_work
from pix2pix.session import EditSession

ACTIVE = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
START_SECONDS, MAX_SECONDS = 15, 120  # an edit that needs longer than was asked for is cut off

Stream = Callable[..., Generator[Any, None, None]]  # one of the two of ``Studio``, called like them


def lend_gpu(stream: Stream) -> Stream:
    """``stream``, run where the GPU is, which is borrowed for as long as all of its photos may need."""
    import spaces  # before torch; it comes with such Spaces

    def there(
        photos: object, requests: object, session: EditSession, model: str | None, mask: object
    ) -> Iterator[object]:
        try:
            for event in stream(photos, requests, session=session, model=model, mask=mask):
                if isinstance(event, (Result, Outcome)):
                    yield session.without_results()
                yield packed(event)
        except EditError as error:
            yield error

    lent = spaces.GPU(there, duration=seconds_needed)

    def here(
        photos: object, requests: object, *, session: EditSession, model: str | None = None, mask: object = None
    ) -> Generator[Any, None, None]:
        with closing(lent(photos, requests, session.without_results(), model, mask)) as events:
            for event in events:
                match event:
                    case EditError():
                        raise event
                    case EditSession():
                        session.adopt_conditions(event)
                        continue
                    case Result():
                        session.add(event)
                yield event

    return here


def in_portions(stream: Stream) -> Stream:
    """``stream``, a gallery's, called for the photos of one turn after the other; indices are those of the whole."""

    def whole(
        photos: Sequence[object],
        requests: Sequence[EditRequest],
        *,
        session: EditSession,
        model: str | None = None,
        mask: object = None,
    ) -> Generator[PhotoStep | Outcome, None, None]:
        for portion in portions(requests):
            some = slice(portion.start, portion.stop)
            with closing(stream(photos[some], requests[some], session=session, model=model, mask=mask)) as events:
                for event in events:
                    yield replace(event, index=portion[event.index])

    return whole


def seconds_needed(
    photos: object,
    requests: EditRequest | Sequence[EditRequest],
    session: EditSession,
    model: str | None,
    mask: object = None,
) -> int:
    """How long to borrow the GPU for, in whole seconds."""
    requests = [requests] if isinstance(requests, EditRequest) else requests
    return min(MAX_SECONDS, round(START_SECONDS + sum(map(seconds_of_work, requests))))
