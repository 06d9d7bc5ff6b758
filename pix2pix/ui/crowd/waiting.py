"""Whose turn it is: nobody holds more than a few places of the queue, and nobody's second edit comes before another's
first."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from fastapi import HTTPException
from gradio.queueing import Event, Queue
from starlette.requests import Request

from pix2pix.ui.crowd.listeners import COOKIE

BUSY = "Many people are editing right now, and no place is free; please try again in a moment."
ENOUGH = "Many edits of yours are waiting already; please wait until some are done."
TOO_MANY_REQUESTS, NOT_VALID = 429, 400
SENDER = "x-pix2pix-sender"  # who an assistant is; only this program knows the mark that it begins with


def sender_of(request: Request, mark: str) -> str:
    """Who sent ``request``: a browser, or an address for programs.

    The address is what the server sees; behind a proxy on the same machine, or one that FORWARDED_ALLOW_IPS names,
    what that proxy says. Requests that this app makes for assistants tell the assistant's address after ``mark``.
    """
    marked, _, sender = request.headers.get(SENDER, "").partition(" ")
    if marked == mark and sender:
        return sender
    return request.cookies.get(COOKIE) or address_of(request)


def address_of(request: Request) -> str:
    """Where ``request`` came from."""
    return request.client.host if request.client else ""


class WaitingLine(Queue):
    """The queue in place of ``made``, gradio's own, with at most ``each`` places for a sender."""

    def __init__(self, made: Queue, each: int, mark: str) -> None:
        super().__init__(
            made.live_updates,
            made.max_thread_count,
            made.update_intervals,
            made.max_size,
            made.blocks,
            made.default_concurrency_limit,
        )
        self._each = each
        self._mark = mark

    @property
    def is_full(self) -> bool:
        """Whether all places are taken."""
        return self.max_size is not None and len(self) >= self.max_size

    async def push(self, body: Any, request: Request, username: str | None) -> Any:
        """Let an event join, as gradio's queue does; raises ``HTTPException`` if there is no place for it."""
        sender = sender_of(request, self._mark)
        if self.is_full:
            raise HTTPException(TOO_MANY_REQUESTS, BUSY)
        if sum(self._sender(event) == sender for queue in self._queues() for event in queue) >= self._each:
            raise HTTPException(TOO_MANY_REQUESTS, ENOUGH)
        joined, said, state = await super().push(body, request, username)
        if state == "error":  # of a check before the queue, in quotes
            raise HTTPException(NOT_VALID, said.strip("'\""))
        for name, line in self.event_queue_per_concurrency_id.items():
            self._put_in_turn(line.queue, self._at_work(name))
        return joined, said, state

    def _queues(self) -> list[list[Event]]:
        return [one.queue for one in self.event_queue_per_concurrency_id.values()]

    def _at_work(self, name: str) -> list[Event]:
        """The events that have left the queue of this name and are not done."""
        return [event for job in self.active_jobs if job for event in job if event.concurrency_id == name]

    def _sender(self, event: Event) -> str:
        return sender_of(event.request, self._mark)

    def _put_in_turn(self, queue: list[Event], at_work: Iterable[Event] = ()) -> None:
        """Everybody's first event, then everybody's second, and so on; otherwise in the order of their coming.

        Who has an event ``at_work`` has had the first turn: the next one comes after those of all others.
        """
        before = Counter(map(self._sender, at_work))

        def turn(event: Event) -> int:
            sender = self._sender(event)
            before[sender] += 1
            return before[sender]

        queue.sort(key=turn)
