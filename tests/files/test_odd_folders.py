"""Folders as they are found in the world: odd names, links, files that change, full targets, two runs at once."""

import errno
import json
import os
import subprocess
import time
import unicodedata
from dataclasses import asdict

import pytest
from PIL import Image

from pix2pix import EditRequest, read_receipt
from pix2pix.files import drafts
from pix2pix.files.earlier import is_made_so
from pix2pix.files.folders import photos_in
from pix2pix.files.naming import unique
from tests import ROOT
from tests.files.test_folders import files_of
from tests.files.test_receipt import forged


def test_order_is_as_people_see_it(scene, tmp_path):
    for name in ("IMG_10.png", "img_2.png", "IMG_1.png", "été.png", "eta.png", "z.png", "١.png", "9" * 200 + ".png"):
        scene.save(tmp_path / name)
    names = [path.name for path in photos_in(tmp_path, False, tmp_path / "out").photos]
    assert names == ["9" * 200 + ".png", "eta.png", "été.png", "IMG_1.png", "img_2.png", "IMG_10.png", "z.png", "١.png"]


def test_hidden_and_system_folders_links_and_loops_are_left_out(scene, tmp_path):
    for name in (".thumbnails", "@eaDir", "__MACOSX", ".Trash-1000", "$RECYCLE.BIN", "fine", "#recycle"):
        (tmp_path / "in" / name).mkdir(parents=True)
        scene.save(tmp_path / "in" / name / "a.png")
    (tmp_path / "elsewhere").mkdir()
    scene.save(tmp_path / "elsewhere" / "far.png")
    for name, to in (("loop", ".."), ("out of it", tmp_path / "elsewhere"), ("a.png", "a.png"), ("gone.png", "x")):
        (tmp_path / "in" / name).symlink_to(to)
    (tmp_path / "in" / "._a.png").write_bytes(b"\0\5\x16\7")
    (tmp_path / "in" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "in" / "linked.png").symlink_to(tmp_path / "elsewhere" / "far.png")
    os.mkfifo(tmp_path / "in" / "pipe.png")
    found = photos_in(tmp_path / "in", True, tmp_path / "out")
    assert [str(path.relative_to(tmp_path / "in")) for path in found.photos] == ["fine/a.png", "linked.png"]
    assert found.others == []


def test_photos_are_taken_by_content_where_the_ending_says_nothing(run, scene, tmp_path):
    (tmp_path / "in").mkdir()
    for name, file_format in {
        "IMG_1": "JPEG",
        "b.dat": "PNG",
        "c.tif": "TIFF",
        "d.bmp": "BMP",
        "e.jp2": "JPEG2000",
    }.items():
        scene.save(tmp_path / "in" / name, file_format)
    (tmp_path / "in" / "raw.nef").write_bytes(b"II*\0\x10\0\0\0CR\2\0" + bytes(99))
    (tmp_path / "in" / "film.mov").write_bytes(b"\0\0\0\x14ftypqt  " + bytes(99))
    status, _, err = run("edit", tmp_path / "in", "x", "--out", tmp_path / "out")
    assert status == 0
    assert err == "2 files are no photos that can be opened and were left out: film.mov, raw.nef.\n"
    assert files_of(tmp_path / "out") == ["IMG_1.jpg", "b.png", "c.png", "d.png", "e.png"]


ODD = [
    b"caf\xe9.png",
    b"new\nline.png",
    b"\x1b[31mred.png",
    b"x" * 251 + b".png",
    b"con.png",
    b"a:b.png",
    b"end .png",
]
ODD += ["e\u0301te\u0301.png".encode(), "été.png".encode(), b"A.png", b"a.png", "日".encode() * 83 + b".png"]


