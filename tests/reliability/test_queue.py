"""The queue is everybody's: nobody fills it, nobody waits behind all that another one wants, and a full one says so."""

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import httpx
import pytest

from pix2pix.ui.crowd.waiting import BUSY, ENOUGH
from tests.reliability.conftest import Fake, heard, join, serving, until
from tests.reliability.crowd import browser
from tests.running import call_tool


@pytest.fixture
def slow(tmp_path):
    """An app whose edits take seconds until the test says otherwise, and its service."""
    service = Fake(step_seconds=0.5)
    with serving(tmp_path, service) as address:
        yield service, address


def words(photo, instruction):
    return {"photo": photo, "instruction": instruction}


def listened(address: str, answers: list) -> list:
    """How each of these jobs ended, heard at the same time."""
    with ThreadPoolExecutor(len(answers)) as threads:
        return list(threads.map(lambda answer: heard(address, answer.json()["event_id"])[0], answers))


def test_one_sender_gets_half_of_the_queue(slow, data_photo):
    service, address = slow
    answers = [join(address, words(data_photo, f"flood {index}")) for index in range(25)]
    taken = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert 10 <= len(taken) <= 12  # one or two may have begun meanwhile
    assert {(answer.status_code, answer.json()["detail"]) for answer in refused} == {(429, ENOUGH)}
    another = join(address, words(data_photo, "another"), **browser("another"))
    assert another.status_code == 200
    service.step_seconds = 0.01
    assert set(listened(address, [*taken, another])) == {"complete"}
    assert service.begun.index("another") <= 4  # not behind the ten that came before


def test_a_full_queue_says_busy_at_once_and_the_page_still_opens(slow, data_photo):
    service, address = slow
    taken = []
    for name in ("one", "two", "three"):
        answers = [join(address, words(data_photo, name), **browser(name)) for _ in range(10)]
        taken += [answer for answer in answers if answer.status_code == 200]
    asked_at = time.monotonic()
    answer = join(address, words(data_photo, "four"), **browser("four"))
    assert time.monotonic() - asked_at < 0.2
    assert (answer.status_code, answer.json()["detail"]) == (429, BUSY)
    config = httpx.get(f"{address}/config").json()
    on_load = [one for one in config["dependencies"] if any(target[1] == "load" for target in one["targets"])]
    assert on_load
    assert not any(one["queue"] for one in on_load if one["backend_fn"])
    service.step_seconds = 0.01
    assert set(listened(address, taken)) == {"complete"}


@pytest.mark.parametrize("at_once", [1, 3])
def test_as_many_edits_are_at_work_as_the_editors_can_draw(tmp_path, data_photo, at_once):
    service = Fake(step_seconds=0.1)
    service._one_at_a_time = SimpleNamespace(run=lambda stream: stream, is_idle=True)  # as many editors as one likes
    names = ["one", "two", "three", "four"]
    with serving(tmp_path, service, at_once=at_once) as address:
        answers = [join(address, words(data_photo, name), **browser(name)) for name in names]
        assert set(listened(address, answers)) == {"complete"}
    beside = [sum(service.started[other] < service.ended[name] for other in names) for name in names]
    assert beside[0] == at_once


def test_turns_are_taken_in_turn():
    from pix2pix.ui.crowd.waiting import WaitingLine

    line = SimpleNamespace(_sender=lambda event: event[0])
    queue = ["a1", "a2", "a3", "b1", "c1", "b2"]
    WaitingLine._put_in_turn(line, queue)
    assert queue == ["a1", "b1", "c1", "a2", "b2", "a3"]
    WaitingLine._put_in_turn(line, queue, at_work=["a0"])
    assert queue == ["b1", "c1", "a1", "b2", "a2", "a3"]


def test_an_assistant_counts_by_its_own_address_and_hears_busy(tmp_path, data_photo):
    service = Fake(step_seconds=0.05)
    with serving(tmp_path, service, mcp_calls=3) as address, ThreadPoolExecutor(9) as threads:
        asking = words(data_photo, "x")
        answers = threads.map(lambda _: call_tool(address, "edit", asking), range(8))
        opened = threads.submit(lambda: _seconds(lambda: httpx.get(address, timeout=30)))
        said = [answer.content[0].text if answer.isError else "done" for answer in answers]
        assert set(said) == {BUSY, "done"}
        assert said.count("done") >= 3
        assert opened.result() < 2


def test_an_assistant_that_waits_too_often_hears_busy_and_no_address(tmp_path, data_photo):
    service = Fake(step_seconds=0.2)
    with serving(tmp_path, service, waiting_each=1) as address:
        jobs = [join(address, words(data_photo, "x")) for _ in range(1)]
        until(lambda: service.begun)
        jobs += [join(address, words(data_photo, "x"))]
        answer = call_tool(address, "edit", words(data_photo, "y"))
        assert answer.isError
        assert [content.text for content in answer.content] == [BUSY]
        assert {job.status_code for job in jobs} == {200}


def _seconds(act) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began
