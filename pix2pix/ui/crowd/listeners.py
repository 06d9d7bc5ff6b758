"""Who may listen to a session of gradio: only the browser that began it.

Gradio sends what a visitor's events answer to whoever knows the visitor's session hash, and that stands in addresses,
which proxies and servers write down. So each browser gets a cookie that means nothing but “this browser”, and a session
belongs to the one that listened first. A browser that refuses the cookie, and a program, has the session hash alone.
"""

import secrets
from http.cookies import SimpleCookie

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pix2pix.session import LRU

COOKIE = "pix2pix-browser"
MAX_SESSIONS = 10_000


class Listeners:
    """A layer around ``app`` that knows which browser listens to which session."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._browsers: LRU[str] = LRU(MAX_SESSIONS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if self._may_listen(request):
            await self._app(scope, receive, send if COOKIE in request.cookies else _naming(request, send))
        else:
            await PlainTextResponse("This is somebody else's session.", status_code=403)(scope, receive, send)

    def _may_listen(self, request: Request) -> bool:
        if not request.url.path.endswith("/queue/data"):
            return True
        session, browser = request.query_params.get("session_hash", ""), request.cookies.get(COOKIE, "")
        return secrets.compare_digest(self._browsers.get_or_make(session, lambda: browser).encode(), browser.encode())


def _naming(request: Request, send: Send) -> Send:
    """``send``, which also gives the browser its cookie where the answer is a page."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith("text/html"):
                headers.append("set-cookie", _cookie(request))
        await send(message)

    return sending


def _cookie(request: Request) -> str:
    """A name for the browser until it is closed; on a Space the page stands in a frame of another site."""
    secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
    cookie = SimpleCookie({COOKIE: secrets.token_hex(16)})
    for name, value in {
        "path": "/",
        "httponly": True,
        "samesite": "None" if secure else "Lax",
        "secure": secure,
    }.items():
        cookie[COOKIE][name] = value
    return cookie[COOKIE].OutputString() + ("; Partitioned" if secure else "")
