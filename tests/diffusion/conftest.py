"""A checkpoint with the exact layout of the real one."""

import shutil
from pathlib import Path

import pytest

from tests.tiny import write_instruct_pix2pix


@pytest.fixture(scope="package")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints") / "instruct-pix2pix"
    return folder, write_instruct_pix2pix(folder)


@pytest.fixture
def folder(written, tmp_path):
    """A copy that a test may break."""
    return Path(shutil.copytree(written[0], tmp_path / "instruct-pix2pix"))
