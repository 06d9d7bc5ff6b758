"""Takes the README's picture of the app: the real app editing a real photo in a real browser.

``python docs/take_picture.py``, while the app runs on its usual port.
"""

import shutil
import sys
from pathlib import Path

from gradio.media import get_image
from playwright.sync_api import expect, sync_playwright

PATIENCE = 90_000  # milliseconds


def main(out: Path, address: str = "http://127.0.0.1:7860", theme: str = "light") -> None:
    """Edit the photo of a cheetah and write what the page looks like to ``out``."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page.goto(f"{address}/?__theme={theme}")
        expect(page.locator("#model b")).to_be_visible()
        page.set_input_files("#photo input[type=file]", get_image("cheetah.jpg"))
        expect(page.locator("#photo img")).to_be_visible()
        for instruction in ("make it night", "make it a pencil sketch", "make it look like sunset"):
            page.fill("#instruction textarea", instruction)
            page.press("#instruction textarea", "Enter")
            expect(page.locator("#edit")).to_be_disabled()
            expect(page.locator("#edit")).to_be_enabled()
            expect(page.locator("#slider img").first).to_be_visible()
        page.wait_for_timeout(1500)
        page.screenshot(path=out)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("app.png"), *sys.argv[2:4])
