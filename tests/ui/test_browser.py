"""The page in a real browser: what a visitor does, watched from outside."""

import os
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from pix2pix import EditRequest, read_receipt, save_result
from pix2pix.diffusion.checkpoints import POCKET
from tests.ui.conftest import downloaded, open_page, set_number, still


def give(page: Page, path: os.PathLike) -> None:
    page.set_input_files("#photo input[type=file]", str(path))


def choose(page: Page, path: os.PathLike) -> None:
    give(page, path)
    expect(page.locator("#photo img")).to_be_visible()


def set_steps(page: Page, steps: int) -> None:
    page.click("#advanced > button")
    expect(page.locator("#steps input[type=number]")).to_have_value(str(POCKET.defaults.num_inference_steps))
    set_number(page, "#steps", steps)


def type_and_enter(page: Page, instruction: str) -> None:
    page.fill("#instruction textarea", instruction)
    page.press("#instruction textarea", "Enter")


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
    path = downloaded(page, "#download", tmp_path / "downloaded.png")
    request = read_receipt(path)
    assert (request.instruction, request.num_inference_steps) == ("make it night", 12)
    save_result(pocket.edit(photos[0], request), tmp_path / "again.png")
    assert path.read_bytes() == (tmp_path / "again.png").read_bytes()


@pytest.mark.parametrize("ask", ["Enter", "Edit"])
def test_an_edit_asked_for_while_the_photo_is_on_its_way_begins_when_it_is_there(page, photos, ask):
    held = []
    page.route("**/gradio_api/upload?*", lambda route: held.append(route))
    give(page, photos[0])
    page.fill("#instruction textarea", "make it night")
    page.press("#instruction textarea", "Enter") if ask == "Enter" else page.click("#edit")
    expect(page.locator("#soon")).to_contain_text("on its way")
    held[0].continue_()
    expect(page.locator("#slider img").first).to_be_visible()
    expect(page.locator("#soon")).to_have_count(0)


def test_what_is_asked_for_early_can_be_changed_and_taken_back(page, photos, tmp_path):
    held = []
    page.route("**/gradio_api/upload?*", lambda route: held.append(route))
    give(page, photos[0])
    type_and_enter(page, "make it night")
    page.click("#soon p")
    expect(page.locator("#soon")).to_have_count(0)
    page.press("#instruction textarea", "Enter")
    page.press("#instruction textarea", "Escape")
    expect(page.locator("#soon")).to_have_count(0)
    page.press("#instruction textarea", "Enter")
    page.fill("#instruction textarea", "make it darker")
    held[0].continue_()
    expect(page.locator("#slider img").first).to_be_visible()
    path = downloaded(page, "#download", tmp_path / "downloaded.png")
    assert read_receipt(path).instruction == "make it darker"


def test_choices_wait_for_the_photo_as_well(page, photos):
    held = []
    page.route("**/gradio_api/upload?*", lambda route: held.append(route))
    give(page, photos[0])
    page.fill("#instruction textarea", "make it night")
    page.click("#variants")
    expect(page.locator("#soon")).to_be_visible()
    held[0].continue_()
    expect(page.locator("#stage .choices button")).to_have_count(4)


def test_a_photo_that_never_arrives_is_asked_for_again(page, photos):
    page.route("**/gradio_api/upload?*", lambda route: route.abort())
    give(page, photos[0])
    page.wait_for_timeout(1000)
    type_and_enter(page, "make it night")
    expect(page.get_by_text("Choose a photo first.").first).to_be_visible()
    expect(page.locator("#soon")).to_have_count(0)


def test_stop_ends_the_work_at_the_next_step(page, photos, pocket):
    calls = []
    hook = pocket.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    choose(page, photos[0])
    set_steps(page, 100)
    type_and_enter(page, "make it night")
    expect(page.locator("#stage")).to_contain_text(re.compile(r"Step \d+ of 100"))
    page.click("#stop")
    expect(page.locator("#stage")).to_contain_text("Stopped")
    assert still(lambda: len(calls)) < 100
    hook.remove()
    expect(page.locator("#edit")).to_be_enabled()
    expect(page.locator("#instruction textarea")).to_have_value("make it night")


