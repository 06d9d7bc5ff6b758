"""What is not let in: one sentence for whoever sent it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse


class Refusal(Exception):
    """A request is not let in; ``str(refusal)`` is the sentence to answer, and ``more`` what is said beside it."""

    def __init__(self, sentence: str, status: int = 422, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.more = more or {}

    @property
    def answer(self) -> JSONResponse:
        """What to send; the page reads the sentence under one name, and programs under the other."""
        return JSONResponse({**self.more, "detail": str(self), "error": str(self)}, status_code=self.status)
