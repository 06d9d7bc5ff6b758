"""The index when its disk is full, and when two programs share it."""

import multiprocessing
import os
import signal

import pytest

from pix2pix import read_receipt
from pix2pix.serving.store import Store
from pix2pix.serving.workspace import Workspace, new_key
from tests.serving.test_workspace import GENEROUS, filled, opened, photo_file, store  # noqa: F401

ROUNDS = 20
WHOLE = bytes(range(256)) * 100


def test_an_index_that_finds_no_room_says_so_as_files_do(store, photo_file):  # noqa: F811
    workspace = filled(store, new_key(), photo_file)
    before = workspace.results()
    pages = store.rows("PRAGMA page_count")[0]["page_count"]
    store.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OSError, match="full"):
        workspace.write_note("words", "x" * 10**6)
    assert workspace.results() == before


def test_an_index_on_a_full_disk_goes_on_where_no_files_are_needed(store, photo_file):  # noqa: F811
    """Files that may not grow stand for the full disk."""
    resource = pytest.importorskip("resource")
    workspace = filled(store, new_key(), photo_file)
    largest = max(file.stat().st_size for file in store.folder.glob("index.sqlite*"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        for number in range(300):
            workspace.write_note("desk", f"{number} " + "x" * 500)
            Workspace(store, new_key())
        workspace.delete_result(workspace.results()[0].id)
        with pytest.raises(OSError, match="disk"):
            workspace.write_note("desk", "x" * 10**6)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert workspace.note("desk").startswith("299")


def killed_while_it_keeps(folder, key, moment):
    """What a program does that is killed while it keeps a file."""

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    def write(path):
        path.write_bytes(WHOLE[:10])
        if moment == "half of it is written":
            die()
        path.write_bytes(WHOLE)

    store = Store(folder, 3600, GENEROUS)  # noqa: F811
    workspace = Workspace(store, key)
    if moment == "it is written":
        store.writing = die
    if moment == "it is entered":
        store.make_room = die
    workspace.make_file("kept.bin", write)


@pytest.mark.parametrize("moment", ["half of it is written", "it is written", "it is entered"])
def test_a_program_that_is_killed_leaves_whole_files_only(store, photo_file, moment):  # noqa: F811
    key = new_key()
    before = filled(store, key, photo_file).results()
    killed = multiprocessing.get_context("spawn").Process(
        target=killed_while_it_keeps, args=(store.folder, key, moment)
    )
    killed.start()
    killed.join(120)
    assert killed.exitcode == -signal.SIGKILL
    store.close()
    again = Store(store.folder, 3600, GENEROUS)
    assert again.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    kept = [again.files / row["id"] / row["value"] for row in again.rows("SELECT * FROM items WHERE kind = 'made'")]
    assert [file.read_bytes() for file in kept] == ([WHOLE] if moment == "it is entered" else [])
    assert Workspace(again, key).results() == before
    assert all(read_receipt(result.file) == result.request for result in before)
    again.close()


def work(folder, keys, photo, number, together):
    """What one program does: visitors of its own and one that both have, notes, and sweeping in between."""
    together.wait()  # so that the index, too, is made by both at once
    store = Store(folder, 3600, GENEROUS)  # noqa: F811
    for turn in range(ROUNDS):
        for key in keys:
            workspace = filled(store, key, photo, results=2)
            workspace.write_note(f"{number} {turn}", turn)
            workspace.view(workspace.results()[0].id)
        store.sweep()
    store.close()


def test_two_programs_that_share_a_folder_lose_nothing(tmp_path, photo_file):  # noqa: F811
    context, shared = multiprocessing.get_context("spawn"), new_key()
    own, together = [new_key(), new_key()], context.Barrier(2)
    arguments = [(tmp_path / "data", [own[one], shared], photo_file, one, together) for one in range(2)]
    programs = [context.Process(target=work, args=given) for given in arguments]
    for program in programs:
        program.start()
    for program in programs:
        program.join(120)
    assert [program.exitcode for program in programs] == [0, 0]
    store = Store(tmp_path / "data", 3600, GENEROUS)  # noqa: F811
    for key, writers in ((own[0], [0]), (own[1], [1]), (shared, [0, 1])):
        workspace = Workspace(store, key)
        assert len(workspace.results()) == 2 * ROUNDS * len(writers)
        assert all(read_receipt(one.file) == one.request for one in workspace.results())
        assert all(opened(one.thumbnail) for one in workspace.results())
        for writer in writers:
            assert sorted(workspace.notes(f"{writer} ")) == list(range(ROUNDS))
    store.close()