def test_closing_the_page_ends_the_work(page, photos, pocket):
    calls = []
    choose(page, photos[0])
    set_steps(page, 100)
    hook = pocket.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    type_and_enter(page, "make it night")
    expect(page.locator("#stage")).to_contain_text(re.compile(r"Step \d+ of 100"))
    page.context.close()
    assert 0 < still(lambda: len(calls)) < 100
    hook.remove()


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
    expect(page.locator("#photo img")).to_have_attribute("src", re.compile(r"/files/[0-9a-f]{32}/"))  # it is kept
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
    assert read_receipt(downloaded(page, "#download", tmp_path / "downloaded.png")).instruction == "make it night"


def test_a_picture_made_here_brings_its_settings_back(page, photos, pocket, tmp_path):
    save_result(pocket.edit(photos[0], EditRequest("make it foggy", 3, 1.25, 1.5, 77)), tmp_path / "made.png")
    choose(page, tmp_path / "made.png")
    expect(page.locator("#instruction textarea")).to_have_value("make it foggy")
    page.click("#advanced > button")
    expect(page.locator("#steps input[type=number]")).to_have_value("3")


def test_preferences_stay_over_a_reload(page, address):
    stored = still(lambda: page.evaluate("JSON.stringify(localStorage)"))  # also what the page sets on opening
    set_steps(page, 9)
    page.wait_for_function("stored => JSON.stringify(localStorage) != stored", arg=stored)
    open_page(page, address)
    page.click("#advanced > button")
    expect(page.locator("#steps input[type=number]")).to_have_value("9")


def test_two_visitors_see_only_their_own(visitor, photos, tmp_path):
    pages = [visitor() for _ in range(2)]
    for page, photo, instruction in zip(pages, photos, ("make it night", "make it sepia"), strict=False):
        choose(page, photo)
        type_and_enter(page, instruction)
    for page, photo, instruction in zip(pages, photos, ("make it night", "make it sepia"), strict=False):
        expect(page.locator("#slider img").first).to_be_visible()
        expect(page.locator("#strip img")).to_have_count(1)
        path = downloaded(page, "#download", tmp_path / "downloaded.png")
        assert read_receipt(path).instruction == instruction
        with Image.open(path) as result, Image.open(photo) as original:
            assert result.size == original.size


def test_a_place_in_the_queue_is_shown_and_can_be_given_up(visitor, photos, pocket):
    first, second = visitor(), visitor()
    for page, steps in ((first, 100), (second, 77)):
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
    assert still(lambda: len(calls)) == 0
    hook.remove()


def test_a_phone_needs_no_sideways_scrolling(page, photos):
    page.set_viewport_size({"width": 390, "height": 844})
    choose(page, photos[0])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    type_and_enter(page, "make it night")
    expect(page.locator("#strip img").first).to_be_visible()
    page.click("#advanced > button")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.fixture(scope="module")
def heic(photos, tmp_path_factory):
    """A photo as a phone writes it."""
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path_factory.mktemp("phone") / "IMG_0001.HEIC"
    with Image.open(photos[0]) as image:
        pillow_heif.from_pillow(image.convert("RGB")).save(path, quality=90)
    return path


@pytest.mark.parametrize("name", ["IMG_0001.HEIC", "IMG_0001.hif", "photo", "IMG_0001.jpg"])
def test_a_photo_without_a_type_is_taken_by_its_content(page, heic, name, tmp_path):
    page.set_input_files("#photo input[type=file]", {"name": name, "mimeType": "", "buffer": heic.read_bytes()})
    expect(page.locator("#photo img")).to_have_attribute("src", re.compile(r"/files/[0-9a-f]{32}/"))
    expect(page.locator("#photo img")).to_have_js_property("complete", True)
    assert page.locator("#photo img").evaluate("image => image.naturalWidth") > 0  # a browser cannot show the HEIC
    type_and_enter(page, "make it night")
    expect(page.locator("#slider img").first).to_be_visible()
    result = downloaded(page, "#download", tmp_path / "downloaded")
    with Image.open(result) as image:
        assert image.format == "JPEG"
    assert read_receipt(result).instruction == "make it night"


def test_a_result_is_saved_as_chosen(page, photos, tmp_path):
    choose(page, photos[0])
    page.click("#advanced > button")
    page.click("#format input")
    page.get_by_role("option", name="webp").click()
    type_and_enter(page, "make it night")
    expect(page.locator("#slider img").first).to_be_visible()
    with Image.open(downloaded(page, "#download", tmp_path / "downloaded")) as image:
        assert image.format == "WEBP"
