"""The app as a stranger starts it: ``python app.py``, a page, and an edit over the real HTTP queue."""

import io
import urllib.request
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from pix2pix import EditRequest, save_result
from pix2pix.cli import main
from pix2pix.ui.api.snippets import CLIENT, PYTHON
from tests.running import call_tool, data_url, over_mcp, running_app


@pytest.fixture(scope="module")
def address():
    with running_app() as address:
        yield address


@pytest.fixture(scope="module")
def client(address):
    return Client(address, verbose=False)


def test_the_page_opens(address):
    with urllib.request.urlopen(address) as page:
        assert page.status == 200
        assert "InstructPix2Pix" in page.read().decode()


def test_an_edit_over_the_queue_equals_the_editors_own(client, pocket, photos, tmp_path):
    picture, settings = client.predict(handle_file(str(photos[0])), "make it night", seed=3, api_name="/edit")
    result = pocket.edit(photos[0], EditRequest("make it night", seed=3))
    save_result(result, tmp_path / "ours.png")
    assert Path(picture).read_bytes() == (tmp_path / "ours.png").read_bytes()
    command = ["edit", str(photos[0]), "make it night", "--seed", "3", "--model", "pocket", "--device", "cpu"]
    assert main([*command, "--out", str(tmp_path / "command.png")]) == 0
    assert Path(picture).read_bytes() == (tmp_path / "command.png").read_bytes()
    assert settings["seed"] == 3
    assert settings["checkpoint"] == "pocket"
    assert settings["num_inference_steps"] == result.request.num_inference_steps


def test_bad_input_is_one_sentence_and_the_app_goes_on(client, photos, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(photos[0].read_bytes()[:3000])
    for photo, instruction in ((broken, "make it night"), (photos[0], "  "), (photos[0], "x" * 1001)):
        with pytest.raises(AppError) as caught:
            client.predict(handle_file(str(photo)), instruction, api_name="/edit")
        assert str(caught.value).endswith((".", "”."))
        assert "/" not in str(caught.value)
    assert client.predict(handle_file(str(photos[0])), "make it night", api_name="/edit")


def served_at(address: str, snippet: str) -> str:
    """A snippet of the page, with the address of the app under test."""
    return snippet.replace("http://127.0.0.1:7860", address)


def test_an_mcp_client_finds_the_tool_and_edits_a_photo(address, pocket, photos):
    tools = over_mcp(address, lambda session: session.list_tools()).tools
    (edit,) = [tool for tool in tools if tool.name == "edit"]
    assert "as an instruction says" in edit.description
    assert "same seed" in edit.inputSchema["properties"]["seed"]["description"]
    settings = {"photo": data_url(photos[0]), "instruction": "make it night", "seed": 3}
    _, address_of_all, _ = call_tool(address, "edit", settings).content
    with urllib.request.urlopen(address_of_all.text.split()[-1]) as answer:
        theirs = Image.open(io.BytesIO(answer.read()))
    ours = pocket.edit(photos[0], EditRequest("make it night", seed=3)).image
    assert theirs.convert("RGB").tobytes() == ours.tobytes()


def test_an_mcp_client_hears_what_was_wrong(address, photos):
    answer = call_tool(address, "edit", {"photo": data_url(photos[0]), "instruction": " "})
    assert answer.isError
    assert "Say what to do with the photo" in answer.content[0].text
    assert "Traceback" not in answer.content[0].text


def test_the_snippets_of_the_page_work(address, photos, tmp_path, monkeypatch, capsys):
    with Image.open(photos[0]) as photo:
        photo.save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    exec(PYTHON, {})
    with Image.open("night.png") as night, Image.open("photo.jpg") as photo:
        assert night.size == photo.size
    exec(served_at(address, CLIENT), {})
    assert "'seed': 7" in capsys.readouterr().out
