"""The README's front matter is what Hugging Face builds the Space from; it must agree with the pinned requirements."""

import re
import shutil
from types import SimpleNamespace

import yaml
from huggingface_hub.utils import filter_repo_objects

from pix2pix import Editor
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX
from tests import ROOT
from tests.tiny import write_instruct_pix2pix

NEVER_READ = (  # what else lies in the repository of the real checkpoint
    ".gitattributes",
    "README.md",
    "instruct-pix2pix-00-22000.ckpt",
    "instruct-pix2pix-00-22000.safetensors",
    "safety_checker/pytorch_model.bin",
    "text_encoder/pytorch_model.bin",
    "unet/diffusion_pytorch_model.bin",
    "unet/diffusion_pytorch_model.fp16.bin",
    "vae/diffusion_pytorch_model.bin",
)


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
    assert space["thumbnail"].startswith("https://")
    assert (ROOT / space["thumbnail"].partition("/resolve/main/")[2]).is_file()
    assert "mcp-server" in space["tags"]
    assert space["license"] == "apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert len(space["short_description"]) <= 60


def test_the_python_of_the_space_is_one_that_github_tests():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    assert front_matter()["python_version"] in workflow["jobs"]["test"]["strategy"]["matrix"]["python"]


class Hub:
    """A stand-in for Hugging Face that has one model, and remembers which of its files were fetched."""

    def __init__(self, repository, cache) -> None:
        self.repository, self.cache = repository, cache
        self.fetched, self.revisions = set(), set()

    def model_info(self, name, *, revision, **_):
        self.revisions.add(revision)
        names = [path.relative_to(self.repository).as_posix() for path in self.repository.rglob("*") if path.is_file()]
        return SimpleNamespace(siblings=[SimpleNamespace(rfilename=name) for name in names])

    def hf_hub_download(self, name, file, *, revision, **_):
        self.revisions.add(revision)
        self.fetched.add(file)
        target = self.cache / revision / file
        target.parent.mkdir(parents=True, exist_ok=True)
        return shutil.copy(self.repository / file, target)

    def snapshot_download(self, name, *, revision, allow_patterns, ignore_patterns, **_):
        names = [sibling.rfilename for sibling in self.model_info(name, revision=revision).siblings]
        for file in filter_repo_objects(names, allow_patterns=allow_patterns, ignore_patterns=ignore_patterns):
            self.hf_hub_download(name, file, revision=revision)
        return self.cache / revision


def test_the_space_preloads_exactly_what_loading_fetches(tmp_path, monkeypatch):
    """Less would be fetched when the Space starts, more would never be read."""
    write_instruct_pix2pix(tmp_path / "repository")
    for name in NEVER_READ:
        (tmp_path / "repository" / name).touch()
    hub = Hub(tmp_path / "repository", tmp_path / "cache")
    for call in ("model_info", "hf_hub_download", "snapshot_download"):
        monkeypatch.setattr(f"diffusers.pipelines.pipeline_utils.{call}", getattr(hub, call))
    monkeypatch.setattr("pix2pix.diffusion.loading.hf_hub_download", hub.hf_hub_download)
    editor = Editor.load(INSTRUCT_PIX2PIX.name, device="cpu")
    assert editor.pipeline.safety_checker is not None
    (preloaded,) = front_matter()["preload_from_hub"]
    source, files, commit = preloaded.split(" ")
    assert source == INSTRUCT_PIX2PIX.source
    assert {commit} == hub.revisions == {INSTRUCT_PIX2PIX.revision}
    assert sorted(files.split(",")) == sorted(hub.fetched)


def test_the_readme_begins_with_a_picture_and_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)[2]
    picture = re.search(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert (ROOT / picture[1]).is_file()
    assert picture.start() < text.index("make run") < text.index("make test") < 600
