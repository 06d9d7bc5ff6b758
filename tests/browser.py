"""The browser that the tests of the page run in; ``python -m tests.browser`` installs one where there is none."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
FLAGS += ("--disable-component-update", "--disable-sync")
QUIET = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
MISSING = "The tests of the page need Chromium: install it (Debian and Ubuntu: apt-get install chromium) and try again."


def find_chromium() -> str | None:
    """The system's Chromium or Chrome, else the one that Playwright has installed; one that starts."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (path := shutil.which(name)) and _starts(path):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and _starts(path) else None


def _starts(path: str) -> bool:
    """Whether it is more than a stub that asks for a snap, and finds the libraries it needs."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install_chromium() -> None:
    """Try the system's packages where we may, then Playwright's own download; quietly, as either may fail."""
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        commands = [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"], *commands]
    for command in commands:
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(command, env=QUIET, capture_output=True, timeout=600, check=False)
        if find_chromium():
            return


if __name__ == "__main__":
    if not find_chromium():
        print("Getting Chromium for the tests of the page …", flush=True)
        install_chromium()
    if not find_chromium():
        sys.exit(MISSING)
