"""A disk that takes no more: one sentence that says so, by whichever way one asked, and nothing else is lost."""

import errno
import io
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from pix2pix.errors import DiskFull
from pix2pix.files import drafts
from pix2pix.files.room import NO_ROOM, ONLY_READ, disk_full
from pix2pix.serving.store import Store
from pix2pix.ui.api.photos import PhotoInput
from pix2pix.ui.crowd import fetching
from tests.reliability.conftest import CLIENT, Fake, asked, serving
from tests.reliability.guest import Guest
from tests.running import call_tool

ONE_STEP = {"instruction": "make it snowy", "num_inference_steps": 1}


class Full(io.BytesIO):
    """A file that takes its beginning and no more."""

    name = "full"

    def __init__(self, *_, **__) -> None:
        super().__init__()

    def write(self, data):
        super().write(data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def unwritten(answer, target, limit):
    target.write_bytes(b"half")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def full_disk() -> Iterator[None]:
    """No file is written to its end; the index has its own room."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drafts, "_begun", Full)
        patch.setattr("gradio.route_utils.NamedTemporaryFile", Full)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def address(folder):
    with serving(folder, Fake()) as address:
        yield address


@pytest.fixture
def guest(address, scene, tmp_path):
    scene.save(tmp_path / "holiday.png")
    with closing(Guest(address)) as guest:
        guest.choose(tmp_path / "holiday.png")
        yield guest


@pytest.mark.parametrize(("number", "said"), [("ENOSPC", NO_ROOM), ("EDQUOT", NO_ROOM), ("EROFS", ONLY_READ)])
def test_the_sentence(number, said):
    error = RuntimeError("around it")
    error.__cause__ = OSError(getattr(errno, number), "inside")
    found = disk_full(error)
    assert isinstance(found, DiskFull)
    assert str(found) == said
    assert disk_full(OSError(errno.ENOENT, "inside")) is None


@pytest.mark.parametrize("endpoint", ["edit", "edit_gallery"])
def test_a_result_of_the_api(address, guest, endpoint):
    photo = guest.photo["path"]
    values = {**ONE_STEP, **({"photo": photo} if endpoint == "edit" else {"photos": [photo]})}
    with full_disk():
        ended, answer = asked(address, values, endpoint)
        tool = call_tool(address, endpoint, values)
    said = answer[1][0]["error"] if ended == "complete" else answer["error"]  # a gallery has a row for each photo
    assert said == NO_ROOM
    assert NO_ROOM in tool.content[-1].text
    assert asked(address, values, endpoint)[0] == "complete"


def test_a_data_url_that_found_no_room_is_whole_the_next_time(address, data_photo):
    with full_disk():
        assert asked(address, {"photo": data_photo, **ONE_STEP})[1]["error"] == NO_ROOM
        assert call_tool(address, "edit", {"photo": data_photo, **ONE_STEP}).content[0].text == NO_ROOM
    assert asked(address, {"photo": data_photo, **ONE_STEP})[0] == "complete"


def test_a_photo_from_an_address(tmp_path, monkeypatch):
    async def connected(host):
        from tests.reliability.test_uploads import from_answers, piece

        return await from_answers(piece())(host)

    monkeypatch.setattr(fetching.fetched, "__defaults__", (connected,))
    monkeypatch.setattr(fetching, "_write", unwritten)
    field = PhotoInput()
    field.GRADIO_CACHE = str(tmp_path)
    with pytest.raises(DiskFull, match="full"):
        field.preprocess("https://a.example/photo.png")
    assert not list(tmp_path.iterdir())


def test_an_upload(address):
    with full_disk():
        answer = CLIENT.post(f"{address}/gradio_api/upload", files={"files": ("a.png", bytes(1000))})
    assert (answer.status_code, answer.json()["error"]) == (507, NO_ROOM)


def test_a_result_of_the_page(guest):
    guest.edit("make it night")
    with full_disk():
        said = guest.edit("make it foggy")
        assert NO_ROOM in said
        opened = guest.opened()
    assert "make it night" in guest.at_once("undo") or "make it night" in opened
    assert "night" in guest.edit("make it night again")


def test_a_photo_of_the_page(guest, scene, tmp_path, monkeypatch):
    scene.rotate(90).save(tmp_path / "other.png")
    other = guest.uploaded(tmp_path / "other.png")

    def no_room(self):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    with monkeypatch.context() as patch:
        patch.setattr(Store, "new_folder", no_room)
        assert json.loads(guest.at_once("receive_1", photo=other))["error"] == NO_ROOM
    assert "other.png" in guest.at_once("receive_1", photo=other)


def test_what_was_begun_leaves_nothing(address, guest):
    from gradio.utils import get_upload_folder

    def folders():
        return {name for name in os.listdir(get_upload_folder()) if len(name) == 32}  # those of results

    before = folders()
    with full_disk():
        asked(address, {"photo": guest.photo["path"], **ONE_STEP})
    assert folders() == before
