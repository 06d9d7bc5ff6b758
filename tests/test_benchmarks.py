"""What the benchmarks make of times; the times themselves are nothing to assert."""

import pytest
from PIL import Image

from benchmarks.row import FAST, OURS, STOCK, Row, apart, table
from benchmarks.timing import Times, in_turn, ratio


def test_medians_late_runs_and_ratios():
    ours, stock = Times((1.0, 2.0, 30.0)), Times((2.0, 4.0, 60.0))
    assert ours.median == 2
    assert ours.late == 30
    assert Times(tuple(range(1, 11))).late == 9
    assert ratio(ours, stock) == (0.5, 0.5, 0.5)
    assert ratio(Times((1, 1, 4, 4, 1)), Times((2,) * 5)) == (0.5, 0.5, 2.0)  # a third of the draws has three fours


def test_sides_take_turns_and_the_first_run_does_not_count():
    turns = []
    times = in_turn(lambda: turns.append("one"), lambda: turns.append("other"), runs=3)
    assert turns == ["one", "other"] * 4
    assert [len(one.seconds) for one in times] == [3, 3]


MET, NOT_MET = "met", "not met"


@pytest.mark.parametrize(
    ("goals", "said"), [((0.5, 0.25), [MET, MET]), ((0.49, 0.25), [NOT_MET, MET]), ((1, 0.2), [MET, NOT_MET])]
)
def test_a_row_says_whether_its_goals_are_met(goals, said):
    times = {OURS: Times((1.0,) * 3), FAST: Times((0.5,) * 3), STOCK: Times((2.0,) * 3)}
    row = Row("work", *goals, times, (0, 0.0))
    assert [cell for cell in str(row).strip("| ").split(" | ") if cell.endswith("met")] == said
    assert "to the bit" in table([row])
    head, line, _ = table([row]).splitlines()
    assert head.count("|") == line.count("|") == str(row).count("|")


def test_how_far_two_pictures_are_apart():
    one, other = (Image.new("RGB", (2, 1), value) for value in ((0, 0, 0), (0, 6, 0)))
    assert apart(one, other) == (6, 2.0)
