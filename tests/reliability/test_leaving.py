"""An edit that nobody waits for ends at its next step, whatever door it came through, and so does one without end."""

import logging
import time

import httpx
import pytest

from pix2pix import EditRequest, EditSession
from pix2pix.serving.limits import Limits
from pix2pix.ui.crowd import audience
from pix2pix.ui.crowd.guard import TOOK_TOO_LONG, Abandoned, Guard
from tests.reliability.conftest import Fake, asked, join, serving, until

STEPS = 100  # of 0.05 s: five seconds, unless somebody stops them


@pytest.fixture
def slow(tmp_path):
    service = Fake(step_seconds=0.05)
    with serving(tmp_path, service) as address:
        yield service, address


def words(photo, instruction="x", steps=STEPS):
    return {"photo": photo, "instruction": instruction, "num_inference_steps": steps, "resolution": 256}


def test_who_leaves_stops_the_edit(slow, data_photo):
    service, address = slow
    job = join(address, words(data_photo)).json()["event_id"]
    with httpx.stream("GET", f"{address}/gradio_api/call/edit/{job}") as listening:
        assert listening.status_code == 200
        until(lambda: service.steps > 2)
    left = time.monotonic()
    until(lambda: service.ended)
    assert service.ended["x"] - left < 0.55
    assert asked(address, words(data_photo, "next", 1))[0] == "complete"
    assert time.monotonic() - left < 2


def test_who_cancels_stops_the_edit(slow, data_photo):
    service, address = slow
    body = {"photo": data_photo, "instruction": "x", "num_inference_steps": STEPS}
    joined = httpx.post(f"{address}/gradio_api/call/v2/edit", json=body).json()["event_id"]
    until(lambda: service.steps > 2)
    config = httpx.get(f"{address}/config").json()
    (index,) = [one["id"] for one in config["dependencies"] if one["api_name"] == "edit"]
    cancel = {"session_hash": joined, "fn_index": index, "event_id": joined}
    assert httpx.post(f"{address}/gradio_api/cancel", json=cancel).status_code == 200
    left = time.monotonic()
    until(lambda: service.ended)
    assert service.ended["x"] - left < 0.55


def test_who_joins_and_never_listens_gets_a_few_seconds(slow, data_photo, monkeypatch):
    monkeypatch.setattr(audience, "UNHEARD_SECONDS", 0.5)
    service, address = slow
    joined = time.monotonic()
    join(address, words(data_photo))
    until(lambda: service.ended)
    assert service.ended["x"] - joined < 2


def test_who_listens_gets_an_edit_that_takes_longer_than_that(slow, data_photo, monkeypatch):
    monkeypatch.setattr(audience, "UNHEARD_SECONDS", 0.1)
    _, address = slow
    assert asked(address, words(data_photo, steps=10))[0] == "complete"


def test_an_edit_without_end_has_a_deadline(tmp_path, data_photo):
    service = Fake(step_seconds=0.05)
    with serving(tmp_path, service, edit_seconds=0.3) as address:
        assert asked(address, words(data_photo))[1]["error"] == TOOK_TOO_LONG
        gallery = {"photos": [data_photo] * 2, "instruction": "x", "num_inference_steps": STEPS}
        _, (_, rows) = asked(address, gallery, "edit_gallery")
        assert [row["error"] for row in rows] == [TOOK_TOO_LONG] * 2


def test_too_much_work_is_refused_before_the_model_runs(tmp_path, fake, data_photo):
    with serving(tmp_path, fake, edit_work=10) as address:
        said = asked(address, {"photo": data_photo, "instruction": "x", "num_inference_steps": 39})[1]["error"]
        assert said.startswith("39 steps at a size of 512 are too much work for this app; take 38 steps or fewer")
        assert not fake.begun
        assert asked(address, {"photo": data_photo, "instruction": "x", "num_inference_steps": 38})[0] == "complete"


def test_one_line_in_the_log_tells_figures_only(scene, tmp_path, caplog):
    scene.save(tmp_path / "zanzibar.png")
    guard = Guard(Fake(), Limits(), wanted=lambda: True)
    request = EditRequest("make it zanzibar", num_inference_steps=3)
    with caplog.at_level(logging.INFO, logger="pix2pix.ui.crowd.log"):
        list(guard.stream(tmp_path / "zanzibar.png", request, session=EditSession()))
    (line,) = caplog.messages
    assert line.startswith("edit outcome=done seconds=0.")
    assert line.endswith("steps=3 canvas=8x8 cache_hits=0")
    assert "zanzibar" not in line


@pytest.mark.parametrize(("wanted", "outcome"), [(True, "stopped"), (False, "Abandoned")])
def test_every_ending_has_its_line(scene, tmp_path, caplog, wanted, outcome):
    scene.save(tmp_path / "photo.png")
    guard = Guard(Fake(), Limits(), wanted=lambda: wanted)
    stream = guard.stream(tmp_path / "photo.png", EditRequest("x"), session=EditSession())
    with caplog.at_level(logging.INFO, logger="pix2pix.ui.crowd.log"):
        try:
            next(stream)
        except Abandoned:
            assert not wanted
        stream.close()
    assert [message.split()[1] for message in caplog.messages] == [f"outcome={outcome}"]
