"""The gallery tab in a real browser: what a visitor does, watched from outside."""

import csv
import io
import re
import zipfile

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import Page, expect

from pix2pix import EditRequest, read_receipt
from tests.ui.conftest import downloaded, set_number, still


@pytest.fixture
def page(page) -> Page:
    page.get_by_role("tab", name="Gallery").click()
    return page


@pytest.fixture
def eight(photos, tmp_path):
    """Eight photos of different shapes."""
    paths = []
    for number in range(8):
        with Image.open(photos[number % len(photos)]) as image:
            image = image.rotate(90, expand=True) if number % 3 == 1 else image
            image.resize((image.width // 2 + number, image.height // 2)).save(tmp_path / f"holiday {number}.png")
        paths.append(tmp_path / f"holiday {number}.png")
    return paths


def drop(page: Page, paths, expected: int) -> None:
    page.set_input_files("#gallery-photos input[type=file]", [str(path) for path in paths])
    expect(page.locator(".card")).to_have_count(expected)
    expect(page.locator(".card.waiting img.original, .card.failed, .card.done")).to_have_count(expected)


def set_steps(page: Page, steps: int) -> None:
    page.click("#gallery-settings > button")
    set_number(page, "#gallery-steps", steps)


def ask(page: Page, instruction: str) -> None:
    page.fill("#gallery-instruction textarea", instruction)
    page.press("#gallery-instruction textarea", "Enter")


def watch_states(page: Page) -> None:
    page.evaluate(
        """() => { window.seen = {};
        new MutationObserver(() => document.querySelectorAll(".card").forEach(card =>
          (window.seen[card.dataset.index] ??= new Set()).add(card.classList[1])))
          .observe(document.body, {subtree: true, childList: true, attributes: true}); }"""
    )


def test_eight_photos_from_drop_to_zip(page, eight, tmp_path, pocket):
    drop(page, eight, 8)
    set_steps(page, 4)
    watch_states(page)
    ask(page, "make it night")
    expect(page.locator(".card.done").first).to_be_visible()
    expect(page.locator(".card.done")).to_have_count(8)
    seen = page.evaluate("Object.values(window.seen).map(states => [...states])")
    assert all(states == ["waiting", "editing", "done"] for states in seen)
    expect(page.locator("#gallery-bar")).to_contain_text("8 of 8 photos done")
    with zipfile.ZipFile(downloaded(page, "#gallery-zip", tmp_path / "all.zip")) as archive:
        assert archive.namelist() == [*(path.name for path in eight), "gallery.csv"]
        rows = list(csv.DictReader(io.StringIO(archive.read("gallery.csv").decode("utf-8-sig"))))
        for path, row in zip(eight, rows, strict=True):
            request = read_receipt(archive.read(path.name))
            assert (request.instruction, request.num_inference_steps) == ("make it night", 4)
            assert (row["photo"], row["error"], row["seed"]) == (path.name, "", str(request.seed))
        with Image.open(io.BytesIO(archive.read(eight[1].name))) as result:
            assert result.tobytes() == pocket.edit(eight[1], request).image.tobytes()
    with Image.open(downloaded(page, "#gallery-sheet", tmp_path / "sheet.jpg")) as sheet:
        assert sheet.width > 640


def test_a_failed_photo_can_be_tried_again(page, eight, pocket, tmp_path):
    calls = []

    def fail_the_third(*_):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("not this one")

    (tmp_path / "no photo.jpg").write_text("no photo")
    drop(page, [*eight[:4], tmp_path / "no photo.jpg"], 5)
    expect(page.locator(".card.failed")).to_contain_text("cannot be opened as a photo")
    hook = pocket.pipeline.unet.register_forward_pre_hook(fail_the_third)
    set_steps(page, 1)
    ask(page, "make it sepia")
    expect(page.locator(".card.done")).to_have_count(3)
    hook.remove()
    expect(page.locator(".card").nth(2)).to_contain_text("Something went wrong inside the model")
    expect(page.locator("#gallery-bar")).to_contain_text("3 of 5 photos done · 2 failed")
    page.click("#gallery-retry")
    expect(page.locator(".card.done")).to_have_count(4)
    expect(page.locator("#gallery-bar")).to_contain_text("4 of 5 photos done · 1 failed")


def test_stop_keeps_what_is_finished_and_edit_goes_on(page, eight, pocket):
    calls = []
    hook = pocket.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    drop(page, eight, 8)
    set_steps(page, 8)
    ask(page, "make it night")
    expect(page.locator(".card.done")).to_have_count(2)
    page.click("#gallery-stop")
    expect(page.locator("#gallery-edit")).to_be_enabled()
    stopped_at, done = still(lambda: (len(calls), page.locator(".card.done").count()))
    assert stopped_at < 8 * 8
    assert 2 <= done < 8
    expect(page.locator("#gallery-edit")).to_have_text(f"Edit {8 - done} photos")
    page.click("#gallery-edit")
    expect(page.locator(".card.done")).to_have_count(8)
    hook.remove()
    assert len(calls) <= stopped_at + (8 - done) * 8  # what was finished was not computed again


def test_photos_dropped_later_need_no_words(page, eight, tmp_path):
    drop(page, eight[:2], 2)
    ask(page, "make it night")
    expect(page.locator(".card.done")).to_have_count(2)
    drop(page, eight[2:4], 4)
    expect(page.locator("#gallery-edit")).to_have_text("Edit 2 photos")
    page.click("#gallery-edit")
    expect(page.locator(".card.done")).to_have_count(4)
    with zipfile.ZipFile(downloaded(page, "#gallery-zip", tmp_path / "all.zip")) as archive:
        receipts = {read_receipt(archive.read(path.name)) for path in eight[:4]}
    assert len(receipts) == 1


def test_one_photo_closely_and_again_with_other_words(page, eight, tmp_path):
    drop(page, eight[:3], 3)
    ask(page, "make it night")
    expect(page.locator(".card.done")).to_have_count(3)
    page.locator(".card").nth(1).click()
    expect(page.locator("#gallery-slider img").first).to_be_visible()
    expect(page.locator("#gallery-close-up-title")).to_contain_text("holiday 1.png")
    expect(page.locator("#gallery-again-instruction textarea")).to_have_value("make it night")
    page.fill("#gallery-again-instruction textarea", "make it sepia")
    before = page.locator(".card img.result").nth(1).get_attribute("src")
    page.click("#gallery-again")
    expect(page.locator(".card img.result").nth(1)).not_to_have_attribute("src", before)
    expect(page.locator(".card.done")).to_have_count(3)
    alone = downloaded(page, "#gallery-download", tmp_path / "one.png")
    assert read_receipt(alone).instruction == "make it sepia"
    with zipfile.ZipFile(downloaded(page, "#gallery-zip", tmp_path / "all.zip")) as archive:
        said = [read_receipt(archive.read(path.name)).instruction for path in eight[:3]]
    assert said == ["make it night", "make it sepia", "make it night"]
    page.click("#gallery-clear")
    expect(page.locator(".card")).to_have_count(0)


def test_what_is_missing_is_said(page, eight):
    ask(page, "make it night")
    expect(page.locator("#gallery-bar")).to_contain_text("Drop in some photos first.")
    drop(page, eight[:1], 1)
    page.fill("#gallery-instruction textarea", "")
    page.click("#gallery-edit")
    expect(page.locator("#gallery-bar")).to_contain_text("Say what to do")


def test_another_visitor_comes_between(visitor, page, eight, photos):
    drop(page, eight, 8)
    set_steps(page, 30)
    ask(page, "make it night")
    expect(page.locator(".card.editing").first).to_be_visible()
    other = visitor()
    other.set_input_files("#photo input[type=file]", str(photos[0]))
    expect(other.locator("#photo img")).to_be_visible()
    other.fill("#instruction textarea", "make it sepia")
    other.press("#instruction textarea", "Enter")
    expect(other.locator("#slider img").first).to_be_visible()
    assert page.locator(".card.done").count() < 8
    page.click("#gallery-stop")
    expect(page.locator("#gallery-edit")).to_be_enabled()


def test_a_phone_needs_no_sideways_scrolling(page, eight):
    page.set_viewport_size({"width": 390, "height": 844})
    drop(page, eight[:3], 3)
    ask(page, "make it night")
    expect(page.locator(".card.done")).to_have_count(3)
    page.locator(".card").first.click()
    expect(page.locator("#gallery-slider img").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_endpoint_lets_single_edits_in_between(address, eight, photos):
    client = Client(address, verbose=False)
    many = client.submit(
        [handle_file(str(path)) for path in eight], "make it night", num_inference_steps=12, api_name="/edit_gallery"
    )
    client.predict(handle_file(str(photos[0])), "make it sepia", api_name="/edit")
    assert not many.done()
    assert len(many.result()[1]) == 8


def test_the_endpoint(address, eight, pocket, tmp_path):
    client = Client(address, verbose=False)
    (tmp_path / "no photo.jpg").write_text("no photo")
    photos = [handle_file(str(path)) for path in (eight[0], tmp_path / "no photo.jpg", eight[1])]
    archive, outcomes = client.predict(photos, "make it night", seed=3, vary_seed=True, api_name="/edit_gallery")
    assert [outcome["photo"] for outcome in outcomes] == ["holiday 0.png", "no photo.jpg", "holiday 1.png"]
    assert [outcome["error"] is None for outcome in outcomes] == [True, False, True]
    with zipfile.ZipFile(archive) as opened, Image.open(io.BytesIO(opened.read("holiday 1.png"))) as result:
        expected = pocket.edit(eight[1], EditRequest("make it night", seed=5)).image
        assert result.tobytes() == expected.tobytes()
        assert len(opened.namelist()) == 3
    with pytest.raises(AppError, match=re.escape("Say what to do")):
        client.predict(photos, " ", api_name="/edit_gallery")
    endpoint = client.view_api(return_format="dict")["named_endpoints"]["/edit_gallery"]
    assert "many photos" in endpoint["description"]
