"""An app with an editor that is quick, counts what it is asked, and draws nothing; around it the real queue."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from PIL import Image

from pix2pix.editing.one_at_a_time import OneAtATime
from pix2pix.events import Outcome, PhotoStep, Result, Step
from pix2pix.photo import open_photo
from pix2pix.request import Defaults
from pix2pix.serving.limits import Limits
from pix2pix.serving.store import Store
from pix2pix.serving.visitors import Visitors
from pix2pix.ui import build_page
from pix2pix.ui.api.server import app_options
from pix2pix.ui.theme import LOOK
from tests.running import data_url, free_port

DEFAULTS = Defaults(4, 7.5, 1.5, 512)
SESSIONS = 20  # that gradio keeps
CLIENT = httpx.Client(verify=False, timeout=60)  # one for all: making one takes longer than most answers
PREVIEW = Image.new("RGB", (8, 8))


class Fake:
    """A service whose editor takes ``step_seconds`` for a step; one edit at a time, as the real one.

    Attributes:
        begun: the instructions of all edits that began, in order.
        steps: how many steps were done in all.
        started, ended: when each edit began and ended, by its instruction.
    """

    def __init__(self, step_seconds: float = 0.002) -> None:
        self.step_seconds = step_seconds
        self.begun: list[str] = []
        self.started: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.steps = 0
        self._one_at_a_time = OneAtATime()
        checkpoint = SimpleNamespace(
            name="fake",
            defaults=DEFAULTS,
            about="Fake.",
            suggestions=("x",),
            steps_advice="4: best",
            notches=(1.0, 0.2),
            guidance_limits=(30.0, 5.0),
        )
        self._editor = SimpleNamespace(checkpoint=checkpoint, note=None, max_tokens=75, count_tokens=len)

    def editor(self, model=None):
        return self._editor

    def is_loaded(self):
        return True

    def is_quick(self, model=None):
        return False

    def is_idle(self, model=None):
        return self._one_at_a_time.is_idle

    def models(self):
        return ("fake",)

    def stream(self, photo, request, *, session, model=None, mask=None):
        request = request.resolved(DEFAULTS)
        opened = yield from self._one_at_a_time.run(self._drawn(photo, request))
        yield Result(opened.rgb, PREVIEW, request, 0.1, None, "fake", None, Path(photo), opened.origin)

    def _drawn(self, photo, request):
        self.begun.append(request.instruction)
        self.started[request.instruction] = time.monotonic()
        try:
            opened = open_photo(photo)
            for index in range(1, request.num_inference_steps + 1):
                time.sleep(self.step_seconds)
                self.steps += 1
                yield Step(index, request.num_inference_steps, PREVIEW.copy)
            return opened
        finally:
            self.ended[request.instruction] = time.monotonic()

    def stream_gallery(self, photos, requests, *, session, model=None, mask=None):
        for index, (photo, request) in enumerate(zip(photos, requests, strict=True)):
            for event in self.stream(photo, request, session=session):
                yield PhotoStep(index, event) if isinstance(event, Step) else Outcome(index, Path(photo), event)


@contextmanager
def serving(folder: Path, service: Fake, **limits) -> Iterator[str]:
    """The address of the app around ``service``, within ``limits``, with its work in ``folder``."""
    allowed = Limits(**limits)
    store = Store(folder / "data", keep_seconds=3600, max_bytes=10**9)
    page = build_page(service, Visitors(store, allowed), allowed)
    page.queue(max_size=allowed.waiting, api_open=False)
    options = {
        "prevent_thread_lock": True,
        "quiet": True,
        "mcp_server": True,
        "state_session_capacity": SESSIONS,
        **LOOK,
    }
    page.launch(server_port=free_port(), app_kwargs=app_options(), strict_cors=True, **options)
    try:
        yield page.local_url.rstrip("/")
    finally:
        page.close()
        store.close()


@pytest.fixture
def fake():
    return Fake()


@pytest.fixture
def data_photo(scene, tmp_path) -> str:
    """A photo as a data URL."""
    scene.save(tmp_path / "photo.png")
    return data_url(tmp_path / "photo.png")


def join(address: str, values: dict, endpoint: str = "edit", **options) -> httpx.Response:
    headers = {"Content-Type": "application/json", **options.pop("headers", {})}
    url = f"{address}/gradio_api/call/v2/{endpoint}"
    return CLIENT.post(url, content=json.dumps(values), headers=headers, **options)


def events_of(address: str, job: str, endpoint: str = "edit") -> list[tuple[str, object]]:
    """All events of a job, and what each holds."""
    said = CLIENT.get(f"{address}/gradio_api/call/{endpoint}/{job}").text.strip().split("\n\n")
    lines = (one.splitlines() for one in said)
    return [(event.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for event, data in lines]


def heard(address: str, job: str, endpoint: str = "edit") -> tuple[str, object]:
    """The last event of a job, and what it holds."""
    return events_of(address, job, endpoint)[-1]


def asked(address: str, values: dict, endpoint: str = "edit") -> tuple[str, object]:
    """Ask for something and listen to the end."""
    answer = join(address, values, endpoint)
    assert answer.status_code == 200, answer.text
    return heard(address, answer.json()["event_id"], endpoint)


def until(true, seconds: float = 10.0) -> None:
    """Wait until ``true()``."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
