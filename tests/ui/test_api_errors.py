"""Whatever is wrong with a call: over REST, gradio_client and MCP alike one reads the sentence that says so."""

import json
import math

import gradio as gr
import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from pix2pix.request import SETTINGS
from pix2pix.ui.api.blocks import UNEXPECTED, PlainBlocks
from pix2pix.ui.api.photos import BROKEN_DATA, NO_PHOTO, NOT_AN_UPLOAD, UNREACHABLE
from tests.running import call_tool, data_url, free_port, running_app

STEPS = "The number of steps must be a whole number from 1 to 150."
GUIDANCE = "Text guidance must be a number from 1 to 30."
NOWHERE = "http://127.0.0.1:9/photo.jpg"
FILE = {"_type": "gradio.FileData"}
MISTAKES = {  # what is sent, and what is read
    "steps 0": ({"num_inference_steps": 0}, STEPS),
    "half a step": ({"num_inference_steps": 2.5}, STEPS),
    "text for steps": ({"num_inference_steps": "many"}, STEPS),
    "text for a scale": ({"guidance_scale": "much"}, GUIDANCE),
    "text for a switch": ({"detail": "yes"}, "The photo's detail must be on or off."),
    "no photo": ({"photo": None}, NO_PHOTO),
    "a number for a photo": ({"photo": 5}, NO_PHOTO),
    "an address of nothing": ({"photo": NOWHERE}, UNREACHABLE),
    "a broken data URL": ({"photo": "data:image/png;base64,x"}, BROKEN_DATA),
    "a path": ({"photo": "/etc/passwd"}, NOT_AN_UPLOAD),
    "a number for words": ({"instruction": 5}, "The instruction must be text, such as “make it snowy”."),
    "null for words": ({"instruction": None}, "The instruction must be text, such as “make it snowy”."),
    "no words": ({"instruction": "  "}, "Say what to do with the photo, for example “make it snowy”."),
    "too many words": (
        {"instruction": "x" * 1001},
        "The instruction has 1,001 characters; keep it to 1,000 or fewer.",
    ),
}


@pytest.fixture(scope="module")
def address():
    with running_app() as address:
        yield address


@pytest.fixture(scope="module")
def client(address):
    return Client(address, verbose=False)


@pytest.fixture
def asked(photos):
    return {"photo": data_url(photos[0]), "instruction": "make it night"}


def over_rest(address: str, values: list, endpoint: str = "edit") -> dict:
    """What the event of the error holds."""
    body = json.dumps({"data": values})
    headers = {"Content-Type": "application/json"}
    job = httpx.post(f"{address}/gradio_api/call/{endpoint}", content=body, headers=headers).json()["event_id"]
    events = httpx.get(f"{address}/gradio_api/call/{endpoint}/{job}", timeout=60).text
    event, data = events.strip().splitlines()
    assert event == "event: error"
    return json.loads(data.removeprefix("data: "))


def in_order(asked: dict) -> list:
    rest = {setting.name: setting.default for setting in SETTINGS}
    return list(({"photo": None, "instruction": None} | rest | asked).values())


@pytest.mark.parametrize(("mistake", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_every_door_says_the_same(address, client, asked, mistake, sentence):
    asked |= mistake
    assert over_rest(address, in_order(asked))["error"] == sentence
    with pytest.raises(AppError) as caught:
        client.predict(**asked, api_name="/edit")
    assert str(caught.value) == sentence
    answer = call_tool(address, "edit", asked)
    assert answer.isError
    assert [content.text for content in answer.content] == [sentence]


def test_not_a_number(address, asked):
    asked["guidance_scale"] = math.nan
    assert over_rest(address, in_order(asked))["error"] == GUIDANCE
    assert call_tool(address, "edit", asked).content[0].text.startswith(GUIDANCE.rstrip("."))  # it arrives as null


@pytest.mark.parametrize("path", ["/etc/passwd", "/tmp/nothing.png", "data:image/png;base64,x"])
def test_a_file_that_was_not_uploaded(address, asked, path):
    said = over_rest(address, in_order(asked | {"photo": {"path": path, "meta": FILE}}))["error"]
    assert said.endswith(".")
    assert path not in said
    assert over_rest(address, in_order(asked | {"photo": {"path": "/etc/passwd"}}))["error"] == NOT_AN_UPLOAD


def test_photos_of_a_gallery(address, client, asked):
    words = {"instruction": asked["instruction"]}
    for photos in (["/etc/passwd"], [NOWHERE]):
        with pytest.raises(AppError) as caught:
            client.predict(photos, **words, api_name="/edit_gallery")
        assert str(caught.value) in (NOT_AN_UPLOAD, UNREACHABLE)
        assert call_tool(address, "edit_gallery", words | {"photos": photos}).content[0].text == str(caught.value)
    assert "as a list" in call_tool(address, "edit_gallery", words | {"photos": 5}).content[0].text


def test_names_that_do_not_exist(address, asked):
    for path in ("call/nothing", "call/v2/nothing"):
        answer = httpx.post(f"{address}/gradio_api/{path}", json={"data": []})
        assert answer.status_code == 404
        assert answer.json()["detail"].endswith("there are /edit, /edit_gallery, /model.")
    answer = httpx.post(f"{address}/gradio_api/call/v2/edit", json=asked | {"stps": 3})
    assert answer.status_code == 422
    assert "`stps`" in answer.json()["detail"]
    assert "“stps”" in call_tool(address, "edit", asked | {"stps": 3}).content[0].text
    assert "nothing" in call_tool(address, "nothing", {}).content[0].text
    assert "instruction" in over_rest(address, [asked["photo"]])["error"]


def test_settings_may_be_left_out_at_the_end(address, asked, photos):
    """As callers do who were written before a setting was there."""
    uploaded = httpx.post(f"{address}/gradio_api/upload", files={"files": photos[0].read_bytes()}).json()[0]
    job = httpx.post(f"{address}/gradio_api/call/edit", json={"data": [uploaded, "make it night"]}).json()["event_id"]
    assert httpx.get(f"{address}/gradio_api/call/edit/{job}", timeout=60).text.startswith("event: complete")


def test_a_photo_by_every_way(address, client, asked, photos):
    uploaded = httpx.post(f"{address}/gradio_api/upload", files={"files": photos[0].read_bytes()}).json()[0]
    results = [
        client.predict(photo, "make it night", seed=3, api_name="/edit")[1]
        for photo in (asked["photo"], uploaded, f"{address}/gradio_api/file={uploaded}", handle_file(str(photos[0])))
    ]
    assert all(result == results[0] for result in results)


def test_what_nobody_foresaw_is_told_to_the_log_only(caplog):
    def stumble() -> str:
        raise RuntimeError("/home/somebody/secret")

    with PlainBlocks(analytics_enabled=False) as page:
        gr.api(stumble, api_name="stumble")
    page.launch(server_port=free_port(), prevent_thread_lock=True, quiet=True)
    assert over_rest(page.local_url.rstrip("/"), [], "stumble")["error"] == UNEXPECTED
    page.close()
    assert "secret" in caplog.text
