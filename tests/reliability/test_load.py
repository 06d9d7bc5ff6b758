"""Many visitors at the same time: everybody gets an answer, their own, in the order of coming, or hears “busy”."""

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from statistics import mean

import pytest

from pix2pix.serving.studio import Studio
from pix2pix.ui.crowd.waiting import BUSY, ENOUGH
from tests.reliability.conftest import Fake, heard, join, serving
from tests.reliability.crowd import Asked, all_ask, ask, browser, photos_of
from tests.reliability.flood import flood, joins

LATE = 0.95  # of all times lie below the one that is measured


def late(seconds: list[float]) -> float:
    return sorted(seconds)[int(LATE * len(seconds))]


def check(answers: list[Asked]) -> None:
    """None is lost, none is doubled, none is another's."""
    strange = [answer for answer in answers if not answer.is_its_own]
    assert answers
    assert not strange, strange[:3]


def test_everybody_gets_their_own_answer_in_the_order_of_coming(tmp_path):
    service, visitors, times = Fake(step_seconds=0.005), 8, 4
    with serving(tmp_path, service) as address:
        photos = photos_of(visitors, tmp_path)
        answers = all_ask(address, photos, times, begun=service.begun, num_inference_steps=1)
    check(answers)
    assert len(answers) == visitors * times
    assert sorted(service.begun) == sorted(answer.mark for answer in answers)
    for answer in answers:  # who asks again stands behind; so each of the others is served once meanwhile, at most
        assert service.begun.index(answer.mark) - answer.begun_before < visitors


@pytest.mark.torture
def test_two_thousand_answers(tmp_path):
    service, visitors, times = Fake(step_seconds=0.005), 64, 32
    with serving(tmp_path, service, waiting=visitors) as address:
        answers = all_ask(address, photos_of(visitors, tmp_path), times, num_inference_steps=1)
    check(answers)
    assert sorted(service.begun) == sorted(answer.mark for answer in answers)
    waited = late([service.started[answer.mark] - answer.joined for answer in answers])
    turns, came = sorted(service.started.values()), sorted(answer.joined for answer in answers)
    ideal = late([turn - at for turn, at in zip(turns, came, strict=True)])  # each turn to whoever came first
    print(f"{len(answers)} answers in {turns[-1] - turns[0]:.0f} s, none lost, doubled or swapped; {LATE:.0%} waited")
    print(f"{waited:.2f} s at most, first in first out {ideal:.2f} s, without any web {visitors * 0.005:.2f} s")
    assert len(answers) == visitors * times
    assert waited <= 1.5 * ideal


@pytest.mark.torture
def test_two_minutes_of_pocket(tmp_path):
    service, visitors = Studio("pocket", others=False), 16
    service.editor()
    with serving(tmp_path, service, waiting=visitors) as address:
        answers = all_ask(address, photos_of(visitors, tmp_path), sys.maxsize, seconds=120)
    check(answers)
    print(f"pocket: {len(answers)} answers to {visitors} visitors in two minutes, none lost, doubled or swapped")


class Greedy:
    """A visitor who asks for a gallery and for many edits at once, and listens to all that is let in."""

    def __init__(self, address: str, photo: str, photos: int, edits: int, **settings) -> None:
        self._address, self._threads = address, ThreadPoolExecutor(edits + 1)
        self._listening: list[Future] = []
        self.refused: list[tuple[int, str]] = []
        self._ask("edit_gallery", {"photos": [photo] * photos, "instruction": "greedy gallery", **settings})
        for index in range(edits):
            self._ask("edit", {"photo": photo, "instruction": f"greedy edit {index}", **settings})

    def _ask(self, endpoint: str, values: dict) -> None:
        answer = join(self._address, values, endpoint, **browser("greedy"))
        if answer.status_code == 200:
            self._listening.append(self._threads.submit(heard, self._address, answer.json()["event_id"], endpoint))
        else:
            self.refused.append((answer.status_code, answer.json()["detail"]))

    def endings(self) -> list[tuple[str, object]]:
        """How the gallery and all edits that were let in ended."""
        self._threads.shutdown()
        return [ending.result() for ending in self._listening]


def turns_before(service: Fake, answer: Asked, whose: str) -> int:
    """How many edits whose names begin so had their turn while the visitor of ``answer`` waited."""
    meanwhile = service.begun[answer.begun_before : service.begun.index(answer.mark)]
    return sum(mark.startswith(whose) for mark in meanwhile)


