"""The pages for newcomers name files and folders; what they name is there."""

import re

import pytest

from tests import ROOT
from tests.house.test_imports import FLOORS

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/ARCHITECTURE.md",
    "docs/SECURITY.md",
    "docs/DEPLOYING.md",
)
PATH = re.compile(r"`([\w./-]+(?:/|\.(?:py|md|toml|txt)))`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in LINK.findall(text):
        assert ((ROOT / page).parent / link).exists(), link
    if page in ("CONTRIBUTING.md", "docs/ARCHITECTURE.md"):
        paths = PATH.findall(text)
        assert len(paths) > 15
        for path in paths:
            assert any((folder / path).exists() for folder in (ROOT, ROOT / "pix2pix", ROOT / "pix2pix/ui")), path


def test_the_drawn_floors_are_those_that_are_asserted():
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawing = text.partition("## Floors")[2].split("```")[1].strip().splitlines()
    assert [set(floor.split()) for floor in reversed(drawing)] == [set(floor) for floor in FLOORS[:-1]]
