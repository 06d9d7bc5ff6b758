"""One visitor's board while events of two queues change it at once."""

import copy
import sys
import threading
from pathlib import Path

from pix2pix import EditRequest
from pix2pix.ui.gallery.board import Board


def test_changes_from_two_queues_do_not_undo_each_other():
    board = Board()
    board.add([(Path(f"{number}.png"), f"{number}.png") for number in range(4)])
    rounds, interval = 3_000, sys.getswitchinterval()

    def change(name):
        for turn in range(rounds):
            for index in range(4):
                board.update(index, **{name: f"{turn}"})

    threads = [threading.Thread(target=change, args=(name,)) for name in ("before", "after", "sentence")]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        lost = 0
        while any(thread.is_alive() for thread in threads):
            seen = board.cards[0].before
            lost += seen is not None and board.cards[0].before is None
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    last = f"{rounds - 1}"
    assert all((card.before, card.after, card.sentence) == (last, last, last) for card in board.cards)
    assert lost == 0


def test_what_comes_too_late_changes_nothing():
    board = Board()
    board.add([(Path("a.png"), "a.png")])
    request = EditRequest("x", seed=1)
    board.ask_one(0, request)
    board.clear()
    board.update(0, before="late")
    board.fail(0, "late")
    assert not board.holds(0, Path("a.png"))
    assert not board.waits_for(0, request)
    assert board.cards == []


def test_every_visitor_begins_with_a_board_of_their_own():
    board = Board()
    board.add([(Path("a.png"), "a.png")])
    assert copy.deepcopy(board).cards == []
