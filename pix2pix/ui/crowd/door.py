"""The door of the web server: what makes no sense is refused in one sentence, and so is what gradio stumbles over."""

import json
import logging
import re
from collections.abc import MutableMapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pix2pix.files.room import disk_full
from pix2pix.ui.crowd import payloads, uploads
from pix2pix.ui.crowd.refusal import Refusal

RANGE = re.compile(rb"bytes=(\d{1,15})-(\d{1,15})|bytes=\d{1,15}-|bytes=-\d{1,15}")
ELSEWHERE = re.compile(r"/gradio_api/(file=\s*https?:|proxy=)", re.IGNORECASE)  # gradio would fetch from there
LISTENING = re.compile(r"/gradio_api/call/(?:v2/)?[^/]+/([^/]+)/?$")
MAX_BODY = 400_000_000  # bytes: photos as data URLs are a third larger than their files
MAX_BODY_AT_ONCE = 2_000_000  # of the page's own small calls
NO_STORAGE = 507  # of WebDAV, but everybody knows what it means
TO_PARSE_HERE = 100_000  # bytes; larger bodies are parsed in a thread

NO_FILE = "There is no such file."
NO_JOB = "There is no such job any more; send the call again."
FOREIGN = "Only this page itself, and programs that are no web page, may do that."
TOO_LARGE = "This request is too large."
STUMBLED = "This request cannot be understood; see “Use it from code” on the page for how to call."

logger = logging.getLogger(__name__)


class Door:
    """A layer around ``app``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sending = _Sending(send)
        try:
            _check_address(scope)
            request = Request(scope)
            _check_origin(request)
            _check_job(request)
            await self._app(scope, await _bounded(request, receive), sending)
        except Refusal as refusal:
            await _say(refusal, sending, scope, receive)
        except Exception as error:
            logger.warning("A request could not be answered: %s.", type(error).__name__)
            logger.debug("It was this.", exc_info=error)
            full = disk_full(error)
            await _say(Refusal(str(full), NO_STORAGE) if full else Refusal(STUMBLED, 400), sending, scope, receive)


async def _say(refusal: Refusal, sending: "_Sending", scope: Scope, receive: Receive) -> None:
    """Answer with ``refusal``, or end the answer that was begun."""
    if sending.began:
        await sending({"type": "http.response.body", "body": b"", "more_body": False})
    else:
        await refusal.answer(scope, receive, sending)


class _Sending:
    """``send``, which turns an answer about a failed call into a plain refusal.

    Gradio answers 500 to whatever goes wrong in a call that does not wait in the queue, also where the caller is wrong.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._failed: Message | None = None
        self._body = b""
        self.began = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 500:
            self._failed = message
            return
        if self._failed is None:
            self.began = True
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            failed, self._failed = self._failed, None
            await _refused(self._body, failed, self)


async def _refused(body: bytes, start: MutableMapping[str, Any], send: Send) -> None:
    """Answer with the sentence in ``body``, if there is one, and the headers of ``start``."""
    try:
        said = json.loads(body)
        answer = Refusal(str(said["error"] or STUMBLED), more=said).answer
    except (ValueError, TypeError, KeyError):
        answer = Refusal(STUMBLED).answer
    kept = [(name, value) for name, value in start["headers"] if name not in (b"content-length", b"content-type")]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": [*kept, *answer.raw_headers]})
    await send({"type": "http.response.body", "body": answer.body})


def _check_address(scope: Scope) -> None:
    """Refuse names that no file here has, and forget a range that is none: a server may send the whole file instead."""
    if "\0" in scope["path"] or ELSEWHERE.search(scope["path"]):
        raise Refusal(NO_FILE, 404)
    scope["headers"] = [one for one in scope["headers"] if one[0] != b"range" or _is_range(one[1])]


def _is_range(value: bytes) -> bool:
    found = RANGE.fullmatch(value.strip())
    return bool(found) and (found[1] is None or int(found[1]) <= int(found[2]))  # type: ignore[index]


def _check_origin(request: Request) -> None:
    """Refuse what the page of another site makes a browser send; what only reads is refused by browsers themselves."""
    origin = request.headers.get("origin")
    if request.method != "POST" or origin is None:
        return
    said = request.headers.get("sec-fetch-site")  # which no page can forge, and which knows nothing of proxies
    ours = {request.headers.get("host"), request.headers.get("x-forwarded-host")}
    if said not in ("same-origin", "none") if said else urlsplit(origin).netloc not in ours:
        raise Refusal(FOREIGN, 403)


def _check_job(request: Request) -> None:
    found = LISTENING.search(request.url.path)
    if request.method == "GET" and found:
        queue = request.app.get_blocks()._queue
        known = found[1] in queue.event_ids_to_events or found[1] in queue.pending_messages_per_session
        if not known and not any(found[1] in ids for ids in queue.pending_event_ids_session.values()):
            raise Refusal(NO_JOB, 404)


async def _bounded(request: Request, receive: Receive) -> Receive:
    """``receive`` within bounds; what comes by it is checked already if it is a call."""
    path = request.url.path.rstrip("/")
    if request.method != "POST":
        return receive
    if path.endswith(uploads.PATH):
        return uploads.bounded(request, receive, request.app.get_blocks().limits)
    if not payloads.is_checked(path):
        return receive
    body = await _whole(receive, MAX_BODY_AT_ONCE if payloads.AT_ONCE.search(path) else MAX_BODY)
    check = partial(payloads.check, path, body, request.app.get_blocks().fns)
    await run_sync(check) if len(body) > TO_PARSE_HERE else check()
    return _again(body, receive)


async def _whole(receive: Receive, limit: int) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False) and message["type"] == "http.request"
        if len(body) > limit:
            raise Refusal(TOO_LARGE, 413)
    return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives ``body``, and after it what else comes, such as that the caller has left."""
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving
