"""A visitor's memory: bounded, counted, with undo."""

import copy
import pickle

import pytest
from PIL import Image

from pix2pix import EditRequest, EditSession, Result
from pix2pix.session import LRU


def result(number: int, side: int = 10) -> Result:
    image = Image.new("RGB", (side, side), (number, 0, 0))
    return Result(image, image, EditRequest("x", 1, 1.0, 1.0, number), 0.1, None, "tiny", None)


def test_lru_keeps_what_was_used_last_and_counts():
    lru, made = LRU(2), []
    for key in "abacabc":
        assert lru.get_or_make(key, lambda key=key: made.append(key) or key.upper()) == key.upper()
    assert made == list("abcbc")
    assert (lru.hits, lru.misses, len(lru)) == (2, 5, 2)


def test_lru_counts_reading_as_use():
    lru = LRU(2)
    lru.put("a", 1)
    lru.put("b", 2)
    assert lru.get("a") == 1
    lru.put("c", 3)
    assert (lru.get("a"), lru.get("b"), lru.get("c")) == (1, None, 3)
    assert (lru.hits, lru.misses) == (0, 0)


def test_lru_keeps_nothing_of_a_failure():
    lru = LRU(2)
    with pytest.raises(ZeroDivisionError):
        lru.get_or_make("a", lambda: 1 / 0)
    assert lru.get_or_make("a", lambda: 5) == 5


def test_undo_and_redo():
    session, results = EditSession(), [result(k) for k in range(3)]
    assert session.current is session.undo() is session.redo() is None
    for one in results:
        session.add(one)
    assert session.current is results[2]
    assert session.undo() is results[1]
    assert session.undo() is results[0]
    assert session.undo() is None
    assert session.undo() is None
    assert session.redo() is results[0]
    assert session.redo() is results[1]
    assert session.show(2) is session.current is results[2]
    assert session.show(1) is session.current is results[1]
    other = result(9)
    session.add(other)
    assert session.history == (results[0], results[1], other)
    assert session.redo() is other


def test_history_is_bounded_by_count_and_by_bytes():
    session = EditSession(max_results=3)
    for k in range(5):
        session.add(result(k))
    assert [one.request.seed for one in session.history] == [2, 3, 4]
    session = EditSession(max_bytes=2 * 300 * 2)  # two results of two 10 x 10 RGB pictures
    for k in range(5):
        session.add(result(k))
    assert [one.request.seed for one in session.history] == [3, 4]
    session.add(result(7, side=100))
    assert [one.request.seed for one in session.history] == [7]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda session: pickle.loads(pickle.dumps(session))])
def test_survives_the_way_to_another_process(duplicate):
    session = EditSession()
    session.add(result(5))
    session.conditionings.get_or_make("key", lambda: "value")
    other = duplicate(session)
    assert other.current.image.tobytes() == session.current.image.tobytes()
    assert other.conditionings.get_or_make("key", lambda: pytest.fail("lost")) == "value"
    other.add(result(6))
    assert len(session.history) == 1
