"""The command line, as people call it: exit status, files, and one line for each thing that went wrong."""

import os
import signal
import subprocess
import sys
import termios

import numpy as np
import pytest
from PIL import Image

from pix2pix import EditRequest, cli, read_receipt
from tests import ROOT, SHARED


@pytest.fixture
def ctrl_c_arrives():
    """In the background of a script SIGINT is ignored, and children inherit that, but not a handler."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def pictures(scene, tmp_path):
    paths = [tmp_path / "in" / name for name in ("one.png", "two.jpg")]
    paths[0].parent.mkdir()
    for path in paths:
        scene.save(path)
    return paths


def test_one_photo_into_a_file(run, pictures, tmp_path):
    out = tmp_path / "new" / "edited.webp"
    assert run("edit", pictures[0], "make it night", "--out", out, "--seed", 3) == (0, "", "")
    with Image.open(out) as image:
        assert image.format == "WEBP"


def test_several_photos_into_a_folder(run, pictures, tmp_path):
    out = tmp_path / "edited"
    arguments = ("--steps", 2, "--guidance-scale", 4, "--image-guidance-scale", 1.2, "--seed", 3)
    assert run("edit", *pictures, "make it night", "--out", out, *arguments) == (0, "", "")
    assert sorted(os.listdir(out)) == ["one.png", "two.jpg"]
    assert read_receipt(out / "one.png") == EditRequest("make it night", 2, 4.0, 1.2, 3, 32)


def test_detail_can_be_left_out(run, pictures, tmp_path):
    for choice, kept in (("on", True), ("off", False)):
        out = tmp_path / f"{choice}.png"
        assert run("edit", pictures[0], "make it night", "--out", out, "--seed", 3, "--detail", choice)[0] == 0
        assert read_receipt(out).detail is kept
    with Image.open(tmp_path / "on.png") as on, Image.open(tmp_path / "off.png") as off:
        assert on.tobytes() != off.tobytes()


def test_variants_of_each_photo_have_seeds_of_their_own(run, pictures, tmp_path):
    out = tmp_path / "edited"
    assert run("edit", *pictures, "make it night", "--out", out, "--seed", 3, "--variants", 3) == (0, "", "")
    assert sorted(os.listdir(out)) == [*(f"one-{k}.png" for k in (1, 2, 3)), *(f"two-{k}.jpg" for k in (1, 2, 3))]
    assert [read_receipt(out / f"{name}").seed for name in sorted(os.listdir(out))] == [3, 4, 5, 3, 4, 5]
    (out / "two-2.jpg").unlink()
    assert run("edit", *pictures, "make it night", "--out", out, "--variants", 3) == (0, "", "")
    assert read_receipt(out / "two-2.jpg").seed == 4
    assert (
        run("edit", *pictures, "make it night", "--out", tmp_path / "x", "--seed", 3, "--variants", 2, "--vary-seed")[0]
        == 0
    )
    assert [read_receipt(path).seed for path in sorted((tmp_path / "x").iterdir())] == [3, 4, 5, 6]


def test_variants_need_a_folder_and_a_number(run, pictures, tmp_path):
    assert run("edit", pictures[0], "make it night", "--out", tmp_path / "a.png", "--variants", 2)[0] == cli.WRONG_USAGE
    assert run("edit", pictures[0], "make it night", "--out", tmp_path, "--variants", 0)[0] == cli.WRONG_USAGE


def test_a_mask_confines_the_edit(run, pictures, scene, tmp_path):
    mask = Image.new("L", scene.size)
    mask.paste(255, (0, 0, 40, 64))
    mask.save(tmp_path / "mask.png")
    out = tmp_path / "edited.png"
    arguments = ("--seed", 3, "--mask", tmp_path / "mask.png")
    assert run("edit", pictures[0], "make it night", "--out", out, *arguments) == (0, "", "")
    with Image.open(out) as image:
        before, after = np.asarray(scene), np.asarray(image)
    assert np.array_equal(before[:, 41:], after[:, 41:])
    assert not np.array_equal(before[:, :40], after[:, :40])


def test_a_broken_mask_is_told_once_and_before_any_edit(run, pictures, tmp_path):
    (tmp_path / "mask.png").write_bytes(b"no picture")
    for mask in (tmp_path / "mask.png", tmp_path / "nowhere.png"):
        status, _, err = run("edit", *pictures, "make it night", "--out", tmp_path / "edited", "--mask", mask)
        assert status == cli.WRONG_USAGE
        assert err.count("The mask cannot be opened") == err.count("\n") == 1
    assert not (tmp_path / "edited").exists()


def test_what_another_mask_made_is_not_what_was_asked_for(run, pictures, scene, tmp_path):
    masks = [tmp_path / "left.png", tmp_path / "right.png"]
    for mask, box in zip(masks, ((0, 0, 40, 64), (50, 0, 96, 64)), strict=True):
        painted = Image.new("L", scene.size)
        painted.paste(255, box)
        painted.save(mask)
    command = ("edit", pictures[0], "make it night", "--out", tmp_path / "edited", "--seed", 3)
    assert run(*command, "--mask", masks[0]) == (0, "", "")
    assert run(*command, "--mask", masks[0]) == (0, "", "")
    for other in (("--mask", masks[1]), ()):
        status, _, err = run(*command, *other)
        assert status == cli.SOME_FAILED
        assert "--overwrite" in err


def test_an_area_is_in_the_receipt(run, pictures, tmp_path):
    out = tmp_path / "edited.png"
    arguments = ("--seed", 3, "--area", "automatic", "--area-threshold", 0.3)
    assert run("edit", pictures[0], "make it night", "--out", out, *arguments) == (0, "", "")
    request = read_receipt(out)
    assert (request.area, request.area_threshold) == ("automatic", 0.3)


def test_all_photos_share_the_seed_that_was_drawn_and_the_text_is_read_once(run, pictures, tmp_path, tiny_editor):
    calls = []
    tiny_editor.pipeline.text_encoder.register_forward_pre_hook(lambda *_: calls.append(1))
    run("edit", *pictures, "make it night", "--out", tmp_path / "edited")
    assert len({read_receipt(tmp_path / "edited" / name).seed for name in ("one.png", "two.jpg")}) == 1
    assert calls == [1]


def test_twice_the_same_is_the_same_file(run, pictures, tmp_path):
    for name in ("a.png", "b.png"):
        run("edit", pictures[0], "make it night", "--out", tmp_path / name, "--seed", 3)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_bad_photo_costs_no_other_one(run, pictures, tmp_path):
    (tmp_path / "text.jpg").write_text("no photo")
    (tmp_path / "empty.png").touch()
    bad = [tmp_path / "text.jpg", tmp_path / "missing.png", tmp_path / "empty.png"]
    status, out, err = run("edit", bad[0], pictures[0], *bad[1:], pictures[1], "x", "--out", tmp_path / "edited")
    assert (status, out) == (1, "")
    assert [line.partition(":")[0] for line in err.splitlines()] == [str(path) for path in bad]
    assert sorted(os.listdir(tmp_path / "edited")) == ["one.png", "two.jpg"]


def test_results_never_fall_on_photos_or_on_each_other(run, pictures, scene, tmp_path):
    other = tmp_path / "elsewhere" / "one.png"
    other.parent.mkdir()
    scene.save(other)
    before = pictures[0].read_bytes()
    status, *_ = run("edit", *pictures, other, "x", "--out", pictures[0].parent)
    assert status == 0
    assert pictures[0].read_bytes() == before
    assert sorted(os.listdir(pictures[0].parent)) == ["one-2.png", "one-3.png", "one.png", "two-2.jpg", "two.jpg"]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("{one}", "--out", "x"), "INSTRUCTION"),
        (("{one}", "{two}", "--out", "x"), "instruction is missing"),
        (("{one}", "make it night"), "--out"),
        (("{one}", " ", "--out", "x"), "Say what to do"),
        (("{one}", "y" * 1001, "--out", "x"), "1,001 characters"),
        (("{one}", "y", "--out", "x.tiff"), ".png"),
        (("{one}", "{two}", "y", "--out", "x.png"), "folder"),
        (("s3://bucket/photos", "y", "--out", "x/"), "goes with --ray"),
        (("{one}", "y", "--out", "{one}"), "the photo itself"),
        (("{one}", "y", "--out", "x", "--steps", "0"), "from 1 to 150"),
        (("{one}", "y", "--out", "x", "--steps", "7.7"), "--steps"),
        (("{one}", "y", "--out", "x", "--guidance-scale", "nan"), "from 1 to 30"),
        (("{one}", "y", "--out", "x", "--image-guidance-scale", "9"), "from 1 to 5"),
        (("{one}", "y", "--out", "x", "--seed", "-1"), "seed"),
    ],
)
def test_wrong_usage(run, pictures, tmp_path, monkeypatch, arguments, hint):
    monkeypatch.chdir(tmp_path)
    names = {"{one}": str(pictures[0]), "{two}": str(pictures[1])}
    status, out, err = run("edit", *(names.get(argument, argument) for argument in arguments))
    assert (status, out) == (2, "")
    assert hint in err
    assert sorted(os.listdir(tmp_path)) == ["in"]


def test_no_command_at_all_is_wrong_usage(run):
    assert run()[0] == 2


def test_a_folder_that_cannot_be_made_is_one_line(run, pictures, tmp_path):
    (tmp_path / "file").touch()
    status, _, err = run("edit", pictures[0], "x", "--out", tmp_path / "file" / "inside")
    assert (status, err.count("\n")) == (1, 1)


def test_a_disk_that_is_full_is_one_line(run, pictures, tmp_path, monkeypatch):
    def full(result, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "save_result", full)
    status, _, err = run("edit", pictures[0], "x", "--out", tmp_path / "a.png")
    assert (status, err) == (1, f"{tmp_path / 'a.png'}: cannot be written (No space left on device).\n")


def test_a_checkpoint_that_cannot_be_loaded_is_one_line(pictures, tmp_path, capsys):
    status = cli.main(["edit", str(pictures[0]), "x", "--out", str(tmp_path / "a.png"), "--model", "nothing"])
    assert (status, capsys.readouterr().err.count("\n")) == (1, 1)


def test_what_was_not_read_is_told(run, pictures, tmp_path):
    status, _, err = run("edit", pictures[0], "make it snowy " * 20 + "and windy", "--out", tmp_path / "a.png")
    assert status == 0
    assert "and windy" in err


def test_progress_is_drawn_on_a_terminal_only(run, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    _, out, err = run("edit", pictures[0], "x", "--out", tmp_path / "a.png", "--seed", 5)
    assert "one.png" in err
    assert "/3" in err
    assert "seed 5" in out


def test_models_are_listed(run):
    status, out, _ = run("models")
    assert status == 0
    assert "pocket" in out
    assert "timbrooks/instruct-pix2pix  not downloaded" in out


def test_black_and_white_from_the_shell(command, photos, tmp_path):
    """The whole way as a stranger goes it, on a real photo where there is one."""
    photo = SHARED / "photos" / "kodak08.png"
    photo = photo if photo.exists() else photos[0]
    for name in ("a.png", "b.png"):
        arguments = ("make it black and white", "--out", tmp_path / name, "--seed", 1, "--model", "pocket")
        done = subprocess.run(command("edit", photo, *arguments), cwd=ROOT, capture_output=True, check=True)
        assert done.stdout == done.stderr == b""
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert read_receipt(tmp_path / "a.png").instruction == "make it black and white"
    with Image.open(photo) as before, Image.open(tmp_path / "a.png") as after:
        assert after.size == before.size
        assert colourfulness(after) < 0.6 * colourfulness(before)


def colourfulness(image: Image.Image) -> float:
    """Mean distance between the strongest and the weakest channel, 0..255."""
    pixels = np.asarray(image.convert("RGB"), dtype=float)
    return float((pixels.max(-1) - pixels.min(-1)).mean())


def test_ctrl_c_leaves_no_half_written_file(command, ctrl_c_arrives, photos, tmp_path):
    arguments = ("make it night", "--out", tmp_path / "a.png", "--steps", 150, "--model", "pocket")
    terminal, end = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    running = subprocess.Popen(command("edit", photos[0], *arguments), cwd=ROOT, stderr=end, start_new_session=True)
    os.close(end)
    shown = b""
    while b"/150" not in shown:
        shown += os.read(terminal, 1000)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=60) == 130
    while b"Stopped." not in shown:
        shown += os.read(terminal, 1000)
    assert b"Traceback" not in shown
    assert os.listdir(tmp_path) == []
