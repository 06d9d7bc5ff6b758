"""How the page looks and feels: what stands where, what the keyboard does, languages, links, what the browser keeps."""

import re

import pytest
from playwright.sync_api import Page, expect

from pix2pix.serving.store import Store
from pix2pix.serving.visitors import Visitors
from pix2pix.ui import build_page, stage
from pix2pix.ui.browser import HERE, SCRIPTS
from pix2pix.ui.edit.fields import NOT_WHAT_YOU_EXPECTED, YOURS
from pix2pix.ui.edit.link import read_link
from pix2pix.ui.examples import EXAMPLES
from pix2pix.ui.gallery import cards
from pix2pix.ui.header import LINKS
from pix2pix.ui.languages import ENGLISH, TABLES
from tests.ui.conftest import StudioOf, open_page, still
from tests.ui.test_browser import choose, set_steps, type_and_enter

LANGUAGES = {"es", "fr", "de", "pt", "zh-CN", "ja"}
SAID = re.compile(r'say\("(.+?)"\)')
MARKED = re.compile(r'data-say(?:="(.+?)"|>(.+?)</(?:p|li|div|span|a|button)>)')
UNSAID = {"tab", "code", "json", "markdown"}


@pytest.fixture
def built(pocket, tmp_path):
    """``built()`` is the page, made anew."""
    return lambda: build_page(StudioOf(pocket), Visitors(Store(tmp_path, keep_seconds=3600, max_bytes=10**9)))


def edited(page: Page, photo, *instructions: str) -> Page:
    choose(page, photo)
    for number, instruction in enumerate(instructions, start=1):
        type_and_enter(page, instruction)
        expect(page.locator("#strip img")).to_have_count(number)
        expect(page.locator("#edit")).to_be_enabled()
    expect(page.locator("#slider img").first).to_be_visible()
    return page


