"""Work begun ahead of need: in order, bounded by number and by weight, and stopped with its consumer."""

import threading
from contextlib import closing

import pytest

from pix2pix.editing.ahead import ahead_of_need


def begin(tasks, ahead, room, begun):
    def do(task):
        return task

    def weigh(task):
        begun.append(task)
        return task

    return ahead_of_need(do, tasks, ahead, weigh, lambda: room)


def test_values_come_in_the_order_of_their_tasks():
    finished = [threading.Event() for _ in range(3)]

    def do(task):
        if task < 2:
            finished[task + 1].wait(timeout=10)
        finished[task].set()
        return task * 10

    assert list(ahead_of_need(do, range(3), 3, lambda _: 0, lambda: 1)) == [0, 10, 20]


@pytest.mark.parametrize(("ahead", "room", "number"), [(0, 100, 1), (3, 100, 4), (7, 25, 3), (7, 0, 1), (7, -5, 1)])
def test_no_more_is_begun_than_there_is_room_for(ahead, room, number):
    """Each weighs 10; the last may go beyond the room, and one is always begun."""
    begun = []
    with closing(begin([10] * 20, ahead, room, begun)) as values:
        next(values)
        assert len(begun) == number
        next(values)
        assert len(begun) == number + 1


def test_an_error_comes_when_its_value_is_asked_for():
    with closing(ahead_of_need(lambda task: 1 // task, [1, 0], 1, lambda _: 0, lambda: 1)) as values:
        assert next(values) == 1
        with pytest.raises(ZeroDivisionError):
            next(values)
