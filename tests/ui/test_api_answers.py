"""What programs and assistants get: pictures they can look at, addresses they can open, snippets that run."""

import base64
import io
import json
import subprocess
import urllib.request
import zipfile

import numpy as np
import pytest
from mcp.types import TextContent
from PIL import Image

from pix2pix import EditRequest
from pix2pix.request import GALLERY_SETTINGS
from pix2pix.ui.api.answers import BYTES, SIDE, answer
from pix2pix.ui.api.snippets import ADDRESS, CLIENT_GALLERY, CURL, CURL_GALLERY, MCP
from tests.running import PREFIX, call_tool, data_url, over_mcp, proxy_of, running_app


@pytest.fixture(scope="module")
def inside():
    with running_app(GRADIO_ROOT_PATH=PREFIX) as address:
        yield address


@pytest.fixture(scope="module")
def address(inside):
    """The app behind a proxy, as people on the internet have it."""
    with proxy_of(inside) as address:
        yield address


def fetched(text: str) -> bytes:
    with urllib.request.urlopen(text.split()[-1]) as file:
        return file.read()


async def heard(*_: object) -> None:
    """Some assistants ask for progress, most don't."""


@pytest.mark.parametrize("options", [{}, {"progress_callback": heard}], ids=["quiet", "progress"])
def test_an_assistant_sees_the_picture_and_can_open_it_in_full(address, pocket, photos, options):
    asked = {"photo": data_url(photos[0]), "instruction": "make it night", "seed": 3}
    picture, in_full, settings = call_tool(address, "edit", asked, **options).content
    ours = pocket.edit(photos[0], EditRequest("make it night", seed=3)).image
    assert (picture.type, picture.mimeType) == ("image", "image/jpeg")
    assert max(Image.open(io.BytesIO(base64.b64decode(picture.data))).size) <= SIDE
    assert len(picture.data) < 1_000_000
    assert in_full.text.split()[-1].startswith(f"{address}/")
    assert "/tmp" not in in_full.text
    assert Image.open(io.BytesIO(fetched(in_full.text))).tobytes() == ours.tobytes()
    assert json.loads(settings.text)["seed"] == 3
    assert json.loads(settings.text)["checkpoint"] == "pocket"


def test_what_came_out_can_go_in_again(address, photos):
    asked = {"photo": data_url(photos[0]), "instruction": "make it night", "seed": 3}
    in_full = call_tool(address, "edit", asked).content[1].text
    again = call_tool(address, "edit", {"photo": in_full.split()[-1], "instruction": "add fog"})
    assert [content.type for content in again.content] == ["image", "text", "text"]


