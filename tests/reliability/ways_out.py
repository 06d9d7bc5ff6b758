"""How visitors leave: each way begins an edit, ends the visit, and tells when nobody wanted the edit any more."""

import secrets
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx

from pix2pix.ui.crowd import audience
from tests.reliability.conftest import CLIENT, Fake, join, until
from tests.reliability.crowd import browser

STEPS = 150  # of 0.05 s: seven seconds, unless somebody stops them


class EventStream:
    """The connection by which a browser hears how its edits go on."""

    def __init__(self, address: str, path: str) -> None:
        place = urlsplit(address)
        self._socket = socket.create_connection((place.hostname, place.port), timeout=60)
        self._socket.sendall(f"GET /gradio_api/{path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        assert b"200 OK" in self._socket.recv(1000)

    def close(self) -> None:
        self._socket.close()

    def reset(self) -> None:
        """Break the connection off, as a phone does that loses its network; nothing more is sent or read."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


@dataclass
class Visit:
    """What a visitor who leaves has to do with.

    Attributes:
        mark: the instruction of the edit that is left.
    """

    address: str
    service: Fake
    photo: str
    mark: str

    def joined(self) -> str:
        """The job of the edit, asked for as a program does."""
        values = {"photo": self.photo, "instruction": self.mark, "num_inference_steps": STEPS}
        answer = join(self.address, values, **browser(self.mark))
        assert answer.status_code == 200, answer.text
        return answer.json()["event_id"]

    def on_the_page(self) -> tuple[EventStream, dict]:
        """Ask as a page does, and wait for the first steps; returns what it listens by and what it would cancel."""
        session = secrets.token_hex(8)
        events = CLIENT.get(f"{self.address}/config").json()["dependencies"]
        (index,) = [one["id"] for one in events if one["api_name"] == "edit"]
        body = {"data": [self.photo, self.mark, STEPS], "fn_index": index, "session_hash": session}
        job = CLIENT.post(f"{self.address}/gradio_api/queue/join", json=body).json()["event_id"]
        stream = EventStream(self.address, f"queue/data?session_hash={session}")
        self.wait_for_steps()
        return stream, {"session_hash": session, "fn_index": index, "event_id": job}

    def wait_for_steps(self) -> None:
        until(lambda: self.mark in self.service.started, 60)
        then = self.service.steps
        until(lambda: self.service.steps > then + 1, 60)


def close_the_tab(visit: Visit) -> float:
    stream, _ = visit.on_the_page()
    stream.close()
    return time.monotonic()


def press_stop(visit: Visit) -> float:
    stream, cancel = visit.on_the_page()
    pressed = time.monotonic()
    assert httpx.post(f"{visit.address}/gradio_api/cancel", json=cancel).status_code == 200
    stream.close()
    return pressed


def lose_the_network(visit: Visit) -> float:
    stream = EventStream(visit.address, f"call/edit/{visit.joined()}")
    visit.wait_for_steps()
    stream.reset()
    return time.monotonic()


def leave_while_waiting(visit: Visit) -> float:
    """Behind an edit of somebody else, who leaves after that."""
    first = replace(visit, mark=f"before {visit.mark}")
    ahead = EventStream(visit.address, f"call/edit/{first.joined()}")
    first.wait_for_steps()
    EventStream(visit.address, f"call/edit/{visit.joined()}").close()
    ahead.close()
    return time.monotonic()


def never_listen(visit: Visit) -> float:
    joined = time.monotonic()
    visit.joined()
    return joined + audience.UNHEARD_SECONDS


WAYS: tuple[Callable[[Visit], float], ...] = (
    close_the_tab,
    press_stop,
    lose_the_network,
    leave_while_waiting,
    never_listen,
)
