"""What a visitor has stays: through restarts and crashes, for its time, within its budget, and for nobody else."""

import io
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from PIL import Image

from pix2pix import EditRequest, InvalidImage, Result, read_receipt
from pix2pix.serving.store import FILES, Store
from pix2pix.serving.visitors import folder_from
from pix2pix.serving.workspace import Workspace, new_key

GENEROUS = 10**9


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "data", keep_seconds=3600, max_bytes=GENEROUS)
    yield opened
    opened.close()


@pytest.fixture
def photo_file(scene, tmp_path):
    scene.save(tmp_path / "holiday.png")
    return tmp_path / "holiday.png"


def opened(path):
    with Image.open(path) as image:
        image.load()
        return image


def result(picture, seed=1):
    return Result(picture, picture, EditRequest("make it night", 3, 2.0, 1.5, seed, 256), 0.1, None, "pocket", None)


def filled(store, key, photo_file, results=3):
    """A workspace with a photo and a chain of results of it."""
    workspace = Workspace(store, key)
    photo, parent = workspace.add_photo(photo_file), None
    for seed in range(results):
        parent = workspace.add_result(result(opened(photo_file), seed), photo, parent).id
    return workspace


def age(store, seconds):
    with store.writing() as index:
        index.execute("UPDATE visitors SET used = used - ?", (seconds,))


def test_a_photo_is_kept_whole_and_once(store, photo_file):
    workspace = Workspace(store, new_key())
    photo = workspace.add_photo(photo_file)
    assert photo.file.read_bytes() == photo_file.read_bytes()
    assert (photo.name, photo.file.name) == ("holiday.png", "holiday.png")
    assert workspace.add_photo(photo_file).id == photo.id
    assert workspace.add_photo(photo.file).id == workspace.add_photo(photo.shown).id == photo.id
    assert opened(photo.shown).size == opened(photo_file).size


def png(picture):
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def test_what_is_painted_stays_with_its_photo_until_it_is_cleared(store, photo_file, tmp_path):
    key = new_key()
    workspace = Workspace(store, key)
    photo = workspace.add_photo(photo_file)
    Image.new("RGB", (40, 40), "teal").save(tmp_path / "other.png")
    other = workspace.add_photo(tmp_path / "other.png")
    masks = [png(Image.new("L", photo_size, 255)) for photo_size in ((96, 64), (48, 32))]
    for mask in masks:
        workspace.paint(photo, mask)
        assert Workspace(store, key).mask_of(photo).read_bytes() == mask
    assert workspace.mask_of(other) is None
    assert Workspace(store, new_key()).mask_of(photo) is None
    kept = workspace.mask_of(photo)
    workspace.paint(photo, b"")
    assert workspace.mask_of(photo) is None
    assert not kept.exists()


@pytest.mark.parametrize("mask", [b"white", png(Image.new("1", (2001, 2000)))])
def test_what_is_no_mask_is_refused_and_the_one_before_stays(store, photo_file, mask):
    workspace = Workspace(store, new_key())
    photo = workspace.add_photo(photo_file)
    workspace.paint(photo, png(Image.new("L", (96, 64), 255)))
    with pytest.raises(InvalidImage):
        workspace.paint(photo, mask)
    assert workspace.mask_of(photo) is not None


def test_what_is_no_photo_is_refused_and_leaves_nothing(store, tmp_path):
    (tmp_path / "text.jpg").write_text("no photo")
    with pytest.raises(InvalidImage):
        Workspace(store, new_key()).add_photo(tmp_path / "text.jpg")
    assert list(store.files.iterdir()) == []


def test_a_result_is_written_once_with_its_receipt(store, photo_file):
    workspace = filled(store, new_key(), photo_file, results=1)
    (stored,) = workspace.results()
    assert read_receipt(stored.file) == stored.request == EditRequest("make it night", 3, 2.0, 1.5, 0, 256)
    assert stored.file.name == "holiday-edited.png"
    before = stored.file.stat()
    workspace.view(stored.id)
    assert stored.file.stat().st_mtime_ns == before.st_mtime_ns


