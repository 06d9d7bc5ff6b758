"""Whatever chance does to a file: it opens, or is refused in one short sentence; soon, and in little memory."""

import json
import subprocess
import sys

import pytest

from tests import ROOT

SEED = 15


def opened(first: int, last: int, folder) -> dict:
    arguments = [sys.executable, "-W", "ignore", "-m", "tests.reliability.opening", SEED, first, last, folder]
    done = subprocess.run(list(map(str, arguments)), cwd=ROOT, capture_output=True, text=True, check=False)
    *numbers, found = done.stdout.splitlines() or [""]
    assert done.returncode == 0, (
        f"file {found} of series {SEED} ended the process ({done.returncode}): {done.stderr[-500:]}"
    )
    assert len(numbers) == last - first
    print(f"{last - first} files, {found}")
    return json.loads(found)


def assert_promises_hold(found: dict, number: int) -> None:
    assert found["faults"] == {}
    assert 0.1 * number < found["photos"] < 0.9 * number  # neither all harmless nor all refused
    assert found["seconds"] <= 2
    assert found["megabytes"] <= 300


def test_a_sample_of_mutated_files(tmp_path):
    assert_promises_hold(opened(0, 150, tmp_path), 150)


@pytest.mark.torture
def test_mutated_files(tmp_path):
    assert_promises_hold(opened(0, 3_000, tmp_path), 3_000)
