"""What is set in the environment: values that make no sense end the start with one sentence."""

import os
import subprocess
import sys

import pytest

from pix2pix.serving.visitors import open_visitors
from tests import ROOT
from tests.running import free_port

WRONG = [("PIX2PIX_KEEP_HOURS", value) for value in ("an hour", "-1", "0", "nan", "inf")]
WRONG += [("PIX2PIX_KEEP_BYTES", value) for value in ("2 GB", "-5", "0", "nan")]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_bound_that_makes_no_sense(tmp_path, name, value):
    with pytest.raises(ValueError, match=f"^{name} must be a number above 0, and not “{value}”.$"):
        open_visitors({"PIX2PIX_DATA": str(tmp_path / "data"), name: value})
    assert not (tmp_path / "data").exists()


def unusable_folders(tmp_path):
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "index.sqlite").write_bytes(b"no index" * 1000)
    return [tmp_path / "file", tmp_path / "file" / "below", tmp_path / "broken", "/proc/nothing", "~nobody-here/x"]


def test_a_folder_that_cannot_be_used(tmp_path):
    for folder in unusable_folders(tmp_path):
        with pytest.raises(ValueError, match=r"\(.+\); name another folder by PIX2PIX_DATA\.$"):
            open_visitors({"PIX2PIX_DATA": str(folder)})


def test_bounds_that_make_sense(tmp_path):
    said = {"PIX2PIX_DATA": str(tmp_path), "PIX2PIX_KEEP_HOURS": " 0.5 ", "PIX2PIX_KEEP_BYTES": "5e8"}
    store = open_visitors(said).store
    assert (store.keep_seconds, store.max_bytes) == (1800, 500_000_000)


@pytest.mark.parametrize("wrong", [{"PIX2PIX_KEEP_HOURS": "soon"}, {"PIX2PIX_DATA": "/proc/nothing"}])
def test_the_app_ends_with_one_sentence(tmp_path, wrong):
    environment = {**os.environ, "PIX2PIX_DATA": str(tmp_path), "GRADIO_SERVER_PORT": str(free_port()), **wrong}
    ended = subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "PIX2PIX_" in ended.stderr
