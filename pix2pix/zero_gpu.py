"""Edits on a ZeroGPU Space, where a GPU is lent for some seconds to a process that is forked from this one.

What goes there and comes back is pickled: so previews are drawn there, errors come back as values, and what the session
has learnt is handed over before the result.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pix2pix.errors import EditError
from pix2pix.events import Result, Step
from pix2pix.request import EditRequest
from pix2pix.session import EditSession

ACTIVE = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
START_SECONDS, STEP_SECONDS, MOST_SECONDS = 15, 0.2, 120  # generous: an edit that needs longer is cut off

Stream = Callable[..., Iterator[Step | Result]]


def lend_gpu(stream: Stream) -> Stream:
    """``stream``, called as ``Studio.stream`` is, run where the GPU is."""
    import spaces  # before torch; it comes with such Spaces

    def there(photo: Path, request: EditRequest, session: EditSession, model: str | None) -> Iterator:
        try:
            for event in stream(photo, request, session=session, model=model):
                if isinstance(event, Result):
                    yield session.without_results()
                    yield event
                else:
                    yield replace(event, draw=event.preview.copy)
        except EditError as error:
            yield error

    lent = spaces.GPU(there, duration=seconds_needed)

    def here(
        photo: Path, request: EditRequest, *, session: EditSession, model: str | None = None
    ) -> Iterator[Step | Result]:
        with closing(lent(photo, request, session.without_results(), model)) as events:
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


def seconds_needed(photo: Path, request: EditRequest, session: EditSession, model: str | None) -> int:
    """How long to borrow the GPU for, in whole seconds; grows with the steps and with the pixels of the canvas."""
    steps, side = request.num_inference_steps or 30, request.resolution or 512
    return min(MOST_SECONDS, round(START_SECONDS + STEP_SECONDS * steps * (side / 512) ** 2))
