"""Visitors at the same time: each a browser of its own with a photo of its own, who asks for one edit after another."""

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from PIL import Image

from pix2pix.ui.crowd.listeners import COOKIE
from tests.reliability.conftest import events_of, join
from tests.running import data_url

HEIGHT, LEAST_WIDTH = 32, 33  # of the photos


def browser(name: str) -> dict:
    """What a request needs to come from the browser of this name."""
    return {"headers": {"Cookie": f"{COOKIE}={name}"}}


@dataclass
class Asked:
    """One request and its answer.

    Attributes:
        mark: its instruction; no other request has the same.
        width: of the photo that was sent.
        joined: when it had its place in the queue.
        begun_before: how many edits had begun by then.
        endings: how it ended, as often as it did.
    """

    mark: str
    width: int
    joined: float
    begun_before: int
    endings: list[tuple[str, object]]

    @property
    def is_its_own(self) -> bool:
        """Whether there is one answer, with the words and the photo of this request."""
        if [event for event, _ in self.endings] != ["complete"]:
            return False
        picture, settings = self.endings[0][1]
        with Image.open(picture["path"]) as edited:
            return settings["instruction"] == self.mark and edited.size == (self.width, HEIGHT)


def photos_of(number: int, folder: Path) -> list[str]:
    """A photo for each of so many visitors, as data URLs; no two are of one width."""
    files = [folder / f"{index}.png" for index in range(number)]
    for index, file in enumerate(files):
        Image.new("RGB", (LEAST_WIDTH + index, HEIGHT), (index, 90, 160)).save(file)
    return [data_url(file) for file in files]


def ask(address: str, name: str, mark: str, photo: str, width: int = 0, begun: Sequence[str] = (), **settings) -> Asked:
    """The visitor of this name asks for one edit, and listens to its end; ``begun`` are all edits that have begun."""
    answer = join(address, {"photo": photo, "instruction": mark, **settings}, **browser(name))
    asked = Asked(mark, width, time.monotonic(), len(begun), [])
    if answer.status_code == 200:
        events = events_of(address, answer.json()["event_id"])
        asked.endings = [one for one in events if one[0] in ("complete", "error")]
    else:
        asked.endings = [(str(answer.status_code), answer.json()["detail"])]
    return asked


def all_ask(
    address: str, photos: Sequence[str], times: int, seconds: float = math.inf, begun: Sequence[str] = (), **settings
) -> list[Asked]:
    """As many visitors as there are photos; each asks so many times, or so long, one edit after another."""
    end = time.monotonic() + seconds

    def visit(index: int) -> list[Asked]:
        width, photo = LEAST_WIDTH + index, photos[index]
        numbers = takewhile(lambda _: time.monotonic() < end, range(times))
        marks = (f"visitor {index} asks {number}" for number in numbers)
        return [ask(address, f"v{index}", mark, photo, width, begun, **settings) for mark in marks]

    with ThreadPoolExecutor(len(photos)) as threads:
        return [asked for visit in threads.map(visit, range(len(photos))) for asked in visit]
