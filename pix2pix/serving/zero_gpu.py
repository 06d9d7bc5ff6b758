"""Edits on a ZeroGPU Space, where a GPU is lent for some seconds to a process that is forked from this one.

What goes there and comes back is pickled: so previews are drawn there, errors come back as values, and what the session
has learnt is handed over before the result.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from pix2pix.errors import EditError
from pix2pix.events import Outcome, PhotoStep, Result, Step
from pix2pix.request import EditRequest
from pix2pix.session import EditSession

ACTIVE = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
START_SECONDS, STEP_SECONDS, MOST_SECONDS = 15, 0.2, 120  # generous: an edit that needs longer is cut off

Event = Step | Result | PhotoStep | Outcome
Stream = Callable[..., Iterator[Event]]


def lend_gpu(stream: Stream) -> Stream:
    """``stream``, which is one of ``Studio``'s and called like them, run where the GPU is."""
    import spaces  # before torch; it comes with such Spaces

    def there(photos: object, requests: object, session: EditSession, model: str | None) -> Iterator:
        try:
            for event in stream(photos, requests, session=session, model=model):
                if isinstance(event, (Result, Outcome)):
                    yield session.without_results()
                yield _packed(event)
        except EditError as error:
            yield error

    lent = spaces.GPU(there, duration=seconds_needed)

    def here(photos: object, requests: object, *, session: EditSession, model: str | None = None) -> Iterator[Event]:
        with closing(lent(photos, requests, session.without_results(), model)) as events:
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


def _packed(event: Event) -> Event:
    """``event`` with its preview drawn: what draws it stays where the GPU is."""
    match event:
        case Step():
            return replace(event, draw=event.preview.copy)
        case PhotoStep():
            return replace(event, step=_packed(event.step))
    return event


def seconds_needed(
    photos: object, requests: EditRequest | Sequence[EditRequest], session: EditSession, model: str | None
) -> int:
    """How long to borrow the GPU for, in whole seconds; grows with the steps and with the pixels of the canvases."""
    requests = [requests] if isinstance(requests, EditRequest) else requests
    work = sum((request.num_inference_steps or 30) * ((request.resolution or 512) / 512) ** 2 for request in requests)
    return min(MOST_SECONDS, round(START_SECONDS + STEP_SECONDS * work))
