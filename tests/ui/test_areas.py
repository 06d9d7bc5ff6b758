"""Painting where an edit may act, in a real browser, and what the server takes for painted."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from pix2pix.ui.edit.tab import EVERYWHERE_FOUND
from tests.ui.conftest import downloaded, still
from tests.ui.test_browser import choose, type_and_enter

CHOICE = "only where your words act"


def painted(page: Page) -> np.ndarray:
    """What the browser would send, its transparency, (H, W)."""
    address = page.evaluate("window.paintedArea()")
    if not address:
        return np.zeros((1, 1))
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).getchannel("A"))


def stroke(page: Page, *points: tuple[float, float]) -> None:
    """Paint from point to point, in parts of the photo as it is shown."""
    box = page.locator("#brush canvas").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def begin_to_paint(page: Page, photo) -> None:
    choose(page, photo)
    page.click("#paint-area")
    expect(page.locator("#brush canvas")).to_be_visible()


def test_paint_and_edit(page, photos, tmp_path):
    begin_to_paint(page, photos[0])
    page.locator("#brush input[type=range]").fill("40")
    stroke(page, (0.15, 0.5), (0.3, 0.5))
    mask = painted(page)
    with Image.open(photos[0]) as photo:
        (width, height), before = photo.size, np.asarray(photo.convert("RGB")).astype(int)
    assert mask.shape[1] / mask.shape[0] == pytest.approx(width / height, rel=0.02)
    assert mask[:, : mask.shape[1] // 4].any()
    assert not mask[:, mask.shape[1] * 2 // 3 :].any()
    page.click("#brush [data-brush=done]")
    type_and_enter(page, "make it night")
    expect(page.locator("#slider img").first).to_be_visible()
    after = np.asarray(Image.open(downloaded(page, "#download", tmp_path / "edited.png")).convert("RGB"))
    changed = np.abs(after - before).max(-1)
    assert not changed[:, width * 2 // 3 :].any()
    assert changed[height * 2 // 5 : height * 3 // 5, width // 5 : width // 4].mean() > 10


def test_what_one_paints_with(page, photos):
    begin_to_paint(page, photos[0])
    stroke(page, (0.2, 0.2), (0.8, 0.2))
    stroke(page, (0.2, 0.8), (0.8, 0.8))
    both = (painted(page) > 0).mean()
    page.click("#brush [data-brush=undo]")
    one = (painted(page) > 0).mean()
    assert 0 < one < both
    page.click("#brush [data-brush=invert]")
    assert (painted(page) == 255).mean() == pytest.approx(1 - one, abs=0.03)
    page.click("#brush [data-brush=invert]")
    page.click("#brush [data-brush=erase]")
    stroke(page, (0.2, 0.2), (0.5, 0.2))
    assert 0 < (painted(page) > 0).mean() < one
    page.click("#brush [data-brush=clear]")
    assert not painted(page).any()


def test_an_area_survives_a_reload_and_stays_with_its_photo(page, photos):
    begin_to_paint(page, photos[0])
    stroke(page, (0.3, 0.3), (0.6, 0.6))
    page.click("#brush [data-brush=done]")
    before = (painted(page) > 0).mean()
    expect(page.locator("#paint-area")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(500)
    page.reload()
    expect(page.locator("#paint-area")).to_have_attribute("aria-pressed", "true")
    assert (painted(page) > 0).mean() == pytest.approx(before, abs=0.01)
    page.set_input_files("#photo input[type=file]", str(photos[1]))
    expect(page.locator("#paint-area")).to_have_attribute("aria-pressed", "false")


def test_a_finger_paints(visitor, photos):
    page = visitor(390, 844, has_touch=True, is_mobile=True)
    choose(page, photos[0])
    page.tap("#paint-area")
    box = page.locator("#brush canvas").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)  # above the tools
    expect(page.locator("#paint-area")).to_have_attribute("aria-pressed", "true")
    assert painted(page).any()


def test_words_that_act_everywhere_are_told_so(page, photos):
    choose(page, photos[0])
    page.click("#advanced > button")
    while still(lambda: page.input_value("#area input"), seconds=0.4) != CHOICE:  # as for numbers, see set_number
        page.click("#area input")
        page.get_by_role("option", name=CHOICE).click()
    type_and_enter(page, "make it night")
    expect(page.locator("#notice")).to_contain_text(EVERYWHERE_FOUND)


def test_why_shows_every_word_on_the_photo(page, photos):
    choose(page, photos[0])
    page.fill("#instruction textarea", "make the top half darker")
    page.click("#why-panel > button")
    page.click("#why")
    expect(page.locator("#explained figcaption")).to_have_count(6)
    expect(page.locator("#explained")).to_contain_text("darker")