def bottom(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    return box["y"] + box["height"]


def in_front(page: Page) -> str:
    """The id of the part that is seen in the middle of the place."""
    return page.evaluate(
        """() => { const {left, top, width, height} = document.querySelector("#place").getBoundingClientRect();
        return document.elementFromPoint(left + width / 2, top + height / 2).closest("#photo, #slider, #stage").id; }"""
    )


def test_one_look_shows_everything(visitor, photos):
    page = edited(visitor(1440, 900), photos[0], "make it night")
    for part in ("#slider", "#instruction", "#edit", "#ideas", "#see-result", "#undo", "#redo", "#download", "#strip"):
        expect(page.locator(part)).to_be_visible()
        assert bottom(page, part) <= 900, part
    assert page.locator("#place").bounding_box()["width"] == pytest.approx(1000, abs=40)


def test_on_a_phone_photo_and_words_stand_together(visitor, photos):
    page = visitor(390, 844)
    choose(page, photos[0])
    assert bottom(page, "#edit") <= 844
    page.evaluate("scrollTo(0, 600)")
    page.press("#instruction textarea", "Tab")  # no scrolling back by itself
    type_and_enter(page, "make it night")
    expect(page.locator("#slider img").first).to_be_visible()
    expect(page.locator("#slider")).to_be_in_viewport(ratio=0.95)


def test_nothing_jumps(page, photos):
    parts = ("#instruction", "#undo", "#results", "#advanced")
    places = [page.locator(part).bounding_box() for part in parts]
    edited(page, photos[0], "make it night", "make it sepia")
    assert [page.locator(part).bounding_box() for part in parts] == places


def test_photo_and_result_share_one_place(page, photos):
    edited(page, photos[0], "make it night")
    assert in_front(page) == "slider"
    page.click("#see-photo")
    assert in_front(page) == "photo"
    page.click("#see-result")
    assert in_front(page) == "slider"
    with page.expect_file_chooser() as chooser:
        page.click("#another")
    chooser.value.set_files(str(photos[1]))
    expect(page.locator("#slider")).to_be_hidden()
    assert in_front(page) == "photo"
    type_and_enter(page, "make it sepia")
    expect(page.locator("#slider img").first).to_be_visible()
    assert in_front(page) == "slider"


def test_a_photo_dropped_on_a_result_takes_its_place(page, photos):
    edited(page, photos[0], "make it night")
    before = page.locator("#photo img").get_attribute("src")
    page.evaluate(
        """async address => { const bytes = await (await fetch(address)).blob(), data = new DataTransfer();
        data.items.add(new File([bytes], "dropped.png", {type: "image/png"}));
        const at = document.querySelector("#place").getBoundingClientRect();
        const middle = () => document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);
        for (const kind of ["dragover", "dragover", "drop"])
          middle().dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true})); }""",
        before,
    )
    expect(page.locator("#photo img")).not_to_have_attribute("src", before)
    expect(page.locator("#slider")).to_be_hidden()


def test_the_strip_shows_whole_pictures_with_their_words(page, photos):
    edited(page, photos[0], "make it night", "turn it into a pencil sketch")
    item = page.locator("#strip .thumbnail-item").last
    assert "pencil sketch" in item.get_attribute("title")
    assert item.locator("img").evaluate("image => getComputedStyle(image).objectFit") == "contain"
    caption, picture = item.locator(".caption-label").bounding_box(), item.locator("img").bounding_box()
    assert caption["y"] >= picture["y"] + picture["height"]
    item.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#strip .thumbnail-item").first).to_be_focused()


def test_the_keyboard_undoes_and_stops(page, photos):
    edited(page, photos[0], "make it night", "make it sepia")
    after = page.locator("#slider img").last.get_attribute("src")
    page.press("#instruction textarea", "Control+z")  # the field's own undo
    assert still(lambda: page.locator("#slider img").last.get_attribute("src"), 0.5) == after
    page.locator("#undo").focus()
    page.keyboard.press("Control+z")
    expect(page.locator("#slider img").last).not_to_have_attribute("src", after)
    page.keyboard.press("Control+Shift+Z")
    expect(page.locator("#redo")).to_be_disabled()
    set_steps(page, 100)
    type_and_enter(page, "make it night")
    expect(page.locator("#stage")).to_contain_text(re.compile(r"Step \d+ of 100"))
    page.keyboard.press("Escape")
    expect(page.locator("#stage")).to_contain_text("Stopped")
    expect(page.locator("[role=status].for-screen-readers")).to_contain_text("Stopped")


def test_words_are_kept_by_the_browser(page, address, photos):
    edited(page, photos[0], "make it night")
    page.fill("#instruction textarea", "make it sepia")
    page.click("#star")
    expect(page.locator("#yours button.starred")).to_have_text("make it sepia")
    open_page(page, address)
    expect(page.locator("#yours .chips button")).to_have_text(["make it sepia", "make it night", "Forget these"])
    page.locator("#yours .chips button").nth(1).click()
    expect(page.locator("#instruction textarea")).to_have_value("make it night")
    page.locator("#yours .forget").click()
    expect(page.locator("#yours .chips button")).to_have_text(["make it sepia"])


def test_a_link_brings_words_and_settings_back(visitor, address):
    page = visitor(1280, 900, permissions=["clipboard-read", "clipboard-write"])
    open_page(page, f"{address}/?instruction=make+it+night&seed=77&steps=3&guidance-scale=nonsense")
    expect(page.locator("#instruction textarea")).to_have_value("make it night")
    page.click("#advanced > button")
    expect(page.locator("#steps input[type=number]")).to_have_value("3")
    expect(page.locator("#new-seed input")).not_to_be_checked()
    page.wait_for_function("!location.search.includes('instruction')")
    page.click("#copy-link")
    expect(page.locator("#copy-link.copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "instruction=make+it+night" in copied
    assert "seed=77" in copied
    assert "steps=3" in copied


def test_a_link_is_read_as_far_as_it_makes_sense():
    assert read_link({"instruction": " ", "steps": "1000", "seed": "x"}) == {}
    read = read_link(
        {"instruction": "make it night", "seed": "7", "detail": "false", "resolution": "256", "other": "1"}
    )
    assert read == {"instruction": "make it night", "seed": 7, "detail": False, "resolution": 256}


def test_an_example_fills_in_photo_and_words(page):
    page.locator("#examples tbody tr").nth(1).click()
    expect(page.locator("#photo img")).to_be_visible()
    expect(page.locator("#instruction textarea")).to_have_value(EXAMPLES[1].instruction)
    page.click("#edit")
    expect(page.locator("#slider img").first).to_be_visible()


def test_examples_are_small():
    assert all(example.result.stat().st_size <= 30_000 for example in EXAMPLES)


def test_a_space_can_be_duplicated(monkeypatch, built):
    def parts() -> dict[str, dict]:
        config = built().config["components"]
        return {part["props"].get("elem_id"): part["props"] for part in config}

    monkeypatch.delenv("SPACE_ID", raising=False)
    assert "duplicate" not in parts()
    monkeypatch.setenv("SPACE_ID", "owner/name")
    found = parts()
    assert "duplicate" in found
    assert "spaces/owner/name" in found["links"]["value"]


def test_every_word_of_the_page_has_all_languages(built):
    assert set(TABLES) == LANGUAGES
    for name, table in TABLES.items():
        assert set(table) == set(ENGLISH), name
        assert all(table.values()), name
        for words, translated in table.items():
            assert set(re.findall(r"\{\d\}", words)) == set(re.findall(r"\{\d\}", translated)), translated
    for words in words_of(built()):
        assert words in ENGLISH, words


def words_of(page) -> set[str]:
    """All words that a visitor reads on the tabs, except snippets of code and what the model says of itself."""
    shown = [part for part in page.blocks.values() if part.get_block_name() not in UNSAID and part.visible != "hidden"]
    shown = [part for part in shown if getattr(part, "elem_id", 0) or part.get_block_name() == "tabitem"]
    marks = [getattr(part, name, None) for part in shown for name in ("label", "info", "placeholder")]
    marks += [part.value for part in shown if part.get_block_name() == "button"]
    words = {re.sub(r'^__i18n__.*"key": "(.*)".*$', r"\1", mark).replace("\\n", "\n") for mark in marks if mark}
    written = [stage.WAITING, stage.STARTING, stage.STOPPED, YOURS, cards.NOTHING_YET]
    words |= {first or second for text in written for first, second in MARKED.findall(text)}
    words |= {say for script in SCRIPTS for say in SAID.findall((HERE / script).read_text(encoding="utf-8"))}
    return words | set(NOT_WHAT_YOU_EXPECTED) | set(LINKS)


@pytest.mark.parametrize(("locale", "table"), [("de-AT", "de"), ("pt-BR", "pt"), ("ja", "ja")])
def test_a_visitor_reads_their_own_language(visitor, locale, table, photos):
    page = visitor(390, 844, locale=locale)
    for part, words in (("#edit", "Edit"), ("#undo", "Undo"), ("#links a >> nth=0", "Model card")):
        expect(page.locator(part)).to_have_text(TABLES[table][words])
    expect(page.locator("#instruction textarea")).to_have_attribute(
        "placeholder", TABLES[table]["Say what should change"]
    )
    edited(page, photos[0], "make it night")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert bottom(page, "#edit") <= 844
