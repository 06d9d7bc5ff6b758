"""Whatever a handler raises, the person reads one sentence and the page stays usable."""

import functools
import inspect
import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import gradio as gr

from pix2pix.errors import EditError
from pix2pix.files.room import disk_full

Handler = TypeVar("Handler", bound=Callable[..., Any])

NO_MEMORY = "There is too little memory for this; use a smaller photo or try again later."
BROKEN = "Something went wrong on our side; please try again."

logger = logging.getLogger(__name__)


def sentence_for(error: Exception) -> str:
    """What to say about ``error``; what nobody expected is logged with its traceback."""
    if isinstance(error, EditError):
        return str(error)
    logger.error("A handler of the page broke.", exc_info=error)
    if full := disk_full(error):
        return str(full)
    return NO_MEMORY if isinstance(error, MemoryError) else BROKEN


def safely(handler: Handler) -> Handler:
    """``handler``, a function or a generator, whose errors become sentences that gradio shows as they are.

    A function that has nothing to change may return an empty dict.
    """

    @functools.wraps(handler)
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            answer = handler(*arguments, **named)
            return gr.skip() if answer == {} else answer
        except gr.Error:
            raise
        except Exception as error:
            raise gr.Error(sentence_for(error), print_exception=False) from error

    @functools.wraps(handler)
    def stream(*arguments: Any, **named: Any) -> Iterator[Any]:
        try:
            yield from handler(*arguments, **named)
        except gr.Error:
            raise
        except Exception as error:
            raise gr.Error(sentence_for(error), print_exception=False) from error

    return stream if inspect.isgeneratorfunction(handler) else call  # type: ignore[return-value]  # same signature
