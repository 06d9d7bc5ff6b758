"""A checkpoint with the exact layout of the real one, small photos, and a LoRA."""

import shutil
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import save_file

from pix2pix.diffusion.checkpoints import LORA_WEIGHTS
from tests.tiny import lora, tiny_pipeline, write_instruct_pix2pix


@pytest.fixture(scope="package")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints") / "instruct-pix2pix"
    return folder, write_instruct_pix2pix(folder)


@pytest.fixture
def folder(written, tmp_path):
    """A copy that a test may break."""
    return Path(shutil.copytree(written[0], tmp_path / "instruct-pix2pix"))


@pytest.fixture
def three_photos(scene):
    turned = scene.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return [image.resize((48, 32)) for image in (scene, turned, Image.eval(scene, lambda value: 255 - value))]


@pytest.fixture(scope="package")
def made(tmp_path_factory):
    """A folder with a tiny checkpoint, ``base``, and a LoRA for it, ``lcm``."""
    folder = tmp_path_factory.mktemp("made")
    pipeline = tiny_pipeline()
    pipeline.save_pretrained(folder / "base")
    (folder / "lcm").mkdir()
    save_file(lora(pipeline.unet), folder / "lcm" / LORA_WEIGHTS)
    return folder


@pytest.fixture
def lora_folder(made, tmp_path):
    """A copy that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "made"))
