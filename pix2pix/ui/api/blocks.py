"""The page as programs meet it: whatever goes wrong, they read one sentence."""

import logging
import re
import secrets
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.exceptions import InvalidPathError
from pydantic import ValidationError

from pix2pix.errors import EditError, InvalidRequest
from pix2pix.files.room import disk_full
from pix2pix.request import GALLERY_SETTINGS, SAVE_SETTINGS
from pix2pix.serving.limits import USUAL, Limits
from pix2pix.ui.api.photos import NOT_AN_UPLOAD
from pix2pix.ui.api.tools import Tools
from pix2pix.ui.crowd.waiting import WaitingLine
from pix2pix.ui.queues import MODEL_QUEUE

logger = logging.getLogger(__name__)

OPTIONAL = {"mask", *(setting.name for setting in (*GALLERY_SETTINGS, *SAVE_SETTINGS))}
NOT_A_VALUE = "One of the values is not what its field takes; look at the list of parameters."
OUT_OF_RANGE = re.compile(r"Value [\d.e+-]{1,30} is (less|greater) than (minimum|maximum) value [\d.e+-]{1,30}")
UNEXPECTED = "Something went wrong here, and it was not your photo or your words; please try again."


class PlainBlocks(gr.Blocks):
    """Blocks whose errors are sentences, and whose MCP tools answer with pictures.

    Every call passes ``process_api``: from the page, over REST, from gradio_client and from assistants.

    Attributes:
        limits: what callers may ask for.
        is_loaded: whether the model is there; raises ``EditError`` if it could not be loaded.
        mark: what only this program knows; by it the app recognises requests that it makes itself.
    """

    _queue: Any

    def __init__(self, limits: Limits = USUAL, is_loaded: Callable[[], bool] = lambda: True, **options: Any) -> None:
        self.limits = limits
        self.is_loaded = is_loaded
        self.mark = secrets.token_hex(16)
        super().__init__(**options)

    def queue(self, *arguments: Any, **options: Any) -> "PlainBlocks":
        """As gradio has it, with places for everybody, and as many edits at once as there may be."""
        super().queue(*arguments, **options)
        for event in self.fns.values():
            if event.concurrency_id == MODEL_QUEUE["concurrency_id"]:
                event.concurrency_limit = self.limits.at_once
        self._queue = WaitingLine(self._queue, self.limits.waiting_each, self.mark)
        return self

    @property
    def is_full(self) -> bool:
        """Whether there is no place for another edit."""
        return bool(self._queue.is_full)

    async def process_api(self, block_fn: Any, inputs: list[Any], *arguments: Any, **options: Any) -> dict[str, Any]:
        try:
            missing = (self.fns[block_fn] if isinstance(block_fn, int) else block_fn).inputs[len(inputs) :]
            whole = [*inputs, *_left_out(missing)]
            return await super().process_api(block_fn, whole, *arguments, **options)  # type: ignore[no-any-return]
        except gr.Error:
            raise
        except Exception as error:
            raise gr.Error(_sentence(error), print_exception=False) from error

    async def preprocess_data(self, *arguments: Any, **options: Any) -> Any:
        """As gradio has it; a value that one of its fields stumbles over is the caller's mistake."""
        try:
            return await super().preprocess_data(*arguments, **options)
        except Exception as error:
            raise _mistake(error) from error

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> list[Any]:
        """As gradio has it; a part that it makes anew for a session keeps its number.

        Under a number of its own gradio would enter it once more at its next value, and the session would grow with
        every edit.
        """
        answer: list[Any] = await super().postprocess_data(block_fn, predictions, state)
        parts = state.blocks_config.blocks if state else {}
        for number in (part._id for part in block_fn.outputs):
            if number in parts:
                parts[number]._id = number
        return answer

    @property
    def mcp_server_obj(self) -> Tools | None:
        """Gradio makes its own when it launches, and has no setting for another class."""
        return self._tools

    @mcp_server_obj.setter
    def mcp_server_obj(self, made: Any) -> None:
        self._tools = Tools(self) if made else None


def _mistake(error: Exception) -> Exception:
    """What is wrong with a value, as one of its field's own sentences if it has one; or that it cannot be kept."""
    if full := disk_full(error):
        return full
    for reason in (error, error.__cause__):  # gradio wraps what fields raise
        if isinstance(reason, (EditError, InvalidPathError, ValidationError)):
            return reason
    said = str(error.message) if isinstance(error, gr.Error) else ""
    return InvalidRequest(f"{said}." if OUT_OF_RANGE.fullmatch(said) else NOT_A_VALUE)


def _left_out(missing: list[Any]) -> list[Any]:
    """The values that a caller left out at the end, such as those of settings that came later than the caller."""
    needed = ", ".join(str(component.label) for component in missing if component.label not in OPTIONAL)
    if needed:
        said = f"These parameters are missing: {needed}. /gradio_api/call/v2 takes them by name."
        raise gr.Error(said, print_exception=False)
    return [component.value for component in missing]


def _sentence(error: Exception) -> str:
    """What to tell of ``error``; what is not meant for people goes into the log only."""
    if isinstance(error, EditError):
        return str(error)
    if isinstance(error, (InvalidPathError, ValidationError)):  # gradio's checks of a file; the page takes only photos
        return NOT_AN_UPLOAD
    logger.error("A call failed.", exc_info=error)
    return str(disk_full(error) or UNEXPECTED)
