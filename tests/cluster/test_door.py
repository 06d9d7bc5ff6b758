"""The command with and without Ray."""

import socket
import subprocess
import sys

import pytest

from pix2pix import EditFailed, cli
from pix2pix.cluster.command import NO_MASK, NO_VARIANTS, ONE_FOLDER
from pix2pix.cluster.joining import UNREACHABLE, join
from pix2pix.cluster.store import MISSING
from tests import ROOT


def python(code: str, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_without_the_flag_no_ray_is_imported(photos, tmp_path):
    code = (
        "import sys; from pix2pix.cli import main; status = main(sys.argv[1:]);"
        "assert not {'ray', 'pyarrow', 'pix2pix.cluster'} & set(sys.modules); sys.exit(status)"
    )
    flags = ("--out", tmp_path / "night.png", "--model", "pocket", "--steps", 1)
    done = python(code, "edit", photos[0], "make it night", *flags)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("missing", ["ray", "pyarrow", "fsspec"])
def test_without_ray_a_sentence_says_how_to_get_it(missing, tmp_path):
    code = f"import sys; sys.modules[{missing!r}] = None; from pix2pix.cli import main; sys.exit(main(sys.argv[1:]))"
    done = python(code, "edit", tmp_path, "make it night", "--out", tmp_path / "out", "--ray")
    assert done.returncode == cli.SOME_FAILED
    assert done.stderr == f"{MISSING}\n"
    assert "“pip install --requirement requirements-ray.txt”" in MISSING
    assert (ROOT / "requirements-ray.txt").exists()


def test_what_does_not_go_with_it_is_said(run, tmp_path):
    command = ("edit", tmp_path, "make it night", "--out", tmp_path / "out", "--ray")
    for flags, sentence in (
        (("--mask", tmp_path / "mask.png"), NO_MASK),
        (("--variants", 2), NO_VARIANTS),
        (("--cpus-per-editor", 0), "--cpus-per-editor must be a whole number from 1 up."),
        (("--steps", 0), "The number of steps must be a whole number from 1 to 150."),
    ):
        assert run(*command, *flags) == (cli.WRONG_USAGE, "", f"{sentence}\n")
    (tmp_path / "file.png").touch()
    for photos in ((tmp_path, tmp_path), (tmp_path / "file.png",)):
        said = run("edit", *photos, "make it night", "--out", tmp_path / "out", "--ray")
        assert said == (cli.WRONG_USAGE, "", f"{ONE_FOLDER}\n")


def test_a_port_where_nobody_listens_is_one_sentence_at_once(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(EditFailed, match=rf"^{UNREACHABLE} \([^\n]*\)\.$"):
        join(address=address)
