"""Drafts while one types: the latest words only, never in the history, never while somebody else is served."""

import threading

from playwright.sync_api import expect

from pix2pix import EditRequest
from tests.ui.conftest import still
from tests.ui.test_browser import choose, type_and_enter


def go_live(page) -> None:
    expect(page.locator("#live input")).to_be_visible()
    page.check("#live input")


def test_a_draft_follows_the_words_and_edit_makes_it_final(page, photos):
    choose(page, photos[0])
    go_live(page)
    page.locator("#instruction textarea").press_sequentially("make it night", delay=40)
    expect(page.locator("#stage .draft img")).to_be_visible()
    expect(page.locator("#strip img")).to_have_count(0)
    page.press("#instruction textarea", "Enter")
    expect(page.locator("#slider img").first).to_be_visible()
    expect(page.locator("#stage .draft")).to_have_count(0)


def test_only_the_latest_words_are_drawn(page, photos, pocket):
    drawn = []
    hook = pocket.pipeline.text_encoder.register_forward_pre_hook(lambda *_: drawn.append(1))
    choose(page, photos[0])
    go_live(page)
    page.locator("#instruction textarea").press_sequentially("make it a pencil sketch with fog", delay=30)
    expect(page.locator("#stage .draft img")).to_be_visible()
    assert 1 <= still(lambda: len(drawn)) <= 3
    hook.remove()


def test_nobody_waits_for_a_draft(visitor, photos, pocket):
    page = visitor()
    choose(page, photos[0])
    go_live(page)
    steps = pocket.stream(photos[1], EditRequest("make it snowy"))
    next(steps)  # somebody else is served, and takes their time
    calls, here = [], threading.get_ident()
    hook = pocket.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(threading.get_ident() != here))
    page.fill("#instruction textarea", "make it night")
    assert still(lambda: len(calls)) == 0
    hook.remove()
    steps.close()


def test_two_visitors_one_edits_while_the_other_types(visitor, photos):
    typing, editing = visitor(), visitor()
    choose(typing, photos[0])
    choose(editing, photos[1])
    go_live(typing)
    type_and_enter(editing, "make it foggy")
    typing.locator("#instruction textarea").press_sequentially("make it night", delay=40)
    expect(editing.locator("#slider img").first).to_be_visible()
    expect(editing.locator("#strip img")).to_have_count(1)
    typing.locator("#instruction textarea").press_sequentially(" and foggy", delay=40)
    expect(typing.locator("#stage .draft img")).to_be_visible()
    expect(typing.locator("#strip img")).to_have_count(0)
    expect(editing.locator("#stage .draft")).to_have_count(0)


def test_off_nothing_is_drawn(page, photos, pocket):
    calls = []
    choose(page, photos[0])
    hook = pocket.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    page.fill("#instruction textarea", "make it night")
    assert still(lambda: len(calls)) == 0
    hook.remove()
    type_and_enter(page, "make it night")
    expect(page.locator("#slider img").first).to_be_visible()
