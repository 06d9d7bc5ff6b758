"""Whatever interrupts a visitor, the work is there again: a real server, a real browser, and a wire that is cut."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from pix2pix import read_receipt
from tests import ROOT
from tests.ui.conftest import PATIENCE, downloaded, open_page, set_number
from tests.ui.relay import Relay


class Server:
    """``python app.py`` with pocket, on a port and a folder that stay the same when it is started again."""

    def __init__(self, folder: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.data, self.temporary, self.log = folder / "data", folder / "temporary", folder / "log"
        self.temporary.mkdir()
        self._environment = {
            **os.environ,
            "GRADIO_SERVER_PORT": str(self.port),
            "PIX2PIX_MODEL": "pocket",
            "PIX2PIX_DATA": str(self.data),
            "TMPDIR": str(self.temporary),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            options = {"stdout": subprocess.PIPE, "stderr": log, "text": True}
            self._process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=self._environment, **options)
        for line in self._process.stdout:
            if re.search(r"http://[\d.]+:\d+", line):
                return
        raise AssertionError("the app did not start")

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()

    def files(self) -> list[Path]:
        return [path for path in (self.data / "files").rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.kill()


@pytest.fixture
def relay(server):
    relay = Relay(("127.0.0.1", server.port))
    yield relay
    relay.close()


@pytest.fixture
def page(browser, relay):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    open_page(page, relay.address)
    yield page
    context.close()


def edit(page: Page, instruction: str, results: int) -> None:
    page.fill("#instruction textarea", instruction)
    page.press("#instruction textarea", "Enter")
    expect(page.locator("#strip img")).to_have_count(results)
    expect(page.locator("#edit")).to_be_enabled()


def choose(page: Page, photo: Path) -> None:
    page.set_input_files("#photo input[type=file]", str(photo))
    expect(page.locator("#photo img")).to_have_attribute("src", re.compile(r"/files/[0-9a-f]{32}/"))


def two_results(page: Page, photo: Path, tmp_path: Path) -> bytes:
    """A photo, two edits of it, the second in view; returns the second as it is downloaded."""
    choose(page, photo)
    edit(page, "make it night", 1)
    edit(page, "make it sepia", 2)
    return downloaded(page, "#download", tmp_path / "before.png").read_bytes()


def everything_is_there(page: Page, photo: Path, second: bytes, tmp_path: Path, words: str = "make it sepia") -> None:
    expect(page.locator("#strip img")).to_have_count(2)
    expect(page.locator("#slider img").first).to_be_visible()
    expect(page.locator("#instruction textarea")).to_have_value(words)
    shown = page.request.get(page.locator("#photo img").get_attribute("src"))
    assert shown.body() == photo.read_bytes()
    assert downloaded(page, "#download", tmp_path / "after.png").read_bytes() == second
    page.click("#undo")
    expect(page.locator("#instruction textarea")).to_have_value("make it night")
    assert read_receipt(downloaded(page, "#download", tmp_path / "first.png")).instruction == "make it night"
    page.click("#redo")
    expect(page.locator("#instruction textarea")).to_have_value("make it sepia")


def begin_a_long_edit(page: Page) -> None:
    if not page.locator("#steps input[type=number]").is_visible():
        page.click("#advanced > button")
    set_number(page, "#steps", 100)
    page.fill("#instruction textarea", "make it foggy")
    page.press("#instruction textarea", "Enter")
    expect(page.locator("#stage")).to_contain_text(re.compile(r"Step \d+ of 100"))


def test_a_reload_brings_everything_back(page, photos, tmp_path):
    second = two_results(page, photos[0], tmp_path)
    page.reload()
    everything_is_there(page, photos[0], second, tmp_path)


def test_back_and_forward_bring_everything_back(page, photos, tmp_path):
    second = two_results(page, photos[0], tmp_path)
    page.goto("about:blank")
    page.go_back()
    everything_is_there(page, photos[0], second, tmp_path)


def test_words_that_were_only_typed_come_back(page, photos):
    choose(page, photos[0])
    page.fill("#instruction textarea", "make it a bit like ét")
    expect(page.locator("#tokens")).to_contain_text("word pieces")
    page.reload()
    expect(page.locator("#instruction textarea")).to_have_value("make it a bit like ét")


def test_a_connection_that_is_cut_in_an_edit(page, relay, photos, tmp_path):
    second = two_results(page, photos[0], tmp_path)
    begin_a_long_edit(page)
    relay.cut()
    expect(page.locator("#notice")).to_contain_text("“make it foggy” was interrupted. Press Edit to do it again.")
    everything_is_there(page, photos[0], second, tmp_path, words="make it foggy")


def test_a_server_that_is_killed_in_an_edit(page, server, photos, tmp_path):
    second = two_results(page, photos[0], tmp_path)
    begin_a_long_edit(page)
    server.kill()
    server.start()
    page.reload()
    expect(page.locator("#notice")).to_contain_text("“make it foggy” was interrupted")
    everything_is_there(page, photos[0], second, tmp_path, words="make it foggy")


def test_editing_an_earlier_result_deletes_no_later_one(page, photos, tmp_path):
    two_results(page, photos[0], tmp_path)
    page.locator("#strip button img").first.click()
    expect(page.locator("#instruction textarea")).to_have_value("make it night")
    edit(page, "make it brighter", 3)
    page.click("#undo")
    expect(page.locator("#instruction textarea")).to_have_value("make it night")
    page.click("#redo")
    expect(page.locator("#instruction textarea")).to_have_value("make it brighter")
    expect(page.locator("#strip img")).to_have_count(3)


def drop(page: Page, photos: list[Path]) -> None:
    page.get_by_role("tab", name="Gallery").click()
    page.set_input_files("#gallery-photos input[type=file]", [str(photo) for photo in photos])
    expect(page.locator(".card img.original")).to_have_count(len(photos))


def test_a_gallery_comes_back_after_a_reload_and_a_kill(page, server, photos, tmp_path):
    drop(page, photos[:3])
    page.fill("#gallery-instruction textarea", "make it night")
    page.press("#gallery-instruction textarea", "Enter")
    expect(page.locator(".card.done")).to_have_count(3)
    before = downloaded(page, "#gallery-zip", tmp_path / "before.zip").stat().st_size
    for interrupt in (page.reload, lambda: (server.kill(), server.start(), page.reload())):
        interrupt()
        page.get_by_role("tab", name="Gallery").click()
        expect(page.locator(".card.done img.result")).to_have_count(3)
        expect(page.locator("#gallery-instruction textarea")).to_have_value("make it night")
        assert downloaded(page, "#gallery-zip", tmp_path / "after.zip").stat().st_size == before


def test_words_and_settings_of_a_gallery_come_back_before_anything_is_asked(page):
    page.get_by_role("tab", name="Gallery").click()
    page.fill("#gallery-instruction textarea", "make it a bit like ét")
    page.click("#gallery-settings > button")
    set_number(page, "#gallery-steps", 7)
    page.get_by_label("Another seed for each photo").check()
    page.wait_for_timeout(1000)  # the last of it is on its way
    page.reload()
    page.get_by_role("tab", name="Gallery").click()
    expect(page.locator("#gallery-instruction textarea")).to_have_value("make it a bit like ét")
    page.click("#gallery-settings > button")
    expect(page.locator("#gallery-steps input[type=number]")).to_have_value("7")
    expect(page.get_by_label("Another seed for each photo")).to_be_checked()


def test_a_connection_that_is_cut_in_a_gallery(page, relay, photos):
    dropped = photos[:4]  # there may be fewer
    drop(page, dropped)
    page.click("#gallery-settings > button")
    set_number(page, "#gallery-steps", 20)
    page.fill("#gallery-instruction textarea", "make it night")
    page.press("#gallery-instruction textarea", "Enter")
    expect(page.locator(".card.done")).to_have_count(1)
    relay.cut()  # after which the gallery goes on by itself, or the page opens again and says what was interrupted
    deadline = time.monotonic() + 2 * PATIENCE / 1000
    while page.locator(".card.done").count() < len(dropped):
        assert time.monotonic() < deadline
        with contextlib.suppress(PlaywrightError):  # the page may be opening again
            page.get_by_role("tab", name="Gallery").click(timeout=1000)
            if page.get_by_text("The gallery was interrupted").is_visible():
                page.click("#gallery-edit", timeout=1000)
            time.sleep(0.5)
    expect(page.locator(".card")).to_have_count(len(dropped))


def test_another_browser_gets_nothing(page, browser, relay, photos, tmp_path):
    two_results(page, photos[0], tmp_path)
    other = browser.new_context().new_page()
    open_page(other, relay.address)
    expect(other.locator("#photo")).to_contain_text("Drop in a photo")
    assert other.locator("#strip img").count() == 0
    other.context.close()


def test_everything_can_be_forgotten_at_once(page, server, photos, tmp_path):
    others = len(server.files())
    two_results(page, photos[0], tmp_path)
    assert len(server.files()) > others
    page.click("#forget")
    expect(page.locator("#notice")).to_contain_text("Everything of yours is deleted.")
    assert len(server.files()) == others
    page.reload()
    expect(page.locator("#model b")).to_have_text("pocket")
    assert page.locator("#strip img").count() == 0


def test_nothing_is_left_outside_the_data_folder(page, server, photos, tmp_path):
    two_results(page, photos[0], tmp_path)
    left = [path for path in server.temporary.rglob("*") if path.is_file()]
    assert left == []


def test_an_open_page_says_when_the_time_is_over(browser, photos, tmp_path):
    server = Server(tmp_path, PIX2PIX_KEEP_HOURS=str(12 / 3600))
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    try:
        open_page(page, f"http://127.0.0.1:{server.port}")
        choose(page, photos[0])
        edit(page, "make it night", 1)
        expect(page.locator("#notice")).to_contain_text("that time is over")
        expect(page.locator("#strip img")).to_have_count(0)
        deadline = time.monotonic() + 60
        while [path for path in server.data.rglob("*") if path.is_file() and "index" not in path.name]:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        assert not page.locator("#undo").is_enabled()
    finally:
        context.close()
        server.kill()


def test_what_is_asked_for_with_a_guessed_path_is_refused(page, server, photos, tmp_path):
    two_results(page, photos[0], tmp_path)
    for guess in ("index.sqlite", "files", "../", "files/" + "0" * 32 + "/photo.png", "uploads"):
        address = f"http://127.0.0.1:{server.port}/gradio_api/file={server.data / guess}"
        with pytest.raises(urllib.error.HTTPError), contextlib.closing(urllib.request.urlopen(address)):
            pass
