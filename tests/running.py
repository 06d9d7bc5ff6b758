"""The app as a stranger starts it, a proxy in front of it, and an assistant that talks to it."""

import asyncio
import base64
import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mcp.types import CallToolResult

from tests import ROOT

PREFIX = "/studio"
HOP_BY_HOP = ("connection", "transfer-encoding", "keep-alive", "content-length")


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextlib.contextmanager
def running_app(**settings: str) -> Iterator[str]:
    """The address of ``python app.py`` with pocket and no hub, on a free port."""
    environment = {
        **os.environ,
        "GRADIO_SERVER_PORT": str(free_port()),
        "PIX2PIX_MODEL": "pocket",
        "PYTHONUNBUFFERED": "1",
    }
    with subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=environment | settings, stdout=subprocess.PIPE, text=True
    ) as app:
        for line in app.stdout:
            if found := re.search(r"http://[\d.]+:\d+", line):
                break
        yield found[0]
        app.terminate()


class Proxy(BaseHTTPRequestHandler):
    """Passes on what begins with ``PREFIX``, without it, and says by which name it was reached."""

    server: "ProxyServer"

    def do_GET(self) -> None:
        if not self.path.startswith(PREFIX):
            self.send_error(404)
            return
        if self.path == PREFIX:  # as every proxy does, so that relative addresses work
            self.send_response(301)
            self.send_header("Location", f"{PREFIX}/")
            self.end_headers()
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        headers |= {"Host": self.server.app, "X-Forwarded-Host": self.headers["Host"], "X-Forwarded-Proto": "http"}
        headers |= {"X-Forwarded-Prefix": PREFIX} if self.server.tells_prefix else {}
        inside = http.client.HTTPConnection(self.server.app)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        inside.request(self.command, self.path.removeprefix(PREFIX) or "/", body, headers)
        answer = inside.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError, http.client.HTTPException):  # either side may leave
            while piece := answer.read1(65536):  # events are passed on as they come
                self.wfile.write(piece)
        inside.close()

    do_POST = do_DELETE = do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing, or every request would be printed."""


class ProxyServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: str, tells_prefix: bool) -> None:
        super().__init__(("127.0.0.1", 0), Proxy)
        self.app = urlsplit(address).netloc
        self.tells_prefix = tells_prefix


@contextlib.contextmanager
def proxy_of(address: str, tells_prefix: bool = False) -> Iterator[str]:
    """The address of a proxy that has the app at ``address`` under a prefix, and by another name."""
    with ProxyServer(address, tells_prefix) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}{PREFIX}"
        server.shutdown()


def in_a_loop_of_its_own(talk: Coroutine[Any, Any, Any]) -> Any:
    """What ``talk`` returns; a browser of other tests may have a loop in this thread, so it gets another one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, talk).result()


def over_mcp(address: str, talk: Callable[[ClientSession], Coroutine[Any, Any, Any]]) -> Any:
    """What ``talk`` returns of a conversation with the app at ``address``."""

    async def converse() -> Any:
        transport = streamablehttp_client(f"{address}/gradio_api/mcp/")
        async with transport as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return await talk(session)

    return in_a_loop_of_its_own(converse())


def call_tool(address: str, tool: str, arguments: dict, **options: Any) -> CallToolResult:
    """What an assistant gets from ``tool``."""
    return over_mcp(address, lambda session: session.call_tool(tool, arguments, **options))


def data_url(photo: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(photo.read_bytes()).decode()
