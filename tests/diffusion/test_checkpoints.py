"""What can be run, as data: names, folders, ids, and what people are told about them."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pix2pix import CheckpointError, Editor
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX, KNOWN, POCKET, find, is_on_this_machine
from tests.house.test_imports import ROOT

OF_HUB = "latent-consistency/lcm-lora-sdv1-5"


def test_known_checkpoints():
    assert [checkpoint.name for checkpoint in KNOWN] == ["pocket", "timbrooks/instruct-pix2pix"]
    assert is_on_this_machine(POCKET)
    assert find("timbrooks/instruct-pix2pix") is INSTRUCT_PIX2PIX
    assert (INSTRUCT_PIX2PIX.defaults.resolution, len(INSTRUCT_PIX2PIX.revision)) == (512, 40)


@pytest.mark.parametrize(
    "name", ["", "nothing", "./nowhere", "/nowhere", "a/b/c", "~/x", "..", "a b/c", "a/", "x\0y/z"]
)
def test_a_name_that_is_no_checkpoint_is_one_sentence(name):
    with pytest.raises(CheckpointError) as caught:
        Editor.load(name, device="cpu")
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_no_name_never_means_the_current_folder(name, monkeypatch):
    monkeypatch.chdir(POCKET.source)
    for look in (find, Editor.load):
        with pytest.raises(CheckpointError, match="no model of that name"):
            look(name)


@pytest.mark.parametrize("checkpoint", KNOWN, ids=lambda checkpoint: checkpoint.name)
def test_no_folder_takes_the_place_of_a_known_model(checkpoint, monkeypatch, tmp_path):
    (tmp_path / checkpoint.name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert find(checkpoint.name) is checkpoint
    assert INSTRUCT_PIX2PIX.is_folder is False
    assert not is_on_this_machine(INSTRUCT_PIX2PIX)
    assert find(f"./{checkpoint.name}").source == str(tmp_path / checkpoint.name)  # whoever means the folder gets it


def test_names_with_a_plus(made, tmp_path, monkeypatch):
    whole = find(f"{INSTRUCT_PIX2PIX.name}+{OF_HUB}")
    assert whole.name == f"{INSTRUCT_PIX2PIX.name}+{OF_HUB}"
    assert (whole.source, whole.revision) == (INSTRUCT_PIX2PIX.source, INSTRUCT_PIX2PIX.revision)
    assert (whole.lora.source, whole.lora.is_folder, is_on_this_machine(whole)) == (OF_HUB, False, False)
    monkeypatch.chdir(made)
    both = find("base+lcm")
    assert (both.name, both.source, both.lora.source) == ("base+lcm", str(made / "base"), str(made / "lcm"))
    assert both.is_folder
    assert both.lora.is_folder
    assert is_on_this_machine(both)
    assert find(f"{made / 'base'}+{OF_HUB}").name == f"base+{OF_HUB}"
    assert find(f"owner/model+{made / 'lcm'}").name == "owner/model+lcm"
    (tmp_path / "a+b").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find("a+b").lora is None
    assert find("a+b+owner/lora").source == str(tmp_path / "a+b")


@pytest.mark.parametrize(
    "name",
    ["+", "base+", "+lcm", "base+nowhere", "nowhere+lcm", "base+./x", "base+a/b/c", "base+lcm+lcm", "base+\0/y"],
)
def test_a_name_with_a_plus_that_is_none_is_one_sentence(made, name, monkeypatch):
    monkeypatch.chdir(made)
    with pytest.raises(CheckpointError, match=r"^[^\n]*\.$") as caught:
        Editor.load(name, device="cpu")
    assert str(made) not in str(caught.value)


def test_whether_it_is_a_folder_is_decided_when_it_is_found(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    of_hub = find("owner/name")
    (tmp_path / "owner" / "name").mkdir(parents=True)
    assert not of_hub.is_folder
    found = find("owner/name")
    assert found.is_folder
    (tmp_path / "owner" / "name").rmdir()
    assert found.is_folder


def test_a_name_longer_than_any_file_system_allows_is_one_sentence():
    with pytest.raises(CheckpointError):
        find("x" * 5000)


def test_the_zones_of_steps_are_told_in_a_line():
    assert INSTRUCT_PIX2PIX.steps_advice.startswith("1 to 9: rough · 10 to 24: ")
    assert INSTRUCT_PIX2PIX.steps_advice.endswith("50 and more: dramatic, slower")
    assert (
        replace(INSTRUCT_PIX2PIX, step_zones=((1, "quick"), (2, "best"))).steps_advice == "1: quick · 2 and more: best"
    )


def test_a_folder_that_names_no_limits_of_guidance_keeps_its_defaults(tmp_path):
    abilities = json.loads((Path(POCKET.source) / "abilities.json").read_text(encoding="utf-8"))
    assert POCKET.guidance_limits == tuple(abilities.pop("guidance_limits"))
    (tmp_path / "abilities.json").write_text(json.dumps(abilities), encoding="utf-8")
    found = find(tmp_path)
    assert (found.defaults, found.suggestions) == (POCKET.defaults, POCKET.suggestions)
    assert found.guidance_limits == INSTRUCT_PIX2PIX.guidance_limits == (30, 5)


def test_they_are_data_that_needs_no_torch():
    code = (
        "import pix2pix.diffusion.checkpoints, sys; assert not {'torch', 'diffusers', 'transformers'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