def test_odd_names_are_edited_and_their_results_fit_every_system(command, scene, tmp_path):
    """In a process that prints plain ASCII and gives up on all else."""
    source, out = os.fsencode(tmp_path / "in"), tmp_path / "out"
    os.mkdir(source)
    for name in ODD:
        with open(os.path.join(source, name), "wb") as file:
            scene.save(file, "PNG")
    with open(os.path.join(source, b"b\xe4d.png"), "wb") as file:
        file.write(b"no photo")
    environment = os.environ | {"PYTHONIOENCODING": "ascii:strict"}
    arguments = command("edit", os.fsdecode(source), "make it night", "--out", out, "--model", "pocket", "--steps", 1)
    done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "b\\udce4d.png" in done.stderr
    names = files_of(out)
    assert len(names) == len(ODD)
    assert {"café.png", "con_.png", "a_b.png", "end.png", "new_line.png"} <= set(names)
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == len(ODD)
    assert all(len(name.encode()) <= 255 for name in names)


def test_a_name_at_the_limit_has_room_for_a_number(tmp_path):
    long = tmp_path / ("é" * 125 + ".jpeg")
    first, second = unique([long, long])
    assert first == long
    assert second.name == "é" * 124 + "-2.jpeg"


def test_names_that_look_alike_are_told_apart(tmp_path):
    alike = [tmp_path / name for name in ("été.png", "e\u0301te\u0301.png", "ÉTÉ.png", "straße.png", "STRASSE.png")]
    names = [path.name for path in unique(alike)]
    assert names == ["été.png", "e\u0301te\u0301-2.png", "ÉTÉ-3.png", "straße.png", "STRASSE-2.png"]


def test_another_run_never_passes_for_this_one(run, folder, tmp_path):
    """Other words, another seed, a changed photo, a file of somebody else: each is said, and nothing is lost."""
    out = tmp_path / "out"
    run("edit", folder, "make it night", "--out", out, "--seed", 1)
    before = {name: (out / name).read_bytes() for name in files_of(out)}
    for words, seed in (("make it snowy", 1), ("make it night", 2)):
        status, _, err = run("edit", folder, words, "--out", out, "--seed", seed)
        assert (status, err.count("--overwrite")) == (1, 3)
    changed = folder / "a.png"
    kept = changed.stat()
    with Image.open(changed) as image:
        image.rotate(180).save(changed)
    os.utime(changed, (kept.st_atime, kept.st_mtime))  # as copying programs leave it
    status, _, err = run("edit", folder, "make it night", "--out", out, "--seed", 1)
    assert (status, err.count("--overwrite"), err.count("a.png")) == (1, 1, 1)
    (out / "b.jpg").write_bytes(b"not ours")
    assert run("edit", folder, "make it night", "--out", out, "--seed", 1)[0] == 1
    assert (out / "b.jpg").read_bytes() == b"not ours"
    assert {name: (out / name).read_bytes() for name in before if name != "b.jpg"} == {
        name: data for name, data in before.items() if name != "b.jpg"
    }


def test_a_photo_with_a_new_time_is_the_same_photo(run, folder, tmp_path):
    arguments = ("edit", folder, "make it night", "--out", tmp_path / "out", "--seed", 1)
    run(*arguments)
    for result in (tmp_path / "out").iterdir():
        os.utime(result, (time.time() - 100, time.time() - 100))
    status, _, err = run(*arguments)
    assert (status, err.count("--overwrite")) == (0, 0)


def test_a_receipt_of_an_earlier_version_goes_by_the_time(folder, tmp_path, scene):
    photo, target = folder / "a.png", tmp_path / "a.png"
    request = EditRequest("make it night", 20, 7.5, 1.5, seed=1, resolution=512)
    said = {**asdict(request), "checkpoint": "tiny"}
    target.write_bytes(forged(scene, json.dumps(said), "PNG"))
    now = time.time()
    for seconds, same in ((-10, True), (10, False)):
        os.utime(target, (now - 100, now - 100))
        os.utime(photo, (now - 100 + seconds, now - 100 + seconds))
        assert is_made_so(target, photo, request) is same