def test_nobody_waits_for_all_that_a_greedy_visitor_wants(tmp_path):
    service, settings = Fake(step_seconds=0.5), {"num_inference_steps": 1}
    with serving(tmp_path, service) as address:
        (photo,) = photos_of(1, tmp_path)
        greedy = Greedy(address, photo, photos=30, edits=20, **settings)
        service.step_seconds = 0.03
        answers = [ask(address, "another", f"edit {n}", photo, begun=service.begun, **settings) for n in range(5)]
        endings = greedy.endings()
    assert [answer.endings[0][0] for answer in answers] == ["complete"] * 5
    assert max(turns_before(service, answer, "greedy edit") for answer in answers) <= 1
    assert {event for event, _ in endings} == {"complete"}
    assert len(endings[0][1][1]) == 30  # photos of the gallery
    assert set(greedy.refused) == {(429, ENOUGH)}


@pytest.mark.torture
def test_a_hundred_photos_and_twenty_edits_of_one_visitor(tmp_path):
    service, settings = Fake(step_seconds=0.05), {"num_inference_steps": 4}
    with serving(tmp_path, service) as address:
        (photo,) = photos_of(1, tmp_path)
        greedy = Greedy(address, photo, photos=100, edits=20, **settings)
        answers = [ask(address, "another", f"edit {n}", photo, begun=service.begun, **settings) for n in range(20)]
        endings = greedy.endings()
    assert {event for event, _ in endings} == {"complete"}
    turns = [turns_before(service, answer, "greedy") for answer in answers]
    seconds = [service.started[answer.mark] - answer.joined for answer in answers]
    own = mean(service.ended[answer.mark] - service.started[answer.mark] for answer in answers)
    print(f"another visitor waited {mean(seconds):.2f} s, at most {max(seconds):.2f} s; own edits took {own:.2f} s")
    print(f"meanwhile began {mean(turns):.1f} edits of the greedy one, at most {max(turns)}")
    assert max(turns) <= 2


def guests(address: str, threads: ThreadPoolExecutor, photo: str, number: int) -> list[Future]:
    """So many visitors have joined, and listen in ``threads``: their endings, once they are there."""
    listening = []
    for name in (f"guest {index}" for index in range(number)):
        joined = join(address, {"photo": photo, "instruction": name}, **browser(name)).json()
        listening.append(threads.submit(heard, address, joined["event_id"]))
    return listening


def test_a_flood_hears_busy_and_who_was_there_before_is_served(tmp_path):
    service, places, number = Fake(step_seconds=0.5), 4, 30
    with serving(tmp_path, service, waiting=places) as address, ThreadPoolExecutor(places) as threads:
        (photo,) = photos_of(1, tmp_path)
        before = guests(address, threads, photo, places)
        said = joins(address, photo, [f"flood {index}" for index in range(number)])
        service.step_seconds = 0.01
        endings = [guest.result()[0] for guest in before]
    refused = [(status, sentence) for *_, status, sentence in said if status != 200]
    assert endings == ["complete"] * places
    assert set(refused) == {(429, BUSY)}
    assert len(refused) >= number - places - len(service.begun)


@pytest.mark.torture
def test_five_hundred_joins_at_a_queue_of_twenty(tmp_path):
    """Ten at a time. The excess hears so within 200 ms, and the edits that run are slowed by a fifth at most."""
    service, at_once, number, places = Fake(step_seconds=0.2), 10, 500, 20
    with serving(tmp_path, service) as address, ThreadPoolExecutor(places) as threads:
        (photo,) = photos_of(1, tmp_path)
        for mark in ("alone 1", "alone 2", "alone 3"):
            ask(address, "alone", mark, photo)
        before = guests(address, threads, photo, places)
        said = flood(address, photo, number, at_once)
        endings = [guest.result()[0] for guest in before]
    began, ended = min(at for at, *_ in said), max(at + seconds for at, seconds, *_ in said)
    took = {mark: service.ended[mark] - start for mark, start in service.started.items()}
    alone = mean(seconds for mark, seconds in took.items() if mark.startswith("alone"))
    flooded = [took[mark] for mark, start in service.started.items() if start < ended and service.ended[mark] > began]
    refused = [seconds for _, seconds, status, _ in said if status != 200]
    print(f"{len(refused)} of {number} refused, {LATE:.0%} of them within {late(refused) * 1000:.0f} ms;")
    print(f"{len(flooded)} edits took {mean(flooded):.2f} s meanwhile, and {alone:.2f} s alone")
    assert endings == ["complete"] * places
    assert {(status, sentence) for *_, status, sentence in said if status != 200} == {(429, BUSY)}
    assert late(refused) < 0.2
    assert mean(flooded) <= 1.2 * alone
