"""What a call must look like; gradio itself answers ``{"error": null}`` to much that it cannot read."""

import json
import re
from collections.abc import Collection
from typing import Any

from pix2pix.ui.crowd.refusal import Refusal

BY_POSITION = re.compile(r"/gradio_api/(?:queue/join|(?:call|run|api)/(?!v2/)[^/]+)/?$")
BY_NAME = re.compile(r"/gradio_api/call/v2/[^/]+/?$")
AT_ONCE = re.compile(r"/gradio_api/(?:run|api)/[^/]+/?$")  # without the queue: only the page calls these
SESSION = re.compile(r"[\w.-]{1,100}", re.ASCII)

NO_JSON = "The body of this request cannot be read; it must be JSON in UTF-8."
NO_OBJECT = "The body of this request must be a JSON object."
NO_DATA = "“data” must be a list of the values that the endpoint takes."
NO_SESSION = "“session_hash” must be a text of 1 to 100 letters, digits, dots, dashes or underscores."
NO_FUNCTION = "There is no function of that number here."
NO_NUMBER = "“{}” must be a whole number."
NO_BATCHES = "“batched” must be left out; send one call after the other."


def is_checked(path: str) -> bool:
    """Whether what is posted to ``path`` is a call."""
    return bool(BY_POSITION.search(path) or BY_NAME.search(path))


def check(path: str, body: bytes, functions: Collection[int]) -> None:
    """Check a call to ``path`` of an app that has the ``functions`` of these numbers.

    Raises:
        Refusal: gradio would not understand it.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:  # a UnicodeDecodeError is a ValueError
        raise Refusal(NO_JSON) from error
    if not isinstance(said, dict):
        raise Refusal(NO_OBJECT)
    if BY_POSITION.search(path):
        _check_fields(said, functions)
        if path.rstrip("/").endswith("/queue/join") and said.get("session_hash") is None:
            raise Refusal(NO_SESSION)


def _check_fields(said: dict[str, Any], functions: Collection[int]) -> None:
    if not isinstance(said.get("data"), list):
        raise Refusal(NO_DATA)
    session = said.get("session_hash")
    if session is not None and not (isinstance(session, str) and SESSION.fullmatch(session)):
        raise Refusal(NO_SESSION)
    for name in ("fn_index", "trigger_id"):
        if said.get(name) is not None and type(said[name]) is not int:
            raise Refusal(NO_NUMBER.format(name))
    if said.get("fn_index") is not None and said["fn_index"] not in functions:
        raise Refusal(NO_FUNCTION, 404)
    if said.get("batched"):
        raise Refusal(NO_BATCHES)