def test_a_photo_that_vanishes_or_is_cut_while_the_run_goes_on(run, folder, tmp_path, tiny_editor):
    def harm(*_):
        (folder / "a.webp").unlink(missing_ok=True)
        os.truncate(folder / "b.jpg", 300)

    from pix2pix.files import targets

    found = targets.photos_and_targets
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pix2pix.cli.photos_and_targets", lambda *a: (found(*a), harm())[0])
        status, _, err = run("edit", folder, "x", "--out", tmp_path / "out")
    assert status == 1
    assert [str(folder / name) in err for name in ("a.png", "a.webp", "b.jpg")] == [False, True, True]
    assert files_of(tmp_path / "out") == ["a.png"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_target_that_takes_no_more_ends_the_run_in_one_sentence(run, scene, tmp_path, monkeypatch, number):
    (tmp_path / "in").mkdir()
    for k in range(12):
        scene.save(tmp_path / "in" / f"{k}.png")
    put, made = os.link, []

    def full(source, target):
        made.append(target)
        if len(made) > 3:
            raise OSError(number, os.strerror(number))
        put(source, target)

    monkeypatch.setattr("pix2pix.files.drafts.NO_LINKS", ())
    monkeypatch.setattr(os, "link", full)
    status, _, err = run("edit", tmp_path / "in", "x", "--out", tmp_path / "out")
    assert (status, err.count("\n")) == (1, 1)
    assert "3 of 12 photos are finished" in err
    assert len(os.listdir(tmp_path / "out")) == 3
    monkeypatch.setattr(os, "link", put)
    assert run("edit", tmp_path / "in", "x", "--out", tmp_path / "out") == (0, "", "")
    assert len(os.listdir(tmp_path / "out")) == 12


def test_two_runs_into_one_folder_at_once(command, scene, tmp_path):
    """Both have other words: whichever is first keeps its file, the other says so, and no file is half or lost."""
    (tmp_path / "in").mkdir()
    for k in range(6):
        scene.save(tmp_path / "in" / f"{k}.png")
    arguments = ("--out", tmp_path / "out", "--model", "pocket", "--steps", 1)
    runs = [
        subprocess.Popen(
            command("edit", tmp_path / "in", words, *arguments), cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for words in ("make it night", "make it snowy")
    ]
    said = [running.communicate()[1] for running in runs]
    assert sorted(os.listdir(tmp_path / "out")) == [f"{k}.png" for k in range(6)]
    words = [read_receipt(tmp_path / "out" / f"{k}.png").instruction for k in range(6)]
    assert set(words) <= {"make it night", "make it snowy"}
    assert sum(text.count("\n") for text in said) == 6
    assert "Traceback" not in "".join(said)


def test_a_result_that_another_run_made_meanwhile_stays(run, folder, tmp_path, monkeypatch):
    from pix2pix import cli

    there, save = cli.remove_drafts, []

    def meanwhile(target):
        if target.name == "a.png":
            target.write_bytes(b"of another run")
        save.append(target)
        there(target)

    monkeypatch.setattr(cli, "remove_drafts", meanwhile)
    status, _, err = run("edit", folder, "x", "--out", tmp_path / "out")
    assert (status, err.count("another run")) == (1, 1)
    assert (tmp_path / "out" / "a.png").read_bytes() == b"of another run"


def test_a_draft_that_is_being_written_is_no_leftover(tmp_path):
    path = tmp_path / ("x" * 251 + ".png")
    with drafts.written(path) as file:
        file.write(b"half")
        drafts.remove_drafts(path)
        assert len(os.listdir(tmp_path)) == 1
    assert path.read_bytes() == b"half"
    dead = tmp_path / f".{drafts._stem(path)}-01234567.part"
    dead.write_bytes(b"left by a kill")
    drafts.remove_drafts(path)
    assert os.listdir(tmp_path) == [path.name]


def test_a_folder_that_cannot_be_read_is_told(run, folder, tmp_path, monkeypatch):
    walk = os.walk

    def closed(top, onerror, **options):
        onerror(PermissionError(13, "Permission denied", str(folder / "inside")))
        return walk(top, **options)

    monkeypatch.setattr(os, "walk", closed)
    status, _, err = run("edit", folder, "x", "--out", tmp_path / "out")
    assert status == 1
    assert f"{folder / 'inside'}: this folder cannot be read." in err
