"""A crowd on two processes behind nginx, one of which is killed: its visitors go on at the other, no other notices."""

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from PIL import Image

from pix2pix import read_receipt
from pix2pix.serving.desk import Desk
from pix2pix.serving.store import Store
from pix2pix.serving.workspace import Workspace
from tests.deploy.conftest import PATIENCE, Replica, until
from tests.reliability.guest import Guest

VISITORS, SECONDS, KILLED_AFTER = 16, 60, 25
BROKEN = (httpx.HTTPError, AssertionError, LookupError, ValueError)  # what an answer that breaks off may look like
SHOWN = re.compile(r"/files/([0-9a-f]{32})/thumbnail\.jpg")


class Visit:
    """One visitor, who asks for one edit after another.

    Attributes:
        home: the process that this visitor was at first.
        heard: the words of all edits whose results came, in order.
        broken: how many edits got no answer.
        found: how often all was there again after that.
    """

    def __init__(self, address: str, photo: Path, name: str) -> None:
        self.guest, self.photo, self.name = Guest(address), photo, name
        self.heard: list[str] = []
        self.broken, self.found = 0, 0
        self.guest.choose(photo)
        self.home = self.place

    @property
    def place(self) -> int:
        """The process that answers this visitor now."""
        return self.guest.client.get(f"{self.guest.address}/config").json()["app_id"]

    def work_until(self, end: float) -> None:
        while time.monotonic() < end:
            self.edit()

    def edit(self) -> None:
        words = f"make it night, {self.name} {len(self.heard)}"
        try:
            self.guest.edit(words, seed=len(self.heard))
        except BROKEN:
            self.broken += 1
            self.guest.open_page_again()  # as the page does by itself
            self.look_again(words)
        else:
            self.heard.append(words)

    def look_again(self, words: str) -> None:
        """Photo, words and results are on the page that is opened again, and its pictures come."""
        seen = self.guest.opened()
        known = (words, *self.heard[-1:])  # those before, where the kill cut the very request that brought the new ones
        assert any(json.dumps(one)[1:-1] in seen for one in known)
        shown = set(SHOWN.findall(seen))
        assert len(self.heard) <= len(shown) <= len(self.heard) + 1  # one may be done whose answer was cut
        for path in set(re.findall(r'"(/[^"]+/thumbnail\.jpg)"', seen)):
            picture = self.guest.client.get(f"{self.guest.address}/gradio_api/file={path}")
            assert picture.headers["content-type"] == "image/jpeg"
        self.found += 1

    def check(self, store: Store) -> None:
        """On disk are this visitor's photo and results, whole, and nobody else's."""
        workspace = Workspace(store, self.guest.key)
        photo = Desk.of(workspace, self.guest.tab).photo_in(workspace)
        assert photo is not None
        assert photo.file.read_bytes() == self.photo.read_bytes()
        said = [result.request.instruction for result in workspace.results()]
        assert [words for words in dict.fromkeys(said) if words in self.heard] == self.heard
        assert len(self.heard) <= len(said) <= len(self.heard) + self.broken
        for result in workspace.results():
            assert self.name in result.request.instruction
            assert read_receipt(result.file) == result.request


class Watch:
    """Asks the balancer again and again whether somebody is there; ``said`` is every answer."""

    def __init__(self, address: str) -> None:
        self.said: set[int] = set()
        self._address, self._over = address, threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        while not self._over.wait(0.2):
            self.said.add(httpx.get(f"{self._address}/healthz", timeout=PATIENCE).status_code)

    def close(self) -> None:
        self._over.set()
        self._thread.join()


def arrived(address: str, folder: Path) -> list[Visit]:
    """Visitors with a photo each; some are at either process."""
    visits = []
    for index in range(VISITORS):
        photo = folder / f"{index}.png"
        Image.new("RGB", (48 + index, 32), (10 * index, 90, 160)).save(photo)
        visits.append(Visit(address, photo, f"visitor {index:02}"))
    return visits


def a_minute(visits: list[Visit], dying: Replica) -> list[int]:
    """All work at the same time, and one process dies meanwhile; returns how many edits each had by then."""
    begun = time.monotonic()
    with ThreadPoolExecutor(len(visits)) as threads:
        working = [threads.submit(visit.work_until, begun + SECONDS) for visit in visits]
        time.sleep(KILLED_AFTER)
        before = [len(visit.heard) for visit in visits]
        dying.kill()
        for one in working:
            one.result()
    return before


@pytest.mark.cluster
def test_a_process_that_is_killed_loses_nobody_anything(replicas, address, tmp_path):
    dying, staying = replicas
    names = dying.name, staying.name
    visits = arrived(address, tmp_path)
    moved = [visit for visit in visits if visit.home == names[0]]
    stayed = [visit for visit in visits if visit.home == names[1]]
    assert moved
    assert stayed
    assert len(moved) + len(stayed) == VISITORS
    with closing(Watch(address)) as watch:
        before = a_minute(visits, dying)
    assert not dying.is_ready
    assert staying.is_ready
    assert watch.said == {200}
    assert [visit.broken for visit in stayed] == [0] * len(stayed)
    assert all(visit.found == visit.broken <= 1 for visit in moved)
    assert all(len(visit.heard) > had for visit, had in zip(visits, before, strict=True))
    assert {visit.place for visit in visits} == {names[1]}
    dying.start()
    until(lambda: dying.is_ready)
    until(lambda: all(visit.place != names[1] for visit in moved))  # once nginx has noticed
    for visit in visits:
        visit.edit()
    assert sum(visit.broken for visit in visits) == sum(visit.found for visit in moved)
    with closing(Store(tmp_path / "data", 3600, 10**9)) as store:
        assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        for visit in visits:
            visit.check(store)
    edits, cut = sum(len(visit.heard) for visit in visits), sum(visit.broken for visit in visits)
    print(f"\n{VISITORS} visitors, {edits} edits; of {len(moved)} at the process that was killed {cut} were cut off,")
    print(f"and as many found photo, words and results again; the other {len(stayed)} noticed nothing")