def test_a_mask_says_where(address, photos, tmp_path):
    before = Image.open(photos[0]).convert("RGB")
    mask = Image.new("L", before.size)
    mask.paste(255, (0, 0, before.width // 2, before.height))
    mask.save(tmp_path / "mask.png")
    asked = {"photo": data_url(photos[0]), "instruction": "make it night", "mask": data_url(tmp_path / "mask.png")}
    after = np.asarray(Image.open(io.BytesIO(fetched(call_tool(address, "edit", asked).content[1].text))))
    assert np.array_equal(after[:, before.width // 2 + 1 :], np.asarray(before)[:, before.width // 2 + 1 :])
    assert not np.array_equal(after, np.asarray(before))
    refused = call_tool(address, "edit", {**asked, "mask": 5})
    assert refused.isError
    assert "mask" in refused.content[0].text


@pytest.mark.parametrize("options", [{}, {"progress_callback": heard}], ids=["quiet", "progress"])
def test_an_assistant_gets_a_gallery(address, photos, options):
    asked = {"photos": [data_url(photo) for photo in photos[:2]], "instruction": "make it night", "seed": 3}
    first, second, archive, outcomes = call_tool(address, "edit_gallery", asked, **options).content
    assert first.type == second.type == "image"
    assert len(first.data) + len(second.data) < 1_000_000
    assert archive.text.split()[-1].startswith(f"{address}/")
    assert len(zipfile.ZipFile(io.BytesIO(fetched(archive.text))).namelist()) == 3
    assert [outcome["error"] for outcome in json.loads(outcomes.text)] == [None, None]


def test_a_proxy_that_tells_its_prefix_is_enough(photos):
    asked = {"photo": data_url(photos[0]), "instruction": "make it night", "seed": 3}
    with running_app() as inside, proxy_of(inside, tells_prefix=True) as address:
        in_full = call_tool(address, "edit", asked).content[1].text
        assert in_full.split()[-1].startswith(f"{address}/")
        assert fetched(in_full)
        assert fetched(call_tool(inside, "edit", asked).content[1].text)


def test_even_noise_fits(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (2000, 2000, 3), np.uint8)).save(tmp_path / "noise.png")
    picture, in_full = answer([{"path": str(tmp_path / "noise.png"), "meta": {}}], "https://a.example/b")
    assert len(base64.b64decode(picture.data)) <= BYTES
    assert in_full.text.endswith("2000 x 2000 pixels: https://a.example/b/gradio_api/results/noise.png")


def test_only_results_are_served(inside, tmp_path):
    for path in ("../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "nothing.png", "x" * 5000, "%00"):
        with pytest.raises(urllib.request.HTTPError) as caught:
            urllib.request.urlopen(f"{inside}/gradio_api/results/{path}")
        assert caught.value.code == 404


def test_the_model_is_a_resource(address, pocket):
    resources = over_mcp(address, lambda session: session.list_resources()).resources
    (model,) = [resource for resource in resources if str(resource.uri) == "pix2pix://model"]
    told = json.loads(over_mcp(address, lambda session: session.read_resource(model.uri)).contents[0].text)
    assert told["name"] == pocket.checkpoint.name
    assert told["about"] == pocket.checkpoint.about
    assert told["steps"] == pocket.checkpoint.steps_advice
    assert told["ideas"] == list(pocket.checkpoint.suggestions)
    assert told["defaults"]["num_inference_steps"] == pocket.checkpoint.defaults.num_inference_steps
    assert [(one["name"], one["values"]) for one in told["settings"]] == [(s.name, s.values) for s in GALLERY_SETTINGS]


def test_the_descriptions_are_true(address):
    tools = over_mcp(address, lambda session: session.list_tools()).tools
    assert [tool.name for tool in tools] == ["edit", "edit_gallery"]
    for tool in tools:
        assert "data URL" in tool.description
        assert "upload_file_to_gradio" in tool.description
        assert "upload-mcp" in MCP  # which has that tool


def shown(browser, address: str) -> list[str]:
    """The snippets as somebody sees and copies them who opened the page at ``address``."""
    page = browser.new_page()
    page.set_default_timeout(90_000)
    page.goto(f"{address}/?instruction=x#y")
    page.get_by_role("tab", name="Use it from code").click()
    page.locator(".cm-content", has_text=f"{address}/gradio_api/mcp/").wait_for()
    snippets = page.locator(".cm-content").evaluate_all(
        "all => all.map(one => [...one.querySelectorAll('.cm-line')].map(line => line.textContent).join('\\n'))"
    )
    page.close()
    return snippets


def test_the_page_shows_its_own_address_and_all_of_it_runs(browser, address, photos, tmp_path, monkeypatch, capsys):
    for name, photo in zip(("photo.jpg", "other.jpg"), photos, strict=False):
        Image.open(photo).convert("RGB").save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    snippets = shown(browser, address)
    assert len(snippets) == 6
    assert not any(ADDRESS in snippet for snippet in snippets)
    by_kind = {template: template.replace(ADDRESS, address) for template in (CLIENT_GALLERY, CURL, CURL_GALLERY, MCP)}
    assert all(expected.strip() in snippets for expected in map(str.strip, by_kind.values()))
    for snippet in snippets[1:3]:
        exec(snippet, {})
    assert "gallery.zip" in capsys.readouterr().out
    for snippet in snippets[3:5]:
        said = subprocess.run(["bash", "-c", snippet], capture_output=True, text=True, check=True).stdout
        assert "event: complete" in said
        assert f"{address}/gradio_api/file=" in said
        assert '"seed": 7' in said
    servers = json.loads(snippets[5])["mcpServers"]
    assert servers["instruct-pix2pix"]["url"] == f"{address}/gradio_api/mcp/"
    assert address in servers["files-for-instruct-pix2pix"]["args"]


def test_answers_of_words_are_words():
    assert answer(["yes"], "") == [TextContent(type="text", text="yes")]
