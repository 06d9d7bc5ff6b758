"""The page in a real browser: what a visitor does, watched from outside."""

import os
import re
import socket
import time

import pytest
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from pix2pix import EditRequest, read_receipt, save_result
from pix2pix.diffusion.checkpoints import POCKET
from pix2pix.ui import build_page
from pix2pix.ui.theme import CSS, THEME
from tests.browser import FLAGS, MISSING, find_chromium

PATIENCE = 90_000  # milliseconds, for a slow machine


class StudioOf:
    """A studio whose editor is there already."""

    def __init__(self, editor) -> None:
        self._editor = editor

    def editor(self, model=None):
        return self._editor

    def models(self):
        return (self._editor.checkpoint.name,)

    def stream(self, photo, request, *, session, model=None):
        return self._editor.stream(photo, request, session=session)


@pytest.fixture(scope="module")
def address(pocket):
    """The app in this process, so that calls of the UNet can be counted."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = build_page(StudioOf(pocket))
    page.queue(max_size=20, api_open=False)
    page.launch(theme=THEME, css=CSS, server_port=port, prevent_thread_lock=True, quiet=True)
    yield f"http://127.0.0.1:{port}"
    page.close()


@pytest.fixture(scope="module")
def browser():
    path = find_chromium()
    assert path, MISSING
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    open_page(page, address)
    yield page
    context.close()


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#model b")).to_have_text("pocket")


def give(page: Page, path: os.PathLike) -> None:
    page.set_input_files("#photo input[type=file]", str(path))


def choose(page: Page, path: os.PathLike) -> None:
    give(page, path)
    expect(page.locator("#photo img")).to_be_visible()


def set_steps(page: Page, steps: int) -> None:
    page.click("#advanced > button")
    expect(page.locator("#steps input[type=number]")).to_have_value(str(POCKET.defaults.num_inference_steps))
    page.wait_for_timeout(500)  # gradio sets a field that it has just unfolded a second time
    page.fill("#steps input[type=number]", str(steps))
    page.press("#steps input[type=number]", "Tab")


def type_and_enter(page: Page, instruction: str) -> None:
    page.fill("#instruction textarea", instruction)
    page.press("#instruction textarea", "Enter")


def downloaded(page: Page, folder) -> str:
    with page.expect_download() as download:
        page.click("#download")
    path = folder / "downloaded.png"
    download.value.save_as(path)
    return path


def test_an_edit_from_upload_to_download(page, photos, tmp_path, pocket):
    choose(page, photos[0])
    set_steps(page, 12)
    page.evaluate(
        """() => { window.seen = new Set();
        new MutationObserver(() => document.querySelectorAll("#stage img").forEach(img => window.seen.add(img.src)))
          .observe(document.body, {subtree: true, childList: true, attributes: true}); }"""
    )
    type_and_enter(page, "make it night")
    expect(page.locator("#slider img").first).to_be_visible()
    assert page.evaluate("window.seen.size") >= 3  # the picture was seen forming
    path = downloaded(page, tmp_path)
    request = read_receipt(path)
    assert (request.instruction, request.num_inference_steps) == ("make it night", 12)
    save_result(pocket.edit(photos[0], request), tmp_path / "again.png")
    assert path.read_bytes() == (tmp_path / "again.png").read_bytes()


def test_stop_ends_the_work_at_the_next_step(page, photos, pocket):
    calls = []
    hook = pocket.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    choose(page, photos[0])
    set_steps(page, 100)
    type_and_enter(page, "make it night")
    expect(page.locator("#stage")).to_contain_text(re.compile(r"Step \d+ of 100"))
    page.click("#stop")
    expect(page.locator("#stage")).to_contain_text("Stopped")
    page.wait_for_timeout(1500)
    stopped_at = len(calls)
    page.wait_for_timeout(2000)
    hook.remove()
    assert len(calls) == stopped_at < 100
    expect(page.locator("#edit")).to_be_enabled()
    expect(page.locator("#instruction textarea")).to_have_value("make it night")


def test_closing_the_page_ends_the_work(browser, address, photos, pocket):
    calls = []
    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE)
    open_page(page, address)
    choose(page, photos[0])
    set_steps(page, 100)
    hook = pocket.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(time.monotonic()))
    type_and_enter(page, "make it night")
    expect(page.locator("#stage")).to_contain_text(re.compile(r"Step \d+ of 100"))
    page.context.close()
    time.sleep(3)
    stopped_at = len(calls)
    time.sleep(2)
    hook.remove()
    assert 0 < len(calls) == stopped_at < 100


def test_what_is_missing_or_wrong_is_said(page, photos, tmp_path):
    page.click("#edit")
    expect(page.locator("div.validation-error").first).to_contain_text("Choose a photo first.")
    choose(page, photos[0])
    page.click("#edit")
    expect(page.locator("div.validation-error")).to_contain_text("Say what to do with the photo")
    broken = tmp_path / "broken.png"
    broken.write_bytes(photos[0].read_bytes()[:2000])
    open_page(page, page.url)
    give(page, broken)
    expect(page.locator("#stage")).to_contain_text("damaged or incomplete")
    assert "/" not in page.locator("#stage").inner_text()


def test_further_undo_and_redo(page, photos, tmp_path):
    choose(page, photos[0])
    original = page.locator("#photo img").get_attribute("src")
    for instruction in ("make it night", "make it sepia"):
        type_and_enter(page, instruction)
        expect(page.locator("#edit")).to_be_disabled()
        expect(page.locator("#slider img").first).to_be_visible()
        expect(page.locator("#edit")).to_be_enabled()
        if instruction == "make it night":
            page.click("#further")
            expect(page.locator("#photo img")).not_to_have_attribute("src", original)
    page.click("#undo")
    expect(page.locator("#photo img")).to_have_attribute("src", original)
    expect(page.locator("#slider img").first).to_be_visible()
    page.click("#undo")
    expect(page.locator("#slider")).to_be_hidden()
    bytes_shown = page.request.get(page.locator("#photo img").get_attribute("src")).body()
    assert bytes_shown == photos[0].read_bytes()
    page.click("#redo")
    expect(page.locator("#slider img").first).to_be_visible()
    assert read_receipt(downloaded(page, tmp_path)).instruction == "make it night"


def test_a_picture_made_here_brings_its_settings_back(page, photos, pocket, tmp_path):
    save_result(pocket.edit(photos[0], EditRequest("make it foggy", 3, 1.25, 1.5, 77)), tmp_path / "made.png")
    choose(page, tmp_path / "made.png")
    expect(page.locator("#instruction textarea")).to_have_value("make it foggy")
    page.click("#advanced > button")
    expect(page.locator("#steps input[type=number]")).to_have_value("3")


def test_preferences_stay_over_a_reload(page, address):
    page.wait_for_timeout(1500)  # what the page sets on opening is stored as well
    stored = page.evaluate("JSON.stringify(localStorage)")
    set_steps(page, 9)
    page.wait_for_function("stored => JSON.stringify(localStorage) != stored", arg=stored)
    open_page(page, address)
    page.click("#advanced > button")
    expect(page.locator("#steps input[type=number]")).to_have_value("9")


def test_two_visitors_see_only_their_own(browser, address, photos, tmp_path):
    pages = [browser.new_context().new_page() for _ in range(2)]
    for page, photo, instruction in zip(pages, photos, ("make it night", "make it sepia"), strict=False):
        page.set_default_timeout(PATIENCE)
        open_page(page, address)
        choose(page, photo)
        type_and_enter(page, instruction)
    for page, photo, instruction in zip(pages, photos, ("make it night", "make it sepia"), strict=False):
        expect(page.locator("#slider img").first).to_be_visible()
        assert page.locator("#strip img").count() == 1
        path = downloaded(page, tmp_path)
        assert read_receipt(path).instruction == instruction
        assert Image.open(path).size == Image.open(photo).size
        page.context.close()


def test_a_place_in_the_queue_is_shown_and_can_be_given_up(browser, address, photos, pocket):
    first, second = (browser.new_context().new_page() for _ in range(2))
    for page, steps in ((first, 100), (second, 77)):
        page.set_default_timeout(PATIENCE)
        open_page(page, address)
        choose(page, photos[0])
        set_steps(page, steps)
    type_and_enter(first, "make it night")
    expect(first.locator("#stage")).to_contain_text(re.compile(r"Step \d+ of 100"))
    type_and_enter(second, "make it sepia")
    expect(second.locator("#stage")).to_contain_text("waiting for its turn")
    expect(second.locator("#stage")).to_contain_text(re.compile(r"queue: 1/1"))
    second.click("#stop")
    expect(second.locator("#stage")).to_contain_text("Stopped")
    first.click("#stop")
    expect(first.locator("#stage")).to_contain_text("Stopped")
    calls = []
    hook = pocket.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    second.wait_for_timeout(2000)
    hook.remove()
    assert not calls
    first.context.close()
    second.context.close()


def test_a_phone_needs_no_sideways_scrolling(page, photos):
    page.set_viewport_size({"width": 390, "height": 844})
    choose(page, photos[0])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    type_and_enter(page, "make it night")
    expect(page.locator("#strip img").first).to_be_visible()
    page.click("#advanced > button")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
