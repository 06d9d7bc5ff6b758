"""What the app is made of: pinned packages with sums, weights that run no code, formats that are on a list."""

import os
import re
import shutil
import socket
import subprocess
import sys
from importlib.metadata import requires
from itertools import product
from pathlib import Path

import pillow_heif
import pytest
import torch
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image, features
from safetensors.torch import load_file

from pix2pix import CheckpointError, Editor, EditRequest, InvalidImage
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX, KNOWN
from pix2pix.photo import open_photo
from pix2pix.photo.reading.formats import FORMATS, formats_of
from tests import ROOT, audit
from tests.photo.test_decoding import encoded
from tests.tiny import write_instruct_pix2pix

SUMS = r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+"
ENTRY = re.compile(rf"^([a-z0-9-]+)==([^\s;]+)(?: ; [^\\\n]+)?{SUMS}$", re.MULTILINE)
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
ALLOWED = {"PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF", "TIFF", "BMP", "JPEG2000"}
BRANDS = {"avif": "AVIF", "avis": "AVIF", "heic": "HEIF", "heix": "HEIF", "hevc": "HEIF", "mif1": "HEIF"}
NO_BRANDS = ("crx ", "avci", "avcs", "j2ki", "jpeg", "vvic", "isom", "mp42", "qt  ", "M4V ")


def pinned(name: str) -> dict[str, str]:
    """The packages of a file of requirements, and their versions."""
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("-r ")]
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in found}


@pytest.fixture(scope="module")
def locked() -> dict[str, str]:
    """The packages of the lock file, and their versions."""
    return dict(ENTRY.findall((ROOT / "requirements.lock").read_text()))


def test_every_line_of_the_lock_is_a_version_with_its_sums_and_names_no_place():
    text = (ROOT / "requirements.lock").read_text()
    left = [line for line in ENTRY.sub("", text).splitlines() if line and not line.startswith("#")]
    assert left == []
    assert "://" not in text
    assert not re.search(r"(^|\s)/\w", text)


def test_the_lock_agrees_with_what_is_pinned(locked):
    for name, version in (pinned("requirements.txt") | pinned("requirements-dev.txt")).items():
        assert locked.get(name) == version


def pulled_in(line: str) -> set[str]:
    """The packages that ``line`` needs on this machine, itself included."""
    found: set[str] = set()
    waiting = [Requirement(line)]
    while waiting:
        one = waiting.pop()
        for extra in ("", *one.extras):
            key = f"{canonicalize_name(one.name)}[{extra}]"
            if key not in found:
                found.add(key)
                needed = map(Requirement, requires(one.name) or [])
                waiting += [new for new in needed if not new.marker or new.marker.evaluate({"extra": extra})]
    return {key.partition("[")[0] for key in found}


def test_the_lock_holds_what_the_pinned_packages_pull_in(locked):
    names = ("requirements.txt", "requirements-ray.txt", "requirements-lora.txt", "requirements-dev.txt")
    lines = [line for name in names for line in (ROOT / name).read_text().splitlines() if not line.startswith("-r")]
    needed = set().union(*map(pulled_in, lines))
    assert len(needed) > 60
    assert needed - {*locked} == set()


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("", None),
        ('{"dependencies": [{"name": "a", "skip_reason": "not found"}]}', None),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', []),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X", "fix_versions": ["2"]}]}]}',
            ["a 1 has the known fault X; it is mended in 2."],
        ),
    ],
    ids=["no answer", "not all could be asked for", "nothing known", "a fault"],
)
def test_an_audit_that_got_no_answer_is_no_clean_one(monkeypatch, said, answer):
    done = subprocess.CompletedProcess([], 1, said, "")
    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: done)
    packages = audit.ask()
    assert (None if packages is None else audit.sentences(packages)) == answer
    if answer != []:
        with pytest.raises(SystemExit, match=answer[0] if answer else audit.CANNOT_ASK):
            audit.main()


@pytest.mark.torture
def test_an_audit_without_a_network_is_one_sentence():
    nowhere = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    command = [sys.executable, "-m", "tests.audit"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **nowhere}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"{audit.CANNOT_ASK}\n")


