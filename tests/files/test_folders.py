"""Whole folders from the command line: names, skipping, and going on after a kill."""

import os
import signal
import subprocess
import time

import pytest
from PIL import Image

from pix2pix import read_receipt
from pix2pix.files.folders import photos_in
from pix2pix.files.naming import unique
from tests import ROOT


def files_of(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder(run, folder, tmp_path):
    left_out = "1 file is no photo that can be opened and was left out: notes.txt.\n"
    assert run("edit", folder, "make it night", "--out", tmp_path / "out") == (0, "", left_out)
    assert files_of(tmp_path / "out") == ["a.png", "a.webp", "b.jpg"]


def test_a_folder_with_those_inside_it_even_when_the_results_go_there_too(run, folder):
    expected = ["a.png", "a.webp", "b.jpg", "inside/a.png", "inside/deeper/C.png"]
    for _ in range(2):
        left_out = "2 files are no photos that can be opened and were left out: list.csv, notes.txt.\n"
        done = run("edit", folder, "make it night", "--out", folder / "out", "--recursive")
        assert done == (0, "", left_out)
        assert files_of(folder / "out") == expected


def test_what_exists_is_skipped_unless_it_shall_be_overwritten(run, folder, tmp_path, tiny_editor):
    out, calls = tmp_path / "out", []
    run("edit", folder, "make it night", "--out", out, "--seed", 1)
    before = {name: (out / name).stat().st_mtime_ns for name in files_of(out)}
    tiny_editor.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    assert run("edit", folder, "make it night", "--out", out, "--seed", 1)[0] == 0
    assert calls == []
    assert {name: (out / name).stat().st_mtime_ns for name in files_of(out)} == before
    (out / "b.jpg").unlink()
    run("edit", folder, "make it night", "--out", out, "--seed", 1)
    assert len(calls) == 3  # the steps of one photo
    run("edit", folder, "make it night", "--out", out, "--seed", 2, "--overwrite")
    assert {read_receipt(out / name).seed for name in files_of(out)} == {2}


def test_a_file_that_is_named_is_always_written(run, folder, tmp_path):
    for seed in (1, 2):
        run("edit", folder / "a.png", "make it night", "--out", tmp_path / "x.png", "--seed", seed)
        assert read_receipt(tmp_path / "x.png").seed == seed


@pytest.mark.parametrize(("flags", "apart"), [((), 0), (("--vary-seed",), 1)])
def test_a_run_that_goes_on_keeps_its_seed(run, folder, tmp_path, flags, apart):
    out = tmp_path / "out"
    run("edit", folder, "make it night", "--out", out, *flags)
    seeds = [read_receipt(out / name).seed for name in ("a.png", "a.webp", "b.jpg")]
    assert [seed - seeds[0] for seed in seeds] == [0, apart, 2 * apart]
    (out / "a.png").unlink()
    (out / "b.jpg").unlink()
    run("edit", folder, "make it night", "--out", out, *flags)
    assert [read_receipt(out / name).seed for name in ("a.png", "a.webp", "b.jpg")] == seeds


def test_bad_photos_of_a_folder_are_named(run, folder, tmp_path):
    (folder / "bad.jpg").write_text("no photo")
    status, _, err = run("edit", folder, "x", "--out", tmp_path / "out")
    assert (status, err.count("\n")) == (1, 2)
    assert err.splitlines()[1].partition(":")[0] == str(folder / "bad.jpg")
    assert files_of(tmp_path / "out") == ["a.png", "a.webp", "b.jpg"]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("{in}", "x", "--out", "{in}"), "stay apart"),
        (("{in}", "x", "--out", "x.png"), "folder"),
        (("{empty}", "x", "--out", "out"), "no photos"),
    ],
)
def test_wrong_usage_of_folders(run, folder, tmp_path, monkeypatch, arguments, hint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    names = {"{in}": str(folder), "{empty}": str(tmp_path / "empty")}
    status, _, err = run("edit", *(names.get(argument, argument) for argument in arguments))
    assert status == 2
    assert hint in err
    assert sorted(os.listdir(tmp_path)) == ["empty", "in"]


def test_names_differ_in_more_than_capitals(tmp_path):
    paths = [tmp_path / name for name in ("A.png", "a.png", "a-2.png", "b.png")]
    assert [path.name for path in unique(paths, taken=[tmp_path / "B.png"])] == [
        "A.png",
        "a-2.png",
        "a-2-2.png",
        "b-2.png",
    ]


def test_photos_are_found_in_the_order_of_their_names(folder):
    assert [path.name for path in photos_in(folder, recursive=False, leave_out=folder / "out").photos] == [
        "a.png",
        "a.webp",
        "b.jpg",
    ]


def whole(out) -> dict[str, int]:
    """The finished files of ``out`` and when they were written; each must open to its last pixel."""
    paths = [path for path in out.glob("*.png") if not path.name.startswith(".")]
    for path in paths:
        with Image.open(path) as image:
            image.load()
    return {path.name: path.stat().st_mtime_ns for path in paths}


def test_kill_and_go_on(command, photos, tmp_path):
    """Twelve photos and a process that is killed without warning in the middle; the next one does the rest only."""
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    for number in range(12):
        with Image.open(photos[number % len(photos)]) as image:
            image.rotate(number).save(source / f"photo-{number:02}.png")
    arguments = command("edit", source, "make it night", "--out", out, "--model", "pocket", "--steps", 3)
    running = subprocess.Popen(arguments, cwd=ROOT)
    while len(finished := whole(out)) < 4:
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    finished = whole(out)
    assert 4 <= len(finished) < 12
    (out / ".photo-11-0123abcd.part").write_bytes(b"half a picture")  # what a kill while writing leaves
    subprocess.run(arguments, cwd=ROOT, check=True)
    after = whole(out)
    assert sorted(after) == [f"photo-{number:02}.png" for number in range(12)]
    assert {name: after[name] for name in finished} == finished
    assert sorted(os.listdir(out)) == sorted(after)
    assert len({read_receipt(out / name).seed for name in after}) == 1
