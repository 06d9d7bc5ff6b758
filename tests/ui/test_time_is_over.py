"""When the time is over nothing is left, by whatever way it came, and also if the program was killed before."""

import time

import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import expect

from tests.ui.conftest import PATIENCE, downloaded, open_page
from tests.ui.test_nothing_is_lost import Server, choose, drop, edit

KEPT = 12  # seconds


def left(server):
    """What of visitors is in the data folder, and whatever is beside it."""
    inside = [path for path in server.data.rglob("*") if path.is_file() and "index" not in path.name]
    return inside + [path for path in server.temporary.rglob("*") if path.is_file()]


def wait_until_empty(server):
    deadline = time.monotonic() + PATIENCE / 1000
    while left(server):
        assert time.monotonic() < deadline, left(server)
        time.sleep(0.5)


def work_by_every_way(browser, server, photo, folder):
    address = f"http://127.0.0.1:{server.port}"
    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE)
    open_page(page, address)
    choose(page, photo)
    edit(page, "make it night", 1)
    drop(page, [photo])
    page.fill("#gallery-instruction textarea", "make it night")
    page.press("#gallery-instruction textarea", "Enter")
    expect(page.locator(".card.done")).to_have_count(1)
    downloaded(page, "#gallery-zip", folder / "zip")
    downloaded(page, "#gallery-sheet", folder / "sheet")
    client = Client(address, verbose=False, download_files=str(folder))
    client.predict(handle_file(str(photo)), "make it night", api_name="/edit")
    client.predict([handle_file(str(photo))], "make it night", api_name="/edit_gallery")
    page.context.close()
    made = {path.name for path in left(server)}
    assert made >= {"gallery.zip", "contact-sheet.jpg", "edited.png", "shown.jpg", photo.name}


@pytest.mark.slow
def test_nothing_is_left_by_any_way_in(browser, photos, tmp_path):
    server = Server(tmp_path, PIX2PIX_KEEP_HOURS=str(KEPT / 3600))
    try:
        work_by_every_way(browser, server, photos[0], tmp_path)
        wait_until_empty(server)
        work_by_every_way(browser, server, photos[1], tmp_path)
        server.kill()
        draft = server.data / "files" / ("0" * 32)  # what a killed process was writing
        draft.mkdir()
        (draft / "shown.jpg").write_bytes(b"half")
        time.sleep(KEPT)
        assert left(server)
        server.start()
        wait_until_empty(server)
    finally:
        server.kill()