def test_history_is_a_tree_and_nothing_is_deleted_by_a_new_branch(store, photo_file):
    workspace = filled(store, new_key(), photo_file)
    first, second, third = workspace.results()
    assert [one.parent for one in (first, second, third)] == [None, first.id, second.id]
    branch = workspace.add_result(result(opened(photo_file), 9), workspace.photo(first.photo), first.id)
    assert [one.id for one in workspace.results()] == [first.id, second.id, third.id, branch.id]
    assert workspace.after(first.id).id == branch.id  # redo goes where one was last
    workspace.view(second.id)
    assert workspace.after(first.id).id == second.id
    assert workspace.after(third.id) is None
    assert workspace.after(None, first.photo).id == first.id
    assert workspace.after(None, "another photo") is None
    workspace.delete_result(second.id)
    assert workspace.result(third.id).parent == first.id
    assert len(workspace.results()) == 3


def test_everything_is_there_after_a_restart(tmp_path, photo_file):
    key, before = new_key(), []
    for _ in range(2):
        store = Store(tmp_path / "data", 3600, GENEROUS)
        workspace = Workspace(store, key)
        if before:
            assert workspace.results() == before
            assert workspace.note("words") == {"instruction": "make it “night”"}
        else:
            before += filled(store, key, photo_file).results()
            workspace.write_note("words", {"instruction": "make it “night”"})
        store.sweep()
        store.close()


def test_another_key_finds_nothing(store, photo_file):
    mine = filled(store, new_key(), photo_file)
    (_, one, _), other = mine.results(), Workspace(store, new_key())
    assert other.results() == []
    assert other.photo_at(mine.photo(one.photo).file) is None
    assert not other.has_result(one.id)
    for ask in (other.result, other.photo, other.view):
        with pytest.raises(KeyError):
            ask(one.id)
    other.delete_result(one.id)
    other.forget()
    assert len(mine.results()) == 3


@pytest.mark.parametrize("key", ["", "x", "0" * 31, "0" * 33, "G" * 32, None, 5, "../../../../etc/passwd", "a" * 10**6])
def test_what_is_no_key_opens_nothing_that_is_there(store, photo_file, key):
    filled(store, new_key(), photo_file)
    assert Workspace(store, key).results() == []
    assert Workspace(store, key).visitor != Workspace(store, key).visitor


def test_keys_are_nowhere_on_the_disk(store, photo_file):
    key = new_key()
    filled(store, key, photo_file)
    store.close()
    for path in [*store.folder.rglob("*")]:
        assert key not in path.name
        assert not path.is_file() or key.encode() not in path.read_bytes()


def test_work_is_kept_from_its_last_use_on(store, photo_file):
    key = new_key()
    filled(store, key, photo_file)
    age(store, 3500)
    store.sweep()
    assert len(Workspace(store, key).results()) == 3  # which is a use
    age(store, 3500)
    store.sweep()
    assert len(list(store.files.iterdir())) == 4
    age(store, 200)
    store.sweep()
    assert Workspace(store, key).results() == []
    assert list(store.files.iterdir()) == []


def test_forgetting_is_at_once(store, scene):
    for name in ("mine", "another"):
        (store.uploads / name).mkdir()
        scene.save(store.uploads / name / "photo.png")
    workspace = filled(store, new_key(), store.uploads / "mine" / "photo.png")
    workspace.write_note("words", 1)
    workspace.forget()
    assert list(store.files.iterdir()) == []
    assert [file.parent.name for file in store.uploads.rglob("*.png")] == ["another"]
    assert store.rows("SELECT * FROM notes") == store.rows("SELECT * FROM items") == []


def noise_file(folder, number):
    path = folder / f"{number}.png"
    Image.effect_noise((200, 200), 100 + number).convert("RGB").save(path)
    return path


def test_room_is_made_by_what_was_unused_longest(tmp_path):
    store = Store(tmp_path / "data", 3600, 2_000_000)
    mine, theirs = Workspace(store, new_key()), Workspace(store, new_key())
    photo = mine.add_photo(noise_file(tmp_path, 0))
    kept = [mine.add_result(result(opened(photo.file), seed), photo, None) for seed in range(3)]
    mine.view(kept[0].id)
    other = theirs.add_photo(noise_file(tmp_path, 1))
    for seed in range(30):
        last = theirs.add_result(result(opened(other.file), seed), other, None)
        weight = sum(file.stat().st_size for file in store.files.rglob("*") if file.is_file())
        assert weight <= 2_000_000 + sum(file.stat().st_size for file in last.file.parent.iterdir())
        assert theirs.has_result(last.id)
        assert mine.photo(photo.id).file.exists() or seed > 3
    assert mine.results() == []
    assert mine.take_lost() == 3
    assert mine.take_lost() == 0
    assert theirs.take_lost() > 0
    assert theirs.photo(other.id).file.exists()  # what results are made of stays
    store.close()


