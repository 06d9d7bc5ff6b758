"""Imports point one way, each floor on those below it."""

import ast
import subprocess
import sys
from pathlib import Path

import pix2pix
from tests import ROOT

PACKAGE = ROOT / "pix2pix"
FLOORS = [  # lowest first; rooms of one floor do not import each other
    ["cores", "errors", "origin"],
    ["setting"],
    ["request"],
    ["events", "flags", "photo"],
    ["detail", "diffusion", "files", "session"],
    ["engine"],
    ["editing"],
    ["cluster", "serving"],
    ["ui", "training"],
    ["cli", "app"],
    ["__main__", "__init__"],
]
REQUIRED = ("-r requirements.txt", "-r requirements-ray.txt", "-r requirements-lora.txt")
FLOOR = {name: height for height, names in enumerate(FLOORS) for name in names}


def room(module: str) -> str:
    """``pix2pix.photo.canvas`` -> ``photo``."""
    return ([*module.split("."), "__init__"])[1]


def imported_modules(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} uses a relative import"
            names.add(node.module)
    return {name for name in names if name.split(".")[0] == "pix2pix"}


def test_imports_point_down():
    files = {file: room(".".join(file.relative_to(ROOT).with_suffix("").parts)) for file in PACKAGE.rglob("*.py")}
    files[ROOT / "app.py"] = "app"
    assert len(files) > 15
    for file, own in files.items():
        for module in imported_modules(file):
            other = room(module)
            if other in (own, "__init__"):  # the public names are lazy, and the version is no import of a room
                continue
            assert FLOOR[other] < FLOOR[own], f"{own} imports {other} in {file.name}"


def test_light_rooms_import_without_torch():
    code = (
        "import pix2pix.ui, pix2pix.session, pix2pix.request, pix2pix.photo, pix2pix.cli; import sys;"
        "assert 'torch' not in sys.modules and 'diffusers' not in sys.modules;"
        "import pix2pix; pix2pix.EditSession, pix2pix.EditError; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_public_names_are_there():
    for name in pix2pix.__all__:
        assert getattr(pix2pix, name).__name__ == name
    assert set(pix2pix.__all__) <= set(dir(pix2pix))


def test_requirements_are_pinned_exactly():
    for file in ("requirements.txt", "requirements-ray.txt", "requirements-lora.txt", "requirements-dev.txt"):
        for line in (ROOT / file).read_text().splitlines():
            assert "==" in line or line in REQUIRED, line
