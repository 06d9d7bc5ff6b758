"""A folder of photos."""

import pytest


@pytest.fixture
def folder(scene, tmp_path):
    """Photos on two levels, two of them of one name, and files that are no photos."""
    names = ("b.jpg", "a.png", "a.webp", "inside/a.png", "inside/deeper/C.PNG")
    for name in names:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        scene.save(path)
    for name in ("notes.txt", ".hidden.png", "inside/list.csv"):
        (tmp_path / "in" / name).write_text("no photo")
    return tmp_path / "in"
