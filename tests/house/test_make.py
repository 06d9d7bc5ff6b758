"""What ``make test`` says to somebody whose machine lacks something."""

import os
import subprocess
import sys

from tests import ROOT
from tests.browser import MISSING


def test_a_chromium_that_cannot_be_had_is_one_sentence(tmp_path):
    """No program to install one with, and nowhere to download one from."""
    nowhere = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    nowhere["PLAYWRIGHT_DOWNLOAD_HOST"] = "http://127.0.0.1:9"
    command = [sys.executable, "-m", "tests.browser"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **nowhere}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"{MISSING}\n")
