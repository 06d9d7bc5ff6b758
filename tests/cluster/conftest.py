"""A Ray cluster of two workers for the tests of this room, and photos for it."""

import logging
import os
from importlib.util import find_spec

import pytest

from tests import ROOT
from tests.cluster.collections import Scene

collect_ignore_glob = [] if find_spec("ray") else ["test_*.py"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two cores of Ray in this process, until the module ends."""
    import ray

    from pix2pix.cluster.running import OBJECTS, QUIET

    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**QUIET, "PYTHONPATH": str(ROOT)}.items():
            patch.setenv(name, value)
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        ray.init(
            address="local",
            num_cpus=2,
            include_dashboard=False,
            object_store_memory=OBJECTS,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _temp_dir=f"/tmp/pix2pix-ray-{os.getpid()}",  # names of sockets must be short
        )
        yield
        ray.shutdown()


@pytest.fixture
def scene(tmp_path) -> Scene:
    return Scene(tmp_path / "in", tmp_path / "out", tmp_path / "log")
