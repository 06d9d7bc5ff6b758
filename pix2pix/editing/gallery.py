"""Many photos at once: micro-batches of one kind, outcomes in the order of the input, failures one by one.

Photos are taken one after the other and wait until enough of one kind are together for a batch. No more than
``LOOKAHEAD_PIXELS`` are in memory, waiting or finished before their turn, so a gallery may have any number of photos.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice

from pix2pix.editing.job import Job
from pix2pix.errors import EditError
from pix2pix.events import Outcome, PhotoStep, Result, Step

LOOKAHEAD_PIXELS = 128_000_000  # ten photos of a phone

Events = Sequence[Step] | Sequence[Result | EditError]  # one for each job of a batch
Entry = Job | Outcome
Run = Callable[[list[Job]], Generator[Events, None, None]]


def ahead_of_need(make: Callable[..., Entry], arguments: Iterable[tuple], ahead: int) -> Iterator[Entry]:
    """``make(*each)`` for each of ``arguments``, in order; threads begin up to ``ahead`` before they are asked for."""
    pool, begun = ThreadPoolExecutor(max(1, ahead)), deque()
    try:
        for each in arguments:
            begun.append(pool.submit(make, *each))
            if len(begun) > ahead:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class Gallery:
    """One gallery on its way.

    Args:
        entries: in the order of their index, 0, 1, 2, ...: a job for a photo to edit, or its outcome if it is known.
        run: edits jobs of one kind together: yields a step for each after every denoising step, and at last a result
            or an error for each; raises an ``EditError`` if all of them broke.
        micro_batch: how many jobs may go together with this one, now.
    """

    def __init__(self, entries: Iterable[Entry], run: Run, micro_batch: Callable[[Job], int]) -> None:
        self._entries = entries
        self._run = run
        self._micro_batch = micro_batch
        self._waiting: list[Job] = []
        self._finished: dict[int, Outcome] = {}
        self._due = 0

    def stream(self) -> Iterator[PhotoStep | Outcome]:
        """Edit all: steps as they happen, outcomes in order, each as soon as it and all before it are there."""
        for entry in self._entries:
            if isinstance(entry, Job):
                self._waiting.append(entry)
            else:
                self._finished[entry.index] = entry
            del entry  # or its photo would be kept until the next is open
            yield from self._outcomes_due()
            while self._waiting and self._is_time():
                yield from self._edit_next()
        while self._waiting:
            yield from self._edit_next()

    def _is_time(self) -> bool:
        """Whether the next batch is full, or no more photos fit into memory."""
        if len(self._next_batch()) >= self._micro_batch(self._waiting[0]):
            return True
        finished = (outcome.result.image for outcome in self._finished.values() if outcome.result)
        pixels = sum(job.pixels for job in self._waiting) + sum(image.width * image.height for image in finished)
        return pixels >= LOOKAHEAD_PIXELS

    def _next_batch(self) -> list[Job]:
        """The job that has waited longest and others of its kind."""
        first = self._waiting[0]
        alike = (job for job in self._waiting if job.kind == first.kind)
        return list(islice(alike, self._micro_batch(first)))

    def _edit_next(self) -> Iterator[PhotoStep | Outcome]:
        batch = self._next_batch()
        self._waiting = [job for job in self._waiting if job not in batch]
        endings = yield from self._edit(batch)
        for job, ending in zip(batch, endings, strict=True):
            result, error = (None, ending) if isinstance(ending, EditError) else (ending, None)
            self._finished[job.index] = Outcome(job.index, job.source, result, error)
        yield from self._outcomes_due()

    def _edit(self, batch: list[Job]) -> Generator[PhotoStep, None, Sequence[Result | EditError]]:
        """Edit ``batch`` together; if that breaks, its halves, so that in the end only what is bad itself fails."""
        try:
            return (yield from self._steps_of(batch))
        except EditError as error:
            if len(batch) == 1:
                return [error]
        half = len(batch) // 2
        return [*(yield from self._edit(batch[:half])), *(yield from self._edit(batch[half:]))]

    def _steps_of(self, batch: list[Job]) -> Generator[PhotoStep, None, Sequence[Result | EditError]]:
        with closing(self._run(batch)) as stream:
            for events in stream:
                if not isinstance(events[0], Step):
                    return events
                for job, step in zip(batch, events, strict=True):
                    yield PhotoStep(job.index, step)

    def _outcomes_due(self) -> Iterator[Outcome]:
        while self._due in self._finished:
            yield self._finished.pop(self._due)
            self._due += 1
