"""One visitor's board while events of two queues change it at once."""

import sys
import threading
from pathlib import Path

import pytest

from pix2pix import EditRequest, Outcome
from pix2pix.serving.workspace import new_key
from pix2pix.ui.gallery.board import Board
from pix2pix.ui.gallery.card import DONE, FAILED, WAITING


@pytest.fixture
def board(visitors):
    workspace = visitors.workspace(new_key())
    return Board(workspace, "a tab", visitors.session(workspace))


def test_changes_from_two_queues_do_not_undo_each_other(board):
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


def test_what_comes_too_late_changes_nothing(board):
    board.add([(Path("a.png"), "a.png")])
    request = EditRequest("x", seed=1)
    board.ask_one(0, request)
    board.clear()
    board.update(0, before="late")
    board.fail(0, "late")
    assert not board.holds(0, Path("a.png"))
    assert not board.waits_for(0, request)
    assert board.cards == []


def test_a_board_is_not_current_once_another_program_went_on_with_it(visitors):
    """As where a visitor's server was out of reach for a while, and another one on the same folder took over."""
    workspace = visitors.workspace(new_key())
    here = Board(workspace, "a tab", visitors.session(workspace))
    assert here.is_current
    here.keep_asking({"instruction": "make it night", "scales": (1.5, 7)})
    assert here.is_current
    there = Board(workspace, "a tab", visitors.session(workspace))
    there.keep_asking({"instruction": "add fog"})
    assert there.is_current
    assert not here.is_current
    assert Board(workspace, "a tab", visitors.session(workspace)).asking == {"instruction": "add fog"}


def test_a_board_comes_back_as_it_was_left(visitors, tmp_path, scene, tiny_editor):
    key = new_key()
    workspace = visitors.workspace(key)
    board = Board(workspace, "a tab", visitors.session(workspace))
    for name in ("a.png", "b.png", "c.png"):
        scene.save(tmp_path / name)
        scene = scene.rotate(90, expand=True)
    photos = [(tmp_path / name, name) for name in ("a.png", "b.png", "c.png")]
    board.add(photos)
    for index, (path, name) in enumerate(photos):
        board.take_in(index, workspace.add_photo(path, name))
    request = EditRequest("make it snowy", 2, 3.0, 1.5, 4, 32)
    board.ask(request, vary_seed=False)
    board.finish(0, Outcome(0, None, tiny_editor.edit(photos[0][0], request)))
    board.fail(1, "It did not work.")
    again = Board(visitors.workspace(key), "a tab", visitors.session(workspace))
    assert [card.name for card in again.cards] == ["a.png", "b.png", "c.png"]
    assert [card.state for card in again.cards] == [DONE, FAILED, WAITING]
    assert again.cards[0].file.read_bytes() == board.cards[0].file.read_bytes()
    assert (again.cards[0].request, again.cards[1].sentence) == (request, "It did not work.")
    assert again.interrupted  # the third had been asked for
    assert not again.running
    other = Board(visitors.workspace(new_key()), "a tab", visitors.session(workspace))
    assert (other.cards, other.interrupted) == ([], False)
