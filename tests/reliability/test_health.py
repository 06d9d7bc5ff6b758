"""What a balancer asks: whether the server is alive, and whether it could take another edit."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pix2pix.errors import CheckpointError
from pix2pix.ui.crowd.health import LOADING, NO_MODEL
from pix2pix.ui.crowd.waiting import BUSY
from tests.reliability.conftest import CLIENT, Fake, heard, join, serving, until


def said(address: str, path: str) -> tuple[int, dict]:
    answer = CLIENT.get(f"{address}/{path}")
    assert "set-cookie" not in answer.headers
    return answer.status_code, answer.json()


ALIVE, READY = (200, {"status": "alive"}), (200, {"status": "ready"})


def no(sentence: str) -> tuple[int, dict]:
    return 503, {"detail": sentence, "error": sentence}


class Loading(Fake):
    """A service whose model is not there yet, or cannot be loaded, because of something that is private."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self._error = error

    def is_loaded(self) -> bool:
        if self._error:
            raise self._error
        return False


@pytest.mark.parametrize(
    ("error", "sentence"), [(None, LOADING), (CheckpointError("/home/somebody has no weights."), NO_MODEL)]
)
def test_without_a_model_the_server_is_alive_and_not_ready(error, sentence, tmp_path):
    with serving(tmp_path, Loading(error)) as address:
        assert said(address, "healthz") == ALIVE
        assert said(address, "readyz") == no(sentence)


def test_a_full_queue_is_not_ready_until_there_is_a_place(tmp_path, data_photo):
    service, places = Fake(step_seconds=0.5), 2
    with serving(tmp_path, service, waiting=places) as address, ThreadPoolExecutor(places + 1) as threads:
        assert said(address, "readyz") == READY
        listening = []
        for number in range(places + 1):  # one is at work, and the others fill the queue
            joined = join(address, {"photo": data_photo, "instruction": f"{number}"}).json()
            listening.append(threads.submit(heard, address, joined["event_id"]))
            until(lambda: service.begun)
        assert said(address, "readyz") == no(BUSY)
        assert said(address, "healthz") == ALIVE
        service.step_seconds = 0.01
        assert [one.result()[0] for one in listening] == ["complete"] * (places + 1)
        assert said(address, "readyz") == READY
