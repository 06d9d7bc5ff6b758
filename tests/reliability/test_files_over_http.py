"""Bombs and broken files through the doors of the running app: a photo or one sentence, and the next edit works."""

import base64
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from gradio.utils import get_upload_folder
from PIL import Image

from tests.reliability.conftest import CLIENT, Fake, asked, heard, join, serving
from tests.reliability.mutations import mutated, sources
from tests.reliability.test_bombs import BOMBS
from tests.reliability.test_requests import is_clean

SEED = 15


class Visited(BaseHTTPRequestHandler):
    """Notes that somebody came, in ``server.visits``."""

    def do_GET(self) -> None:
        self.server.visits.append(self.path)
        self.send_error(404)

    do_HEAD = do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def inside_server() -> Iterator[tuple[str, list[str]]]:
    """The address of a server that no stranger may make the app visit, and who came."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Visited) as server:
        server.visits = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", server.visits
        server.shutdown()


def as_upload(address: str, data: bytes) -> dict:
    answer = CLIENT.post(f"{address}/gradio_api/upload", files={"files": ("photo.png", data)})
    assert answer.status_code == 200
    return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}}


def as_data_url(address: str, data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def outcome_of(address: str, photo: object) -> str | None:
    """The sentence that the app says to an edit of ``photo``, or ``None`` if it was edited."""
    answer = join(address, {"photo": photo, "instruction": "x", "num_inference_steps": 1})
    assert answer.status_code < 500
    if answer.status_code != 200:
        return answer.json()["error"]
    ended, said = heard(address, answer.json()["event_id"])
    return None if ended == "complete" else said["error"]


def strange(address: str, inside: str, private: Path) -> list[object]:
    """Photos that are addresses: of the machine itself, of files outside such as ``private``, of nothing."""
    paths = (
        str(private),
        os.path.relpath(private, get_upload_folder()),
        "../../../../etc/passwd",
        "/etc/passwd",
        "/proc/self/environ",
        "..",
        "",
        "photo\0.png",
    )
    urls = (inside + "/x.png", inside.replace("127.0.0.1", "localhost"), inside.replace("127.0.0.1", "[::1]"))
    others = (
        str(private),
        f"file://{private}",
        f"{address}/gradio_api/file={private}",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "data:image/png;base64,%%%",
        "data:,",
        "gopher://x",
        "http://",
    )
    files = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in (*paths, *urls)]
    pages = [{"url": url, "path": url, "meta": {"_type": "gradio.FileData"}} for url in urls]
    return [*files, *pages, *urls, *others]


def assert_files_are_answered(tmp_path, number: int, bombs: list[str]) -> None:
    service, whole = Fake(step_seconds=0), sources()
    with serving(tmp_path, service) as address, inside_server() as (inside, visits):
        said = []
        files = [*(BOMBS[name][0]() for name in bombs), *(mutated(whole, SEED, one) for one in range(number))]
        for index, data in enumerate(files):
            said.append(outcome_of(address, (as_upload, as_data_url)[index % 2](address, data)))
        opened = sum(one is None for one in said)
        assert 0 < opened < len(files)  # neither all harmless nor all refused
        assert [one for one in said if one is not None and not is_clean(one)] == []
        steps = service.steps
        private = tmp_path / "private.png"
        Image.new("RGB", (64, 64)).save(private)  # whoever could reach it would get it edited
        refused = [outcome_of(address, photo) for photo in strange(address, inside, private)]
        assert [one for one in refused if one is None or not is_clean(one)] == []
        assert (visits, service.steps) == ([], steps)
        assert asked(address, {"photo": as_data_url(address, whole[0]), "instruction": "x"})[0] == "complete"
    print(f"{len(files)} files and {len(refused)} addresses: {opened} edited, the others answered in one sentence")


def test_some_files_over_http(tmp_path):
    assert_files_are_answered(tmp_path, 12, ["packed text", "too many chunks"])


@pytest.mark.torture
def test_two_hundred_files_over_http(tmp_path):
    assert_files_are_answered(tmp_path, 200 - len(BOMBS), list(BOMBS))
