"""The libraries are quiet where the program asks for it; downloads still show their progress."""

import subprocess
import sys

from tests.house.test_imports import ROOT

CODE = """
from pix2pix.diffusion.quiet import quieten_libraries
quieten_libraries()
import logging
from pix2pix import Editor
from pix2pix.diffusion.checkpoints import POCKET
from huggingface_hub.utils import are_progress_bars_disabled
Editor.load("pocket", "cpu")
assert not are_progress_bars_disabled()
for library in ("transformers", "diffusers"):
    assert logging.getLogger(library).getEffectiveLevel() == logging.ERROR
"""


def test_loading_says_nothing_and_downloads_show_their_progress():
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
