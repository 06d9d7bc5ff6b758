"""Many photos at once: micro-batches of one kind, outcomes in the order of the input, failures one by one.

Photos are taken one after the other and wait until enough of one kind are together for a batch. No more than
``LOOKAHEAD_PIXELS`` are in memory, opened ahead, waiting, or finished before their turn, so a gallery may have any
number of photos.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, count, islice, repeat

from pix2pix.editing.ahead import ahead_of_need
from pix2pix.editing.job import Job, Source, pixels_of
from pix2pix.errors import EditError, InvalidRequest
from pix2pix.events import Outcome, PhotoStep, Result, Step
from pix2pix.request import EditRequest

LOOKAHEAD_PIXELS = 128_000_000  # ten photos of a phone

Opened = Job | Outcome  # a photo to edit, or one that needs no model: it cannot be edited, or its result is known
Ending = Result | EditError
MISSING = b"no mask was given"  # known by being this very object
Run = Callable[[Sequence[Job]], Generator[Sequence[Step | Ending], None, None]]


@dataclass(frozen=True, eq=False)
class Asked:
    """One photo of a gallery and what is to be done with it; a request or mask that was not given is found to lack."""

    index: int
    photo: Source
    request: EditRequest | None
    mask: Source | None

    def settled(self) -> EditRequest:
        """The request.

        Raises:
            InvalidRequest: it is not there, or its mask is not.
        """
        if self.request is None:
            raise InvalidRequest("There are fewer requests than photos; give one for all, or one for each.")
        if self.mask is MISSING:
            raise InvalidRequest("There are fewer masks than photos; give one for each, and None where there is none.")
        return self.request


def asked_for(
    photos: Iterable[Source], requests: Iterable[EditRequest], masks: Iterable[Source | None] | None
) -> Iterator[Asked]:
    """Every photo with its request and its mask."""
    each = repeat(None) if masks is None else chain(masks, repeat(MISSING))
    yield from map(Asked, count(), photos, chain(requests, repeat(None)), each)


class Gallery:
    """One gallery on its way.

    Args:
        asked: the photos, in order.
        open_photo: opens one of them; runs in a thread.
        ahead: how many photos may be opened before they are needed.
        run: edits jobs of one kind together: yields a step for each after every denoising step, and at last a result
            or an error for each; raises an ``EditError`` if all of them broke.
        micro_batch: how many jobs may go together with this one, now.
    """

    def __init__(
        self,
        asked: Iterable[Asked],
        open_photo: Callable[[Asked], Opened],
        ahead: int,
        run: Run,
        micro_batch: Callable[[Job], int],
    ) -> None:
        self._opened = ahead_of_need(open_photo, asked, ahead, lambda one: pixels_of(one.photo), self._room)
        self._run = run
        self._micro_batch = micro_batch
        self._waiting: list[Job] = []
        self._finished: dict[int, Outcome] = {}
        self._due = 0

    def stream(self) -> Generator[PhotoStep | Outcome, None, None]:
        """Edit all: steps as they happen, outcomes in order, each as soon as it and all before it are there."""
        with closing(self._opened) as opened:
            for one in opened:
                if isinstance(one, Job):
                    self._waiting.append(one)
                else:
                    self._finished[one.index] = one
                del one  # or its photo would stay in memory until the next is open
                yield from self._outcomes_due()
                while self._waiting and self._is_time():
                    yield from self._edit_next()
        while self._waiting:
            yield from self._edit_next()

    def _room(self) -> int:
        """How many pixels still fit into memory beside those that wait or are finished."""
        finished = (outcome.result.image for outcome in self._finished.values() if outcome.result)
        pixels = sum(job.pixels for job in self._waiting) + sum(image.width * image.height for image in finished)
        return LOOKAHEAD_PIXELS - pixels

    def _is_time(self) -> bool:
        """Whether the next batch is full, or no more photos fit into memory."""
        return len(self._next_batch()) >= self._micro_batch(self._waiting[0]) or self._room() <= 0

    def _next_batch(self) -> list[Job]:
        """The job that has waited longest and others of its kind."""
        first = self._waiting[0]
        alike = (job for job in self._waiting if job.kind == first.kind)
        return list(islice(alike, self._micro_batch(first)))

    def _edit_next(self) -> Generator[PhotoStep | Outcome, None, None]:
        batch = self._next_batch()
        self._waiting = [job for job in self._waiting if job not in batch]
        endings = yield from self._edit(batch)
        for job, ending in zip(batch, endings, strict=True):
            result, error = (None, ending) if isinstance(ending, EditError) else (ending, None)
            self._finished[job.index] = Outcome(job.index, job.source, result, error)
        yield from self._outcomes_due()

    def _edit(self, batch: Sequence[Job]) -> Generator[PhotoStep, None, Sequence[Ending]]:
        """Edit ``batch`` together; if that breaks, its halves, so that in the end only what is bad itself fails."""
        try:
            return (yield from self._steps_of(batch))
        except EditError as error:
            if len(batch) == 1:
                return [error]
        half = len(batch) // 2
        return [*(yield from self._edit(batch[:half])), *(yield from self._edit(batch[half:]))]

    def _steps_of(self, batch: Sequence[Job]) -> Generator[PhotoStep, None, Sequence[Ending]]:
        endings: list[Ending] = []
        with closing(self._run(batch)) as stream:
            for events in stream:
                for job, event in zip(batch, events, strict=True):
                    if isinstance(event, Step):
                        yield PhotoStep(job.index, event)
                    else:
                        endings.append(event)
        return endings

    def _outcomes_due(self) -> Generator[Outcome, None, None]:
        while self._due in self._finished:
            yield self._finished.pop(self._due)
            self._due += 1
