"""What ``pip install`` puts on a machine: everything that the program needs, and nothing else."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from PIL import Image

import pix2pix
from pix2pix import read_receipt
from tests import ROOT

PACKAGE = ROOT / "pix2pix"
PIP = (sys.executable, "-m", "pip", "--quiet", "--no-input")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy, so that nothing is left behind in the checkout."""
    source = tmp_path_factory.mktemp("source")
    needed = [f"requirements{extra}.txt" for extra in ("", "-ray", "-lora")]
    for name in ("pyproject.toml", "README.md", "LICENSE", *needed):
        shutil.copy(ROOT / name, source)
    for folder in ("pix2pix", "tests", "benchmarks", "docs"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (source / "pix2pix" / "ui" / "upload.pyi").touch()  # gradio writes such files beside its components
    flags = ("--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", source / "dist")
    subprocess.run([*PIP, "wheel", *flags, source], check=True)
    (built,) = (source / "dist").iterdir()
    return built


def test_the_wheel_holds_the_package_with_its_data_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    ours = {path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    kinds = (".py", ".toml", ".txt", ".md", ".css", ".js", ".webp")
    wanted = {path for path in ours if path.suffix in kinds or path.name == "py.typed"}
    wanted |= {path for path in ours if path.is_relative_to(PACKAGE / "pocket")}
    assert names == {path.relative_to(ROOT).as_posix() for path in wanted}


def test_the_version_and_the_needed_packages_are_written_once(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        lines = archive.read(name).decode().splitlines()
    assert f"Version: {pix2pix.__version__}" in lines
    needed = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    of_extras = [
        f'{line}; extra == "{extra}"'
        for extra in ("ray", "lora")
        for line in (ROOT / f"requirements-{extra}.txt").read_text().split()
    ]
    assert needed == [*(ROOT / "requirements.txt").read_text().split(), *of_extras]


def test_the_installed_command_edits_a_photo_far_from_the_checkout(wheel, scene, tmp_path):
    target, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    subprocess.run([*PIP, "install", "--no-deps", "--no-index", "--target", target, wheel], check=True)
    elsewhere.mkdir()
    scene.save(elsewhere / "photo.png")
    only_installed = {**os.environ, "PYTHONPATH": str(target)}

    def run(*command: object) -> str:
        done = subprocess.run(command, cwd=elsewhere, env=only_installed, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert run(sys.executable, "-c", "import pix2pix; print(pix2pix.__file__, end='')").startswith(str(target))
    assert "pocket" in run(sys.executable, "-m", "pix2pix", "models")
    flags = ("--out", "night.png", "--seed", "3", "--model", "pocket", "--device", "cpu")
    run(target / "bin" / "pix2pix", "edit", "photo.png", "make it night", *flags)
    assert read_receipt(elsewhere / "night.png").instruction == "make it night"
    with Image.open(elsewhere / "night.png") as night:
        assert night.size == scene.size
