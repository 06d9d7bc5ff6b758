"""Whatever is sent to the app's calls: one sentence, no 5xx, and the model runs for nothing that is not valid."""

import json
import random

import pytest

from tests.reliability.conftest import CLIENT, Fake, asked, heard, serving
from tests.running import call_tool

VALUES = {
    "a text": "many",
    "an empty text": "",
    "a number": 5,
    "a fraction": 2.5,
    "a large number": 10**40,
    "nan": float("nan"),
    "inf": float("inf"),
    "minus inf": float("-inf"),
    "null": None,
    "a switch": True,
    "a list": [],
    "a list of lists": [[[]]],
    "an object": {},
    "a file": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    "a file of another kind": {"path": 5, "meta": {"_type": "gradio.FileData"}},
    "a far file": {"path": "http://127.0.0.1:9/x.png", "meta": {"_type": "gradio.FileData"}},
    "NUL": "\0",
    "half a character": "\ud800",
    "a path": "../../etc/passwd",
}
BODIES = {
    "no JSON": b"{",
    "no UTF-8": b'{"data": ["\xff"]}',
    "nothing": b"",
    "a list": b"[]",
    "a number": b"5",
    "no data": b"{}",
    "an object for data": b'{"data": {}}',
    "null for data": b'{"data": null}',
    "deep": b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nothing in data": b'{"data": []}',
    "an empty session": b'{"data": [], "session_hash": "", "fn_index": 28}',
    "a session that is a number": b'{"data": [], "session_hash": 5, "fn_index": 28}',
    "a session that is a path": b'{"data": [], "session_hash": "../x", "fn_index": 28}',
    "no such function": b'{"data": [], "session_hash": "abc", "fn_index": 9999}',
    "a function that is a text": b'{"data": [], "session_hash": "abc", "fn_index": "28"}',
    "a function that is a switch": b'{"data": [], "session_hash": "abc", "fn_index": true}',
    "no function": b'{"data": [], "session_hash": "abc"}',
    "a trigger that is a text": b'{"data": [], "session_hash": "abc", "fn_index": 28, "trigger_id": "x"}',
    "many at once": b'{"data": [[]], "session_hash": "abc", "fn_index": 28, "batched": true}',
    "event data of no kind": b'{"data": [], "session_hash": "abc", "fn_index": 28, "trigger_id": 5, "event_data": [1]}',
}
PATHS = ("queue/join", "call/edit", "call/edit_gallery", "call/nothing", "run/predict", "api/edit", "call/v2/edit")
FUNCTIONS = (
    "read_words",
    "receive_1",
    "edit_1",
    "keep_asking",
    "undo",
    "choose_1",
    "open",
    "reset",
    "moved",
    "take_turn",
)


@pytest.fixture(scope="module")
def service():
    return Fake()


@pytest.fixture(scope="module")
def address(service, tmp_path_factory):
    with serving(tmp_path_factory.mktemp("app"), service) as address:
        yield address


def is_sentence(said) -> bool:
    return (
        isinstance(said, str) and said[:1] in {*map(chr, range(65, 91)), "“"} and said.rstrip("”").endswith((".", "!"))
    )


def answered(address: str, path: str, body: bytes, kind: str = "application/json") -> str | None:
    """The sentence that the app says to ``body``, or ``None`` if it did what was asked."""
    answer = CLIENT.post(f"{address}/gradio_api/{path}", content=body, headers={"Content-Type": kind})
    assert answer.status_code < 500, answer.text
    said = answer.json()
    if answer.status_code != 200:
        return said.get("detail") or said.get("error")
    if job := said.get("event_id"):
        return _ending(address, json.loads(body), job)
    return None


def _ending(address: str, body: dict, job: str) -> str | None:
    if session := body.get("session_hash"):
        with CLIENT.stream("GET", f"{address}/gradio_api/queue/data?session_hash={session}") as events:
            for line in events.iter_lines():
                event = json.loads(line.removeprefix("data: ")) if line else {}
                if event.get("msg") == "process_completed" and event["event_id"] == job:
                    return None if event["success"] else event["output"]["error"]
    ended, said = heard(address, job)
    return None if ended == "complete" else said["error"]


def is_clean(said: str) -> bool:
    return is_sentence(said) and not any(
        trace in said for trace in ("/etc", "/tmp", "Traceback", "Error(", "127.0.0.1")
    )


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_of_no_kind(address, service, body):
    for path in PATHS:
        said = answered(address, path, body)
        assert said is None or is_clean(said), (path, said)
    assert not service.begun


@pytest.mark.parametrize("place", range(8))
def test_a_value_of_the_wrong_kind(address, service, data_photo, place):
    """In each place of /edit: photo, instruction, steps, two scales, seed, size, detail."""
    good = [data_photo, "x", 1, 7.5, 1.5, 1, 256, True]
    for value in VALUES.values():
        body = [*good[:place], value, *good[place + 1 :]]
        service.begun.clear()
        said = answered(address, "call/edit", json.dumps({"data": body}).encode())
        assert said is not None or service.begun, value
        if said is not None:
            assert is_clean(said), (value, said)
            assert not service.begun, value


