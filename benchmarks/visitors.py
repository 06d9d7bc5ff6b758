"""People who come, edit, look and edit again, at servers that edit one after the other: how long they wait.

A simulation, for numbers of visitors that cannot be measured on one machine. Assumptions: people come at random
(Poisson), make ``EDITS`` edits on average, and look at each result for ``LOOKING`` seconds on average, both random; a
visitor stays with one server; every edit takes the same time. ``batch`` edits that wait together may be computed
together, the second and every further one for ``marginal`` of the time of the first.
"""

import heapq
import random
import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

EDITS, LOOKING = 5, 20.0
WHILE = 6 * 3600.0  # seconds that are simulated
UNTIL_STEADY = 1800.0  # seconds at the beginning that do not count


@dataclass(frozen=True)
class Servers:
    """What edits: how many, how long one edit takes, how many may go together and what one more then costs."""

    number: int
    seconds: float
    batch: int = 1
    marginal: float = 1.0

    def seconds_of(self, together: int) -> float:
        """For so many edits computed together."""
        return self.seconds * (1 + (together - 1) * self.marginal)


@dataclass
class _Queue:
    """Who waits at one server: when they asked, and how many edits they still want."""

    waiting: deque[tuple[float, int]] = field(default_factory=deque)
    is_busy: bool = False


def waits(servers: Servers, visitors_an_hour: float, edits: float = EDITS, looking: float = LOOKING) -> list[float]:
    """Seconds from asking to the finished picture, of every edit that was asked for once all was steady."""
    chance, order = random.Random(0), count()
    events: list[tuple[float, int, str, int, int]] = []  # when, order of arrival, what, which server, edits wanted
    queues = [_Queue() for _ in range(servers.number)]
    taken: list[float] = []

    def begin(now: float, server: int) -> None:
        queue = queues[server]
        if queue.is_busy or not queue.waiting:
            return
        some = [queue.waiting.popleft() for _ in range(min(servers.batch, len(queue.waiting)))]
        done, queue.is_busy = now + servers.seconds_of(len(some)), True
        heapq.heappush(events, (done, next(order), "free", server, 0))
        for asked, left in some:
            if asked > UNTIL_STEADY:
                taken.append(done - asked)
            if left > 1:
                again = done + chance.expovariate(1 / looking)
                heapq.heappush(events, (again, next(order), "ask", server, left - 1))

    for came in _arrivals(visitors_an_hour / 3600, chance):
        wanted = 1 if edits <= 1 else 1 + int(chance.expovariate(1 / (edits - 0.5)))
        heapq.heappush(events, (came, next(order), "ask", chance.randrange(servers.number), wanted))
    while events:
        now, _, what, server, left = heapq.heappop(events)
        if what == "ask":
            queues[server].waiting.append((now, left))
        else:
            queues[server].is_busy = False
        begin(now, server)
    return taken


def _arrivals(rate: float, chance: random.Random) -> Iterator[float]:
    now = chance.expovariate(rate)
    while now < WHILE:
        yield now
        now += chance.expovariate(rate)


@dataclass(frozen=True)
class Waiting:
    """What visitors see of their waits: the median and what nineteen of twenty do not pass, in seconds."""

    median: float
    late: float

    @classmethod
    def of(cls, servers: Servers, visitors_an_hour: float) -> "Waiting":
        """Simulated."""
        taken = sorted(waits(servers, visitors_an_hour))
        return cls(statistics.median(taken), taken[int(0.95 * len(taken))])


def servers_needed(seconds: float, visitors_an_hour: float, patience: float) -> int:
    """The fewest servers of ``seconds`` an edit with which nineteen of twenty waits are below ``patience``."""
    least = max(1, int(visitors_an_hour * EDITS * seconds / 3600))
    return next(n for n in count(least) if Waiting.of(Servers(n, seconds), visitors_an_hour).late < patience)