class Bomb:
    """Whoever reads its pickle makes a folder."""

    def __init__(self, folder) -> None:
        self._folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self._folder,)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder with the layout and the names of the real checkpoint."""
    folder = tmp_path_factory.mktemp("written")
    write_instruct_pix2pix(folder, fp16=False)
    return folder


@pytest.fixture
def checkpoint(written, tmp_path):
    """A copy that a test may change."""
    return Path(shutil.copytree(written, tmp_path / "checkpoint"))


def test_weights_that_could_run_code_are_refused_and_not_read(checkpoint, tmp_path):
    (weights,) = (checkpoint / "unet").glob("*.safetensors")
    whole = load_file(weights)
    weights.unlink()
    for suffix, content in product(PICKLES, (whole, {**whole, "bomb": Bomb(tmp_path / "executed")})):
        torch.save(content, weights.with_suffix(suffix))
        with pytest.raises(CheckpointError) as caught:
            Editor.load(str(checkpoint), device="cpu")
        assert str(caught.value).startswith("A file of checkpoint is missing or broken; get the model again, or ")
        weights.with_suffix(suffix).unlink()
    assert not (tmp_path / "executed").exists()


def test_a_single_file_of_weights_is_no_checkpoint(tmp_path):
    for suffix in PICKLES:
        torch.save(Bomb(tmp_path / "executed"), tmp_path / f"model{suffix}")
        with pytest.raises(CheckpointError, match=r"^There is no model of that name; [^\n]*\.$"):
            Editor.load(str(tmp_path / f"model{suffix}"), device="cpu")
    assert not (tmp_path / "executed").exists()


def test_what_comes_from_the_hub_is_pinned_to_a_commit():
    of_hub = [one for one in KNOWN if not one.is_folder]
    assert of_hub
    assert all(re.fullmatch("[0-9a-f]{40}", one.revision) for one in of_hub)


@pytest.fixture
def no_network(monkeypatch):
    """``HF_HUB_OFFLINE`` is set for all tests; here nothing else may connect, either."""

    def refused(*_):
        raise AssertionError("it tried to reach the network")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def test_both_models_load_without_a_network(no_network, checkpoint, tmp_path, monkeypatch, scene):
    """The full one from the hub's folder, as it lies there after the first download."""
    name = f"models--{INSTRUCT_PIX2PIX.source.replace('/', '--')}"
    snapshots = tmp_path / "hub" / name / "snapshots"
    snapshots.mkdir(parents=True)
    checkpoint.rename(snapshots / INSTRUCT_PIX2PIX.revision)
    for place in ("huggingface_hub.constants", "huggingface_hub._snapshot_download", "diffusers.utils.constants"):
        monkeypatch.setattr(f"{place}.HF_HUB_CACHE", str(tmp_path / "hub"), raising=False)
    assert Editor.load(INSTRUCT_PIX2PIX.name, device="cpu").checkpoint.revision == INSTRUCT_PIX2PIX.revision
    pocket = Editor.load("pocket", device="cpu")
    assert pocket.edit(scene, EditRequest("make it night", 1)).image.size == scene.size


def test_only_formats_of_the_list_reach_a_decoder(monkeypatch, scene):
    Image.init()
    small, reached = scene.convert("L").resize((16, 16)), []
    others = {name: opener for name, opener in Image.OPEN.items() if name not in {*ALLOWED, "MPO"}}
    assert len(others) > 25
    for name, (_, accepts) in others.items():
        monkeypatch.setitem(Image.OPEN, name, (lambda *_, name=name: reached.append(name), accepts))
    for name in {*others} & {*Image.SAVE}:
        for mode in ("L", "1", "RGB"):
            try:
                data = encoded(small.convert(mode), name)
            except Exception:  # it cannot be written
                continue
            with pytest.raises(InvalidImage):
                open_photo(data)
    assert reached == []
    assert {*FORMATS} == ALLOWED


def test_what_begins_like_a_film_is_an_avif_or_heic_of_the_list():
    for brand, name in BRANDS.items():
        assert name in formats_of(b"\0\0\0\x20ftyp" + brand.encode() + bytes(20))
    for brand in NO_BRANDS:
        assert formats_of(b"\0\0\0\x20ftyp" + brand.encode() + bytes(20)) == ()


def test_libheif_decodes_hevc_only_and_libavif_av1_only():
    """A HEIC could name any codec inside; these are all that there are."""
    from PIL import _avif

    assert {*pillow_heif.libheif_info()["decoders"]} == {"libde265"}
    assert features.check("avif")
    assert [name for name in ("dav1d", "aom", "libgav1") if _avif.decoder_codec_available(name)] == ["dav1d"]
