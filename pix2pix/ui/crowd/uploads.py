"""How much one upload may bring. Gradio bounds each file, and not all of them together."""

from python_multipart.multipart import parse_options_header
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive

from pix2pix.serving.limits import MILLION, Limits
from pix2pix.ui.crowd.refusal import Refusal

PATH = "/gradio_api/upload"
TOO_LARGE = 413


def bounded(request: Request, receive: Receive, limits: Limits) -> Receive:
    """``receive`` for an upload; it raises what gradio answers as a sentence once too much has come.

    Raises:
        Refusal: the upload says itself that it is too large, or is none.
    """
    too_many_bytes = f"These files are together over the maximum allowed size of {limits.upload_bytes // MILLION} MB."
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise Refusal("Send the files as a form, multipart/form-data.", 400)
    said = request.headers.get("content-length", "0")
    if said.isdecimal() and int(said) > limits.upload_bytes:
        raise Refusal(too_many_bytes, TOO_LARGE)
    mark = b"--" + options[b"boundary"]
    came, marks, rest = 0, 0, b""

    async def receiving() -> Message:
        nonlocal came, marks, rest
        message = await receive()
        window = rest + message.get("body", b"")
        came, marks = came + len(window) - len(rest), marks + window.count(mark)
        rest = window[len(window) - len(mark) + 1 :] if len(window) >= len(mark) else window
        if came > limits.upload_bytes:
            raise MultiPartException(too_many_bytes)
        if marks > limits.upload_files + 1:  # one before each file, and one after the last
            raise MultiPartException(f"Send at most {limits.upload_files} files at once.")
        return message

    return receiving
