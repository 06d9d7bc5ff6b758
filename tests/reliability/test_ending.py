"""However the app ends, it is out soon, starts again, and what a visitor had is there, whole."""

import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path

import pytest
from PIL import Image

from pix2pix import read_receipt
from pix2pix.serving.desk import Desk
from pix2pix.serving.store import Store
from pix2pix.serving.workspace import Workspace
from tests.reliability.guest import Guest
from tests.ui.test_nothing_is_lost import Server

SECONDS_TO_END, OFTEN, SEED = 5, 20, 15
ENDED = (0, 143, -signal.SIGTERM)  # a shell says 143 for what Python calls minus 15
LONG = {"steps": 100, "resolution": 512}
SHORT = {"steps": 2, "resolution": 64}


class App(Server):
    """``python app.py``, which can also be asked to end."""

    def terminate(self) -> tuple[int, float]:
        """Its status, and how many seconds it took."""
        asked = time.monotonic()
        self._process.terminate()
        status = self._process.wait(60)
        return status, time.monotonic() - asked

    def start_again(self, guest: Guest) -> None:
        """It is killed and started, and the guest opens the page anew."""
        self.kill()
        self.start()
        guest.open_page_again()


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> Iterator[App]:
    app = App(tmp_path_factory.mktemp("app"))
    yield app
    app.kill()


@pytest.fixture
def guest(app, photos, tmp_path) -> Iterator[Guest]:
    with Image.open(photos[0]) as photo:
        photo.resize((320, 240)).save(tmp_path / "holiday.png")
    with closing(Guest(f"http://127.0.0.1:{app.port}")) as guest:
        guest.choose(tmp_path / "holiday.png")
        yield guest


def in_the_midst(guest: Guest, words: str) -> Iterator[dict]:
    """An edit that takes long and has done some steps; whoever drops what is returned stops listening."""
    events = guest.hear(guest.ask(words, **LONG))
    for event in events:
        if "Step" in json.dumps(event):
            return chain([event], events)
    raise AssertionError("it ended before its first step")


def kept(app: App, guest: Guest) -> dict[str, bytes]:
    """The files of this guest's results, by their words; all that the index names is there and whole."""
    with closing(Store(app.data, 3600, 10**9)) as store:
        assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        workspace = Workspace(store, guest.key)
        photo = Desk.of(workspace, guest.tab).photo_in(workspace)
        assert photo is not None
        assert photo.file.read_bytes() == Path(guest.photo["path"]).read_bytes()
        for result in workspace.results():
            assert read_receipt(result.file) == result.request
            for file in (photo.shown, photo.thumbnail, result.file, result.shown, result.thumbnail):
                with Image.open(file) as picture:
                    picture.load()
        return {result.request.instruction: result.file.read_bytes() for result in workspace.results()}


def test_a_killed_app_starts_again_with_all_that_a_visitor_had(app, guest):
    """Killed while the model still loads, at whatever moment that is; in an edit: ``make torture``."""
    chance = random.Random(SEED)
    for words in ("make it night", "make it sepia"):
        guest.ask(words, **SHORT)
        time.sleep(chance.random())
        had = kept(app, guest)
        app.start_again(guest)
        assert had.items() <= kept(app, guest).items()
        assert words in guest.opened()


@pytest.mark.torture
def test_twenty_kills_in_edits(app, guest):
    """In the midst of a long edit, or at any moment of a short one, also while its files are written."""
    chance, had, slowest = random.Random(SEED), {}, 0.0
    for number in range(OFTEN):
        guest.edit(f"make it night {number}", number, **SHORT)
        edit = in_the_midst(guest, "make it foggy") if number % 2 else guest.ask("make it foggy", **SHORT)
        time.sleep(chance.random() * (0.1 if number % 2 else 0.6))
        began = time.monotonic()
        app.start_again(guest)
        slowest = max(slowest, time.monotonic() - began)
        del edit
        now = kept(app, guest)
        assert f"make it night {number}" in now
        assert {words: now[words] for words in had} == had
        assert all(words in guest.opened() for words in now)
        had = {words: file for words, file in now.items() if "night" in words}
    print(f"{OFTEN} kills, {len(had)} of {OFTEN} results there and whole, started again within {slowest:.1f} s")


def test_an_app_that_is_asked_to_end_in_an_edit_is_out_soon(app, guest):
    edit = in_the_midst(guest, "make it foggy")
    status, seconds = app.terminate()
    del edit
    assert status in ENDED
    assert seconds <= SECONDS_TO_END
    with closing(Store(app.data, 3600, 10**9)) as store:
        assert Desk.of(Workspace(store, guest.key), guest.tab).asked == "make it foggy"  # so the page will say it
