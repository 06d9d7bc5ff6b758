"""What keeps the app from starting is one sentence, without a traceback, and a status that is not 0."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest

import app
from pix2pix.serving.start import read_port
from tests import ROOT
from tests.running import free_port

GOOD = {"PIX2PIX_MODEL": "pocket"}


def started(tmp_path, seconds=60, **environment):
    """How ``python app.py`` ends that is started so."""
    free = {"GRADIO_SERVER_PORT": str(free_port())}
    settings = {**os.environ, **GOOD, **free, "PIX2PIX_DATA": str(tmp_path / "data"), **environment}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=settings, capture_output=True, text=True, timeout=seconds
    )
    return done.returncode, done.stderr


def check(ended, sentence):
    status, said = ended
    assert status == 1
    assert said == f"The app cannot start: {sentence}\n"


@pytest.mark.parametrize("port", ["abc", "0", "-1", "65536", "1e3", "7860.0", "²"])
def test_a_port_that_is_none(port):
    with pytest.raises(ValueError, match=rf"^GRADIO_SERVER_PORT must be a whole number .* and not “{port}”\.$"):
        read_port({"GRADIO_SERVER_PORT": port})


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = started(tmp_path, GRADIO_SERVER_PORT=port)
    check(ended, f"Port {port} is taken by another program; name another one by GRADIO_SERVER_PORT.")


def test_a_port_that_is_free():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert read_port({"GRADIO_SERVER_PORT": f" {port} "}) == port


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GRADIO_SERVER_PORT", "abc", "GRADIO_SERVER_PORT must be a whole number from 1 to 65535, and not “abc”."),
        ("PIX2PIX_WAITING", "many", "PIX2PIX_WAITING must be a whole number of 1 or more, and not “many”."),
        ("PIX2PIX_KEEP_HOURS", "soon", "PIX2PIX_KEEP_HOURS must be a number above 0, and not “soon”."),
    ],
)
def test_a_variable_that_makes_no_sense(tmp_path, name, value, said):
    check(started(tmp_path, **{name: value}), said)


def test_a_folder_that_cannot_be_written(tmp_path):
    status, said = started(tmp_path, PIX2PIX_DATA="/proc/nothing")
    assert status == 1
    assert said.count("\n") == 1
    assert said.endswith("name another folder by PIX2PIX_DATA.\n")


def test_a_disk_without_room(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pix2pix.serving.store.Path.mkdir", full)
    monkeypatch.setenv("PIX2PIX_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(free_port()))
    with pytest.raises(SystemExit, match=r"No space left on device.*name another folder by PIX2PIX_DATA"):
        app.main()


def test_an_older_python(monkeypatch):
    monkeypatch.setattr(app, "sys", SimpleNamespace(version_info=(3, 9, 1)))
    monkeypatch.setattr(app, "_serve", lambda: pytest.fail("it went on"))
    with pytest.raises(SystemExit, match=r"^This app needs Python 3\.11 or newer, and this is Python 3\.9\.$"):
        app.main()


def test_an_older_python_can_read_the_file():
    import ast

    ast.parse((ROOT / "app.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_an_empty_model_and_no_home_start_all_the_same(tmp_path):
    port = str(free_port())
    settings = {**os.environ, "PIX2PIX_DATA": str(tmp_path), "HOME": os.devnull, "GRADIO_SERVER_PORT": port}
    del settings["HF_HOME"]
    command = [sys.executable, "-u", "app.py"]
    said = ""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**settings, "PIX2PIX_MODEL": " "},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        for line in running.stdout:
            said += line
            if f"127.0.0.1:{port}" in line:
                break
        running.terminate()
        with suppress(ValueError):
            said += running.stdout.read()
    assert f"http://127.0.0.1:{port}" in said
    assert "Traceback" not in said
