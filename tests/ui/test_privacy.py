"""Nobody gets at another visitor's work: what a browser sent is sent again from outside, over raw HTTP.

Two things cannot be prevented, and are not claimed. Who knows the whole address of a file, with its 128 random bits,
can read it: a page shows pictures by their addresses. And who has a photo can find out whether that very file, under
that very name, was uploaded in the last hour: gradio keeps uploads under a hash of what they hold.
"""

import json
import re
import shutil
import socket
import sqlite3
import time
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import expect

from pix2pix.serving.workspace import new_key, visitor_of
from tests.ui.conftest import PATIENCE, downloaded, open_page
from tests.ui.test_nothing_is_lost import Server, begin_a_long_edit, choose, drop, edit

WORDS, NAME = "make it night in zanzibar", "zanzibar-holiday"
HEX = re.compile("[0-9a-f]{32}")
SECONDS = 60


class Visit:
    """Somebody's work in a real browser, and everything that the browser sent meanwhile."""

    def __init__(self, browser, server, photo, folder):
        self.server, self.address = server, f"http://127.0.0.1:{server.port}"
        self.urls, self.sent = [], []
        self.page = browser.new_context().new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", self._note)
        open_page(self.page, self.address)
        self._work(shutil.copy(photo, folder / f"{NAME}.png"), folder)
        bodies = json.dumps([body for _, body in self.sent])
        with sqlite3.connect(server.data / "index.sqlite") as index:
            (self.visitor,) = index.execute("SELECT visitor FROM items LIMIT 1").fetchone()
            folders = [row[0] for row in index.execute("SELECT id FROM items")]
        (self.key,) = {key for key in HEX.findall(bodies) if visitor_of(key) == self.visitor}
        self.traces = ["zanzibar", self.key, *folders]
        self.session = self.sent[-1][1]["session_hash"]

    def _note(self, request):
        self.urls.append(request.url)
        if request.method == "POST" and "fn_index" in (request.post_data or ""):
            self.sent.append((request.url, request.post_data_json))

    def _work(self, photo, folder):
        page = self.page
        choose(page, photo)
        edit(page, WORDS, 1)
        edit(page, WORDS + " again", 2)
        page.click("#undo")
        expect(page.locator("#instruction textarea")).to_have_value(WORDS)
        page.click("#redo")
        expect(page.locator("#instruction textarea")).to_have_value(WORDS + " again")
        page.locator("#strip button img").first.click()
        expect(page.locator("#instruction textarea")).to_have_value(WORDS)
        downloaded(page, "#download", folder / "result")
        drop(page, [photo])
        page.fill("#gallery-instruction textarea", WORDS)
        page.press("#gallery-instruction textarea", "Enter")
        expect(page.locator(".card.done")).to_have_count(1)
        page.click(".card")
        downloaded(page, "#gallery-zip", folder / "zip")
        downloaded(page, "#gallery-sheet", folder / "sheet")
        page.reload()
        expect(page.locator("#strip img")).to_have_count(2)

    def seen_in(self, text):
        return [trace for trace in self.traces if trace in text]


