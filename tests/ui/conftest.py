"""What the tests of the page share: the app in this process, a browser, visitors, and waiting for stillness."""

import socket
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pix2pix.serving.store import Store
from pix2pix.serving.visitors import Visitors
from pix2pix.ui import build_page
from pix2pix.ui.theme import LOOK
from tests.browser import FLAGS, MISSING, find_chromium

PATIENCE = 90_000  # milliseconds, for a slow machine


class StudioOf:
    """A studio whose editor is there already."""

    def __init__(self, editor) -> None:
        self._editor = editor

    def editor(self, model=None):
        return self._editor

    def is_loaded(self):
        return True

    def models(self):
        return (self._editor.checkpoint.name,)

    def is_quick(self, model=None):
        return True

    def is_idle(self, model=None):
        return self._editor.is_idle

    def explain(self, photo, request, *, session, model=None):
        return self._editor.explain(photo, request, session=session)

    def stream(self, photo, request, *, session, model=None, mask=None):
        return self._editor.stream(photo, request, session=session, mask=mask)

    def stream_gallery(self, photos, requests, *, session, model=None, mask=None):
        return self._editor.stream_gallery(photos, requests, session=session, masks=mask and repeat(mask))


@pytest.fixture(scope="module")
def address(pocket, tmp_path_factory) -> Iterator[str]:
    """The app in this process, so that calls of the model can be counted and made to fail."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = Store(tmp_path_factory.mktemp("visitors"), keep_seconds=3600, max_bytes=2 * 10**9)
    page = build_page(StudioOf(pocket), Visitors(store))
    page.queue(max_size=20, api_open=False)
    page.launch(server_port=port, prevent_thread_lock=True, quiet=True, **LOOK)
    yield f"http://127.0.0.1:{port}"
    page.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    assert path, MISSING
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser, address) -> Iterator[Callable[..., Page]]:
    """``visitor()`` is somebody new who has just opened the page, on a screen of any size."""
    contexts = []

    def arrive(width: int = 1280, height: int = 900, **settings: object) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **settings))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        open_page(page, address)
        return page

    yield arrive
    for context in contexts:
        context.close()


@pytest.fixture
def page(visitor) -> Page:
    return visitor()


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#model b")).to_have_text("pocket")


def still(look: Callable[[], object], seconds: float = 2.0):
    """What ``look`` sees, once it has seen the same for ``seconds``: for “and nothing happens any more”."""
    deadline = time.monotonic() + PATIENCE / 1000
    seen, since, looks = look(), time.monotonic(), 0
    while time.monotonic() - since < seconds or looks < 10:  # on a busy machine a second may pass in one look
        assert time.monotonic() < deadline, "it never came to rest"
        time.sleep(seconds / 20)
        looks += 1
        if (now := look()) != seen:
            seen, since, looks = now, time.monotonic(), 0
    return seen


def set_number(page: Page, field: str, value: int) -> None:
    """Type a number until it stays: gradio sets a field that it has just unfolded once more, some time later."""
    selector = f"{field} input[type=number]"
    expect(page.locator(selector)).to_be_visible()
    while still(lambda: page.input_value(selector), seconds=0.4) != str(value):
        page.fill(selector, str(value))
        page.press(selector, "Tab")


def downloaded(page: Page, button: str, path: Path) -> Path:
    with page.expect_download() as download:
        page.click(button)
    download.value.save_as(path)
    return path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser and a server on a machine that is busy with other things may be too slow once; not three times."""
    for item in items:
        if {"page", "browser", "address"} & set(getattr(item, "fixturenames", ())) and "tests/ui/" in item.nodeid:
            item.add_marker(pytest.mark.flaky(reruns=2))
