"""What the benchmarks make of times; the times themselves are nothing to assert."""

from statistics import fmean

import pytest
from PIL import Image

from benchmarks.growth import Growth
from benchmarks.row import Row, apart, table
from benchmarks.sides import FAST, OURS, STOCK
from benchmarks.timing import Times, in_turn, ratio
from benchmarks.visitors import Servers, Waiting, servers_needed, waits


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


def test_simulated_visitors_wait_as_long_as_theory_says():
    """Pollaczek and Khinchine: one server, one edit each, all of the same length: s + ρ s / (2 (1 - ρ))."""
    for load in (0.3, 0.7):
        seconds = 2.0
        mean = fmean(waits(Servers(1, seconds), load / seconds * 3600, edits=1))
        assert mean == pytest.approx(seconds + load * seconds / (2 * (1 - load)), rel=0.05)


def test_more_servers_and_batches_shorten_the_wait_of_visitors():
    crowd = 600
    alone, two = (Waiting.of(Servers(number, 1.0), crowd).late for number in (1, 2))
    together = Waiting.of(Servers(1, 1.0, batch=4, marginal=0.5), crowd).late
    assert two < alone
    assert together < alone
    assert servers_needed(1.0, crowd, patience=alone) == 2


def test_lines_through_what_grows():
    growth = Growth("steps", (1, 2, 4), (1.5, 2.5, 4.5), (100.0, 110.0, 120.0))
    assert growth.line == pytest.approx((0.5, 1.0))
    assert growth.explained == pytest.approx(1)