@pytest.fixture(scope="module")
def visit(browser, photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("privacy")
    server = Server(folder)
    visit = Visit(browser, server, photos[0], folder)
    yield visit
    visit.page.context.close()
    server.kill()


def from_outside(visit, value, key):
    """What ``visit`` sent, without what only its browser knows: its key, its words, the addresses of its files."""
    if isinstance(value, dict):
        return None if "path" in value else {name: from_outside(visit, one, key) for name, one in value.items()}
    if isinstance(value, list):
        return [from_outside(visit, one, key) for one in value]
    if value == visit.key:
        return key
    return "x" if isinstance(value, str) and visit.seen_in(value) else value


def answered(url, body):
    """Everything that comes back: the answer itself, and what is said to the session until the event is over."""
    answer = httpx.post(url, json=body, timeout=SECONDS)
    if not url.endswith("queue/join") or not answer.is_success:
        return answer.text
    said, session = answer.text, {"session_hash": body["session_hash"]}
    with httpx.stream("GET", url.replace("join", "data"), params=session, timeout=SECONDS) as stream:
        for line in stream.iter_lines():
            said += line
            if "process_completed" in line or "close_stream" in line:
                break
    return said


def test_the_work_was_captured(visit):
    """Or the others would prove nothing: with the key, the same requests do bring the work back."""
    assert len({body["fn_index"] for _, body in visit.sent}) > 15
    assert len({url for url, _ in visit.sent}) >= 1
    found = [visit.seen_in(answered(url, {**body, "session_hash": "mine"})) for url, body in visit.sent[-6:]]
    assert any(found)


@pytest.mark.parametrize("key", [new_key(), "", None], ids=["another key", "an empty key", "no key"])
@pytest.mark.parametrize("whose", ["the session", "a new session"])
def test_what_was_sent_brings_nothing_with_another_key(visit, whose, key):
    session = visit.session if whose == "the session" else f"new{time.time()}"
    for url, body in visit.sent:
        asked = from_outside(visit, body, key) | {"session_hash": session}
        assert visit.seen_in(answered(url, asked)) == [], body


def test_nobody_else_can_listen_to_a_session(visit):
    visit.page.get_by_role("tab", name="Edit").click()
    begin_a_long_edit(visit.page)
    session = visit.sent[-1][1]["session_hash"]
    for cookies in ({}, {"pix2pix-browser": "0" * 32}):
        listening = {"params": {"session_hash": session}, "cookies": cookies, "timeout": SECONDS}
        with httpx.stream("GET", f"{visit.address}/gradio_api/queue/data", **listening) as stream:
            assert stream.status_code == 403
    visit.page.click("#stop")
    expect(visit.page.locator("#edit")).to_be_enabled()


PAGES = ["", "config", "gradio_api/info", "gradio_api/openapi.json", "gradio_api/runs", "monitoring/summary"]
PAGES += ["gradio_api/queue/status", "gradio_api/startup-events", "gradio_api/deep_link"]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_shows_what_a_session_has(visit, path):
    session = visit.sent[-1][1]["session_hash"]
    answer = httpx.get(f"{visit.address}/{path}", params={"session_hash": session}, timeout=SECONDS)
    assert visit.seen_in(answer.text) == []


def test_a_session_cannot_be_made_a_link(visit):
    session = visit.sent[-1][1]["session_hash"]
    link = httpx.get(f"{visit.address}/gradio_api/deep_link", params={"session_hash": session})
    assert link.status_code == 404
    assert not (visit.server.data / "uploads" / "deep_links").exists()


GUESSES = ["", "index.sqlite", "index.sqlite-wal", "files", "files/", "uploads", "uploads/", "files/" + "0" * 32]
GUESSES += ["files/../index.sqlite", "files/%2e%2e/index.sqlite", "files/%252e%252e/index.sqlite", "files//../uploads"]
GUESSES += ["files/..%2findex.sqlite", "uploads/../index.sqlite", "files/*/shown.jpg", f"uploads/{NAME}.png"]
WAYS = ["gradio_api/file=", "file=", "gradio_api/file/", "gradio_api/results/", "gradio_api/proxy=file://"]


@pytest.mark.parametrize("way", WAYS)
def test_guessed_paths_show_nothing(visit, way):
    host, port = "127.0.0.1", visit.server.port
    for guess in GUESSES:
        for path in (f"{visit.server.data}/{guess}", guess, f"../{guess}", quote(f"{visit.server.data}/{guess}", "")):
            answer = raw_get(host, port, f"/{way}{path}")
            assert b" 200 " not in answer.splitlines()[0] or b"<!doctype html>" in answer[:2000].lower(), path
            seen = [trace for trace in visit.seen_in(answer.decode("latin-1")) if trace not in guess]
            assert seen == []
            assert b"SQLite" not in answer


def raw_get(host, port, path):
    """The whole answer; clients would tidy up the path first."""
    with socket.create_connection((host, port), timeout=SECONDS) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: wire.recv(65536), b""))


def test_the_key_is_in_no_address_no_log_and_no_file(visit):
    assert not [url for url in visit.urls if visit.key in url]
    assert visit.key not in visit.server.log.read_text(errors="replace")
    for path in visit.server.data.rglob("*"):
        assert visit.key not in path.name
        assert not path.is_file() or visit.key.encode() not in path.read_bytes(), path
