"""What comes in from outside: how much, from whom, from where, and under which names."""

import io
import zipfile

import httpx
import pytest

from pix2pix.ui.crowd.door import FOREIGN
from pix2pix.ui.crowd.fetching import NotFetched, fetched, public_only
from tests.reliability.conftest import CLIENT, Fake, asked, serving
from tests.running import in_a_loop_of_its_own

MB = 1_000_000


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("app"), Fake(), upload_files=3, upload_bytes=2 * MB) as address:
        yield address


def upload(address, sizes, **options):
    files = [("files", (f"{index}.png", bytes(size))) for index, size in enumerate(sizes)]
    return CLIENT.post(f"{address}/gradio_api/upload", files=files, **options)


def test_an_upload_is_bounded_as_a_whole(address):
    assert len(upload(address, [500_000] * 3).json()) == 3
    for sizes in ([10] * 4, [10] * 50):
        answer = upload(address, sizes)
        assert (answer.status_code, answer.text) == (400, "Send at most 3 files at once.")
    answer = upload(address, [MB, MB, MB])
    assert answer.status_code == 413
    assert answer.json()["error"] == "These files are together over the maximum allowed size of 2 MB."


def test_an_upload_that_does_not_say_its_size(address):
    def pieces():
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        for _ in range(40):
            yield bytes(100_000)
        yield b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = CLIENT.post(f"{address}/gradio_api/upload", content=pieces(), headers=headers)
    assert answer.status_code == 413
    assert "2 MB" in answer.text


def test_an_upload_that_is_none(address):
    for kind in ("text/plain", "multipart/form-data", "application/json", ""):
        answer = CLIENT.post(f"{address}/gradio_api/upload", content=b"x", headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["error"]) == (400, "Send the files as a form, multipart/form-data.")


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({}, True),
        ({"Origin": "own"}, True),
        ({"Origin": "https://elsewhere.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "https://elsewhere.example", "X-Forwarded-Host": "elsewhere.example"}, True),
        ({"Origin": "https://a.example", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "own", "Sec-Fetch-Site": "cross-site"}, False),
    ],
)
def test_the_page_of_another_site_sends_nothing(address, headers, may):
    headers = {name: value.replace("own", address) for name, value in headers.items()}
    answer = upload(address, [10], headers=headers)
    assert answer.status_code == (200 if may else 403)
    if not may:
        assert answer.json()["error"] == FOREIGN
        joined = CLIENT.post(f"{address}/gradio_api/call/edit", json={"data": []}, headers=headers)
        assert joined.status_code == 403


def piece(content=b"photo", number=1, read=None):
    """An answer that comes in pieces; each that is read is noted in ``read``."""

    async def pieces():
        for _ in range(number):
            if read is not None:
                read.append(len(content))
            yield content

    return httpx.Response(200, content=pieces())


def moved(to):
    return httpx.Response(302, headers={"location": to})


def from_answers(*answers, asked_for=None):
    """A connection to machines that give these answers, one after the other; their names are noted in ``asked_for``."""
    left = list(answers)

    async def connect(host):
        if asked_for is not None:
            asked_for.append(host)
        return httpx.MockTransport(lambda request: left.pop(0))

    return connect


def test_an_address_is_read_up_to_a_limit(tmp_path):
    read = []
    with pytest.raises(NotFetched):
        fetched("http://a.example/x", tmp_path, 3 * MB, from_answers(piece(bytes(MB), 1000, read)))
    assert len(read) == 4
    assert not list(tmp_path.iterdir())
    assert fetched("http://a.example/x", tmp_path, 3 * MB, from_answers(piece())).read_bytes() == b"photo"


def test_every_step_of_a_redirect_is_checked(tmp_path):
    for steps in ([moved("file:///etc/passwd")], [moved("/again") for _ in range(9)], [httpx.Response(404)]):
        with pytest.raises((NotFetched, httpx.HTTPError)):
            fetched("http://a.example/x", tmp_path, MB, from_answers(*steps))
    asked_for = []
    connect = from_answers(moved("http://b.example/"), piece(), asked_for=asked_for)
    assert fetched("http://a.example/x", tmp_path, MB, connect).read_bytes() == b"photo"
    assert asked_for == ["a.example", "b.example"]


INSIDE = ("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.100.100.200", "::1", "::ffff:127.0.0.1")


@pytest.mark.parametrize("host", INSIDE)
def test_only_public_machines_are_asked(host):
    with pytest.raises((NotFetched, ValueError)):
        in_a_loop_of_its_own(public_only(host))


def test_the_app_fetches_for_nobody(address):
    for path in ("file=http://127.0.0.1:9/x", "file=HTTPS://example.com/x.png", "proxy=http://127.0.0.1:9/"):
        assert CLIENT.get(f"{address}/gradio_api/{path}").status_code == 404


def test_a_gallery_is_not_lost_over_one_name(address, scene):
    buffer = io.BytesIO()
    scene.save(buffer, "PNG")
    path = CLIENT.post(f"{address}/gradio_api/upload", files={"files": buffer.getvalue()}).json()[0]
    names = ["fine.png", ".", "/", "..", "\0", "x" * 70_000, "a/b\\c.png", "\ud800.png", "", "fine.png"]
    photos = [{"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}} for name in names]
    ended, (archive, rows) = asked(
        address, {"photos": photos, "instruction": "x", "num_inference_steps": 1}, "edit_gallery"
    )
    assert ended == "complete"
    assert [row["error"] for row in rows] == [None] * len(names)
    assert rows[0]["photo"] == "fine.png"
    whole = CLIENT.get(archive["url"]).content
    assert len(zipfile.ZipFile(io.BytesIO(whole)).namelist()) == len(names) + 1