def test_archives_go_before_results(tmp_path):
    store = Store(tmp_path / "data", 3600, 400_000)
    workspace = Workspace(store, new_key())
    archive = workspace.make_file("all.zip", lambda path: path.write_bytes(b"x" * 300_000))
    photo = workspace.add_photo(noise_file(tmp_path, 0))
    assert not archive.exists()
    assert workspace.photo(photo.id).file.exists()
    store.close()


def test_a_disk_that_is_full_loses_nothing_that_was_there(store, photo_file, monkeypatch):
    workspace = filled(store, new_key(), photo_file)
    before, folders = workspace.results(), sorted(store.files.iterdir())

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pix2pix.serving.item_files.save_result", full)
    with pytest.raises(OSError, match="No space"):
        workspace.add_result(result(opened(photo_file)), workspace.photo(before[0].photo), None)
    assert (workspace.results(), sorted(store.files.iterdir())) == (before, folders)


def test_two_at_once_do_not_disturb_each_other(store, photo_file):
    from concurrent.futures import ThreadPoolExecutor

    keys = [new_key() for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: filled(store, key, photo_file, results=4), keys * 2))
    for key in keys:
        results = Workspace(store, key).results()
        assert len(results) == 8
        assert len({one.photo for one in results}) <= 2
        assert all(read_receipt(one.file) == one.request for one in results)


def work_without_end(folder: Path, key: str, photo_file: Path) -> None:
    store = Store(folder, 3600, GENEROUS)
    while True:
        filled(store, key, photo_file, results=2)


def test_a_kill_at_any_moment_leaves_a_store_that_can_be_read(tmp_path, photo_file):
    key, context = new_key(), multiprocessing.get_context("spawn")
    for milliseconds in (0, 13, 29):
        worker = context.Process(target=work_without_end, args=(tmp_path / "data", key, photo_file), daemon=True)
        worker.start()
        deadline = time.monotonic() + 60
        while len(list((tmp_path / "data" / FILES).glob("*"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(milliseconds / 1000)
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        store = Store(tmp_path / "data", 3600, GENEROUS)
        for one in Workspace(store, key).results():
            assert read_receipt(one.file) == one.request
            opened(one.thumbnail)
        for folder in store.files.iterdir():  # what the killed process had not finished
            os.utime(folder, (0, 0))
        store.sweep()
        known = {row["id"] for row in store.rows("SELECT id FROM items")}
        assert {path.name for path in store.files.iterdir()} == known
        assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        store.close()


def test_uploads_go_when_their_time_is_over(store):
    fresh, old = store.uploads / "fresh", store.uploads / "old"
    for folder in (fresh, old):
        folder.mkdir()
        (folder / "photo.png").write_bytes(b"x")
    os.utime(old, (0, 0))
    store.sweep()
    assert list(store.uploads.iterdir()) == [fresh]


def test_an_upload_that_broke_off_goes_soon(store):
    at_work, broken_off, whole = store.uploads / "tmp1", store.uploads / "tmp2", store.uploads / "whole"
    for file in (at_work, broken_off):
        file.write_bytes(b"x")
    whole.mkdir()
    for upload in (broken_off, whole):
        os.utime(upload, (time.time() - 1000,) * 2)
    store.sweep()
    assert {*store.uploads.iterdir()} == {at_work, whole}


def test_where_it_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert folder_from({}).parent == folder_from({"PIX2PIX_DATA": "  "}).parent == tmp_path
    assert folder_from({"PIX2PIX_DATA": str(tmp_path / "mine")}) == tmp_path / "mine"
    monkeypatch.setattr("pix2pix.serving.visitors.SPACE_DISK", tmp_path / "data")
    assert folder_from({"SPACE_ID": "somebody/space"}).name.startswith("pix2pix-")
    (tmp_path / "data").mkdir()
    assert folder_from({"SPACE_ID": "somebody/space"}) == tmp_path / "data" / "pix2pix"
