"""Whatever way a visitor leaves, the model is free for the next one, and draws nothing to the end for nobody."""

import random

import pytest

from pix2pix.ui.crowd import audience
from tests.reliability.conftest import Fake, serving
from tests.reliability.crowd import ask
from tests.reliability.ways_out import STEPS, WAYS, Visit, leave_while_waiting

STEP = 0.05  # seconds


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    service = Fake(step_seconds=STEP)
    with serving(tmp_path_factory.mktemp("app"), service) as address:
        yield service, address


def leave(app, way, photo: str, mark: str) -> tuple[float, float]:
    """Leave this way, and somebody comes: the seconds until the model was free, and until the next edit began."""
    service, address = app
    then, coming = service.steps, f"after {mark}"
    left = way(Visit(address, service, photo, mark))
    after = ask(address, "coming", coming, photo, num_inference_steps=1)
    assert [event for event, _ in after.endings] == ["complete"], (way.__name__, after.endings)
    assert service.steps - then < STEPS, f"{way.__name__}: drawn to the end"
    assert service.begun[-1] == coming
    assert (mark in service.begun) is (way is not leave_while_waiting)
    last = service.begun[-2]
    assert service.ended[last] <= service.started[coming]
    return service.ended[last] - left, service.started[coming] - left


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_next_one_gets_the_model(app, data_photo, monkeypatch, way):
    monkeypatch.setattr(audience, "UNHEARD_SECONDS", 0.5)
    leave(app, way, data_photo, way.__name__)


@pytest.mark.torture
def test_a_hundred_who_leave(app, data_photo):
    tries = [way for way in WAYS for _ in range(100 // len(WAYS))]
    random.Random(0).shuffle(tries)
    took = [leave(app, way, data_photo, f"try {number}") for number, way in enumerate(tries)]
    free, begun = (max(seconds) for seconds in zip(*took, strict=True))
    print(f"{len(took)} left: the model was free within {free:.2f} s, the next edit began within {begun:.2f} s")
    assert free <= STEP + 0.5
    assert begun <= 1.0
