"""What the tests share: pictures, a tiny random pipeline, and pocket."""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import SHARED

# No test may reach the network, lean on what a machine has downloaded before, on settings of the person who starts
# it, or on a folder of gradio's that belongs to somebody else. Here, because libraries read these on import.
SCRATCH = tempfile.TemporaryDirectory(prefix="pix2pix-tests-", ignore_cleanup_errors=True)
for name in [name for name in os.environ if name.startswith(("PIX2PIX_", "GRADIO_", "HF_"))]:
    del os.environ[name]
os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "HF_HOME": os.path.join(SCRATCH.name, "huggingface"),
    "GRADIO_TEMP_DIR": os.path.join(SCRATCH.name, "gradio"),
    "GRADIO_ANALYTICS_ENABLED": "False",
}


def pytest_unconfigure() -> None:
    SCRATCH.cleanup()


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Real photographs: the project's own where they are, otherwise those that come with gradio, at a like size."""
    found = sorted((SHARED / "photos").glob("*.png"))
    if found:
        return found
    from gradio.media import get_image

    folder = tmp_path_factory.mktemp("photos")
    for name in ("tower.jpg", "lion.jpg", "cheetah1.jpg"):
        image = Image.open(get_image(name)).convert("RGB")
        image.thumbnail((768, 768))
        image.save(folder / f"{Path(name).stem}.png")
    return sorted(folder.glob("*.png"))


@pytest.fixture(scope="session")
def scene() -> Image.Image:
    """A generated picture, 96 x 64: soft colours with a few hard edges."""
    rng = np.random.default_rng(3)
    soft = Image.fromarray(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8)).resize((96, 64), Image.Resampling.BICUBIC)
    soft.paste((200, 30, 40), (20, 10, 50, 40))
    soft.paste((250, 250, 245), (60, 30, 90, 60))
    return soft


@pytest.fixture
def tiny_pipeline():
    import torch

    from tests.tiny import tiny_pipeline

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small that threads only wait for each other
    yield tiny_pipeline()
    torch.set_num_threads(threads)


@pytest.fixture
def tiny_editor(tiny_pipeline):
    from tests.tiny import editor_of

    return editor_of(tiny_pipeline)


@pytest.fixture(scope="session")
def pocket():
    from pix2pix import Editor

    return Editor.load("pocket", device="cpu")


@pytest.fixture(scope="session")
def command():
    """``command("edit", ...)`` -> what a shell runs: the program as a person starts it."""
    return lambda *arguments: [sys.executable, "-m", "pix2pix", *map(str, arguments)]


@pytest.fixture
def run(tiny_editor, monkeypatch, capsys):
    """``run("edit", ...)`` -> (exit status, stdout, stderr), with the tiny checkpoint in place of any other."""
    from pix2pix import Editor, cli

    monkeypatch.setattr(Editor, "load", classmethod(lambda cls, name, device=None: tiny_editor))

    def call(*arguments):
        try:
            status = cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = stop.code
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def visitors(tmp_path):
    """Nobody was here yet."""
    from pix2pix.serving.store import Store
    from pix2pix.serving.visitors import Visitors

    store = Store(tmp_path / "visitors", keep_seconds=3600, max_bytes=10**9)
    yield Visitors(store)
    store.close()
