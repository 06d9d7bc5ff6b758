"""What a request, a sender and all of them together may cost. The one place that says so.

How large a photo may be stands in ``photo/limits.py``, and what is kept in ``visitors.py``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pix2pix.errors import InvalidRequest
from pix2pix.request import Defaults, EditRequest

USUAL_SIDE = 512  # stands in for what neither the request nor the checkpoint says
MILLION = 1_000_000


@dataclass(frozen=True)
class Limits:
    """What the doors of the app allow; each can be set in the environment, as ``PIX2PIX_`` and its name in capitals.

    Attributes:
        edit_work: steps times megapixels of the canvas, of one edit.
        edit_seconds: how long the model may draw one photo.
        at_once: edits at work at the same time; more than 1 is for editors on Ray, as one editor draws one at a time.
        waiting: edits that wait, of all senders together.
        waiting_each: edits that wait, of one sender.
        mcp_calls: calls of assistants at the same time.
        opening_megapixels: of the photos that are opened at the same time; a larger one is opened alone.
        upload_files, upload_bytes: of one request.
        other_models: whether a visitor may load another model than the one that the app began with; 0 or 1.
    """

    edit_work: float = 60.0
    edit_seconds: float = 900.0
    at_once: int = 1
    waiting: int = 20
    waiting_each: int = 10
    mcp_calls: int = 8
    opening_megapixels: float = 80.0
    upload_files: int = 200
    upload_bytes: int = 2_000_000_000
    other_models: int = 0

    def check(self, request: EditRequest, defaults: Defaults) -> None:
        """Raise ``InvalidRequest`` if ``request``, with ``defaults`` for what it leaves open, is too much work."""
        steps = request.num_inference_steps or defaults.num_inference_steps
        side = request.resolution or defaults.resolution or USUAL_SIDE
        most = math.floor(self.edit_work * MILLION / side**2)
        if steps > most:
            raise InvalidRequest(
                f"{steps} steps at a size of {side} are too much work for this app; "
                f"take {max(most, 1)} steps or fewer there, or a smaller size."
            )


USUAL = Limits()


def read_limits(environment: Mapping[str, str]) -> Limits:
    """The limits as ``environment`` says.

    Raises:
        ValueError: one of them makes no sense; its text is one sentence.
    """
    said = {one.name: environment.get(f"PIX2PIX_{one.name.upper()}", "").strip() for one in fields(Limits)}
    numbers: dict[str, Any] = {name: _number(name, value) for name, value in said.items() if value}
    return Limits(**numbers)


def _number(name: str, said: str) -> float:
    kind, least = type(getattr(Limits, name)), 0 if name == "other_models" else 1
    try:
        value: float = kind(said)
    except ValueError:
        value = math.nan
    if not least <= value < math.inf:
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"PIX2PIX_{name.upper()} must be {what} of {least} or more, and not “{said}”.")
    return value