@pytest.fixture(scope="module")
def functions(address):
    """The number of each function of the page, and how many values it takes."""
    config = CLIENT.get(f"{address}/config").json()
    return {one["api_name"]: (one["id"], len(one["inputs"]), one["queue"]) for one in config["dependencies"]}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_pages_own_calls(address, service, functions, name):
    """An instruction of 5, [] or {} and all the rest, to the calls that only the page makes."""
    index, number, queued = functions[name]
    service.begun.clear()
    for value in VALUES.values():
        body = {"data": [value] * number, "fn_index": index, "session_hash": "abcdef", "trigger_id": 5}
        said = answered(address, "queue/join" if queued else f"run/{name}", json.dumps(body).encode())
        assert said is None or is_clean(said), (value, said)
    assert not service.begun


def test_numbers_for_words_on_the_page(address, service, functions, data_photo, scene, tmp_path):
    scene.save(tmp_path / "photo.png")
    uploaded = CLIENT.post(
        f"{address}/gradio_api/upload", files={"files": (tmp_path / "photo.png").read_bytes()}
    ).json()[0]
    photo = {"path": uploaded, "meta": {"_type": "gradio.FileData"}}
    config = CLIENT.get(f"{address}/config").json()
    names = {one["id"]: one for one in config["components"]}
    (event,) = [one for one in config["dependencies"] if one["api_name"] == "edit_1"]
    for words, runs in (("fine", True), (5, False), ([], False), ({}, False), (None, False)):
        values = [names[one]["props"].get("value") for one in event["inputs"]]
        kinds = [names[one]["props"].get("elem_id") for one in event["inputs"]]
        values[kinds.index("instruction")], values[kinds.index("photo")] = words, photo
        service.begun.clear()
        body = {"data": values, "fn_index": event["id"], "session_hash": "abcdefg"}
        answered(address, "queue/join", json.dumps(body).encode())
        assert bool(service.begun) is runs, words


def test_odd_addresses(address):
    ranges = (
        "bytes=",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=1-2-3",
        "bytes=0-1,2-3",
        "lines=1-2",
        "bytes=²-³",
        "bytes=-",
        "x" * 5000,
    )
    for said in ranges:
        assert CLIENT.get(f"{address}/theme.css", headers={"Range": said.encode()}).status_code < 500
    for path in (
        "gradio_api/file=%00",
        "gradio_api/file=/etc/%00passwd",
        "gradio_api/results/%00",
        "%00",
        "static/%00",
    ):
        answer = CLIENT.get(f"{address}/{path}")
        assert answer.status_code == 404
        assert is_clean(answer.json()["error"])
    for path in ("file=../../etc/passwd", "file=" + "x" * 5000, "call/edit/nothing", "results/" + "x" * 5000):
        assert 400 <= CLIENT.get(f"{address}/gradio_api/{path}").status_code < 500


def test_odd_ranges_of_a_file(address, scene, tmp_path):
    scene.save(tmp_path / "photo.png")
    whole = (tmp_path / "photo.png").read_bytes()
    uploaded = CLIENT.post(f"{address}/gradio_api/upload", files={"files": whole}).json()[0]
    for said in ("bytes=1-2-3", "bytes=²-³", "bytes=5-2", "bytes=a-b", "bytes=,", "bytes=0-1,2-3"):
        answer = CLIENT.get(f"{address}/gradio_api/file={uploaded}", headers={"Range": said.encode()})
        assert (answer.status_code, answer.content) == (200, whole), said
    answer = CLIENT.get(f"{address}/gradio_api/file={uploaded}", headers={"Range": "bytes=1-3"})
    assert (answer.status_code, answer.content) == (206, whole[1:4])
    answer = CLIENT.get(f"{address}/gradio_api/file={uploaded}", headers={"Range": "bytes=99999999-999999999"})
    assert answer.status_code == 416


def test_other_doors(address):
    for path in ("cancel", "reset", "component_server", "stream/x", "queue/data", "nothing"):
        for body in (b"{}", b"[]", b"5", b"", b'{"component_id": [], "data": 1, "session_hash": "x", "fn_name": "y"}'):
            answer = CLIENT.post(
                f"{address}/gradio_api/{path}", content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code < 500, (path, body)
            assert "Traceback" not in answer.text


def test_a_good_call_after_all_of_that(address, data_photo):
    assert asked(address, {"photo": data_photo, "instruction": "x"})[0] == "complete"
    assert not call_tool(address, "edit", {"photo": data_photo, "instruction": "x"}).isError


@pytest.mark.torture
def test_a_thousand_payloads(address, service, functions):
    random.seed(0)
    clean, names = 0, list(functions)
    for _ in range(1000):
        name = random.choice(names)
        index, number, queued = functions[name]
        service.begun.clear()
        values = [random.choice(list(VALUES.values())) for _ in range(random.choice((number, number, number + 1, 1)))]
        body = {"data": values, "fn_index": index, "session_hash": f"abc{random.randrange(300)}", "trigger_id": index}
        said = answered(address, "queue/join" if queued else f"run/{name}", json.dumps(body).encode())
        assert said is None or is_clean(said), (name, said)
        assert not service.begun, (name, values)
        clean += 1
    print(f"{clean} of 1000 answered in one sentence or done, the model ran for none")
