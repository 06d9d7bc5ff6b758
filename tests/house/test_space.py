"""The README's front matter is what Hugging Face builds the Space from; it must agree with the pinned requirements."""

import re

import yaml

from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX
from tests.house.test_imports import ROOT


def front_matter() -> dict:
    _, text, _ = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(text)


def test_the_space_runs_the_pinned_gradio():
    (pinned,) = re.findall(r"^gradio(?:\[.*\])?==(.+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert front_matter()["sdk"] == "gradio"
    assert front_matter()["sdk_version"] == pinned


def test_what_the_space_names_is_there():
    space = front_matter()
    assert (ROOT / space["app_file"]).is_file()
    assert space["models"] == [INSTRUCT_PIX2PIX.source]
    assert space["preload_from_hub"][0].split()[0] == INSTRUCT_PIX2PIX.source
    assert space["license"] == "apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert len(space["short_description"]) <= 60


def test_the_readme_begins_with_a_picture_and_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)[2]
    picture = re.search(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert (ROOT / picture[1]).is_file()
    assert picture.start() < text.index("make run") < text.index("make test") < 600
