"""Several programs on one folder: what one deletes is deleted once, and what a visitor uses there is never deleted."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pix2pix.serving.store import Store
from pix2pix.serving.visitors import Visitors
from pix2pix.serving.workspace import Workspace, new_key
from tests.serving.test_workspace import GENEROUS, age, filled, photo_file, store  # noqa: F401

ROUNDS = 30


@pytest.fixture
def other(store):  # noqa: F811
    """Another program on the same folder."""
    opened = Store(store.folder, store.keep_seconds, GENEROUS)
    yield opened
    opened.close()


def test_a_visitor_hears_from_any_program_that_the_time_is_over(store, other, photo_file):  # noqa: F811
    key, empty = new_key(), new_key()
    filled(store, key, photo_file)
    Workspace(store, empty)
    age(store, 3601)
    store.sweep()
    for one in (store, other):
        assert Visitors(one).time_is_over(key)
        assert not Visitors(one).time_is_over(empty)
        assert not Visitors(one).time_is_over(new_key())
    filled(other, key, photo_file)  # whoever comes back begins anew
    assert not Visitors(store).time_is_over(key)


def test_who_comes_back_while_another_program_sweeps_keeps_all(store, other, photo_file):  # noqa: F811
    key = new_key()
    results = filled(store, key, photo_file).results()
    age(store, 3601)
    look = store.rows

    def come_back_after(query, *values):
        found = look(query, *values)
        if query.startswith("SELECT id FROM visitors WHERE used"):
            Workspace(other, key)
        return found

    store.rows = come_back_after
    store.sweep()
    assert Workspace(other, key).results() == results
    assert all(result.file.exists() for result in results)


def test_programs_that_make_room_at_once_delete_no_more_than_one_would(store, photo_file):  # noqa: F811
    keys = [new_key() for _ in range(4)]
    before = sum(len(filled(store, key, photo_file, results=5).results()) for key in keys)
    sizes = [row["bytes"] for row in store.rows("SELECT bytes FROM items")]
    room, together = sum(sizes) // 2, threading.Barrier(4)
    stores = [Store(store.folder, 3600, room) for _ in range(4)]

    def make_room(one):
        together.wait()
        one.make_room(spare=set())

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(make_room, stores))
    left = [row["bytes"] for row in store.rows("SELECT bytes FROM items")]
    assert room - max(sizes) < sum(left) <= room
    spaces = [Workspace(store, key) for key in keys]
    gone = before - sum(len(workspace.results()) for workspace in spaces)
    assert sum(workspace.take_lost() for workspace in spaces) == gone > 0
    for one in stores:
        one.close()


def test_sweeping_goes_on_where_another_program_deletes_the_same(store, other):  # noqa: F811
    done = threading.Event()

    def come_and_go() -> None:
        while not done.is_set():
            folder = store.uploads / "one"
            Path(folder, "inside").mkdir(parents=True, exist_ok=True)
            for number in range(20):
                Path(folder, "inside", f"{number}").write_bytes(b"x")
            shutil.rmtree(folder)

    with ThreadPoolExecutor(3) as threads:
        coming = threads.submit(come_and_go)
        sweeping = [threads.submit(lambda one=one: [one.sweep() for _ in range(ROUNDS)]) for one in (store, other)]
        try:
            for one in sweeping:
                one.result()
        finally:
            done.set()
        coming.result()
