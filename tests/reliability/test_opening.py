"""A crowd that brings large photos, or types without end, costs no more than a few of them."""

import threading
import time

import pytest
from PIL import Image

from pix2pix.errors import EditFailed
from pix2pix.serving import opening
from pix2pix.serving.limits import Limits, read_limits
from pix2pix.serving.opening import BUSY, Opening
from pix2pix.serving.store import Store
from pix2pix.serving.visitors import Visitors
from pix2pix.serving.workspace import new_key

SIDE = 1000


class Crowd:
    """Opens photos in a thread each, and notes how many were open at the same time."""

    def __init__(self, number: int) -> None:
        self.open = self.most = 0
        self.said: list[str] = []
        self._lock = threading.Lock()
        self._number = number

    def looking(self, photo):
        with self._lock:
            self.open += 1
            self.most = max(self.most, self.open)
        time.sleep(0.05)
        with self._lock:
            self.open -= 1

    def run(self, act) -> None:
        def one(index):
            try:
                act(index)
            except EditFailed as error:
                self.said.append(str(error))

        threads = [threading.Thread(target=one, args=(index,)) for index in range(self._number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def test_photos_are_opened_a_few_at_a_time(tmp_path, monkeypatch):
    crowd = Crowd(8)

    def watched(path):
        crowd.looking(path)
        return open_photo(path)

    from pix2pix.photo import open_photo

    monkeypatch.setattr("pix2pix.serving.workspace.open_photo", watched)
    for index in range(8):
        Image.new("RGB", (SIDE, SIDE), (index, 0, 0)).save(tmp_path / f"{index}.png")
    store = Store(tmp_path / "data", keep_seconds=3600, max_bytes=10**9)
    visitors = Visitors(store, Limits(opening_megapixels=2))
    crowd.run(lambda index: visitors.workspace(new_key()).add_photo(tmp_path / f"{index}.png"))
    store.close()
    assert (crowd.most, crowd.said) == (2, [])


def test_receipts_are_read_a_few_at_a_time(tmp_path, monkeypatch):
    """A PNG may hold its receipt behind its pixels."""
    crowd = Crowd(4)
    monkeypatch.setattr("pix2pix.serving.workspace.find_receipt", crowd.looking)
    Image.new("RGB", (SIDE, SIDE)).save(tmp_path / "photo.png")
    store = Store(tmp_path / "data", keep_seconds=3600, max_bytes=10**9)
    workspace = Visitors(store, Limits(opening_megapixels=1)).workspace(new_key())
    photo = workspace.add_photo(tmp_path / "photo.png")
    crowd.run(lambda _: workspace.receipt_of(photo))
    store.close()
    assert (crowd.most, crowd.said) == (1, [])


def test_a_photo_that_is_larger_is_opened_alone():
    crowd, both = Crowd(4), Opening(10)

    def one(index):
        with both.of(1000 if index else 1):
            crowd.looking(None)

    crowd.run(one)
    assert crowd.most == 1


def test_the_excess_hears_that_it_is_too_much(monkeypatch):
    monkeypatch.setattr(opening, "MAX_WAITING", 2)
    crowd, few = Crowd(8), Opening(1)

    def one(index):
        with few.of(1):
            crowd.looking(None)

    crowd.run(one)
    assert crowd.most == 1
    assert crowd.said == [BUSY] * 5


@pytest.mark.parametrize("value", ["many", "-1", "0", "nan", "inf"])
@pytest.mark.parametrize("name", ["PIX2PIX_WAITING", "PIX2PIX_EDIT_WORK", "PIX2PIX_EDIT_SECONDS"])
def test_a_limit_that_makes_no_sense(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be a .*number of 1 or more, and not “{value}”\.$"):
        read_limits({name: value})


def test_limits_from_the_environment():
    assert read_limits({}) == Limits()
    assert read_limits({"PIX2PIX_WAITING": " 5 ", "PIX2PIX_EDIT_WORK": "1.5"}) == Limits(waiting=5, edit_work=1.5)


def counted(length):
    """What the page says of so many letters, and how many of them reached the tokenizer."""
    from types import SimpleNamespace

    from pix2pix.ui.edit.tab import EditTab

    seen = []
    editor = SimpleNamespace(max_tokens=75, count_tokens=lambda words: seen.append(len(words)) or 3)
    noted = SimpleNamespace(note=lambda name: None, write_note=lambda name, value: None)
    tab = SimpleNamespace(
        _visitors=SimpleNamespace(workspace=lambda key: noted), _service=SimpleNamespace(editor=lambda model: editor)
    )
    return EditTab.read_words(tab, "key", "tab", "model", "x" * length), seen


def test_words_are_counted_up_to_a_length():
    said, seen = counted(1000)
    assert "3 of 75" in said
    assert seen == [1000]
    said, seen = counted(10_000_000)
    assert "keep it to 1000 characters" in said
    assert seen == []
