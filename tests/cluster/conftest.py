"""A Ray cluster of two workers for the tests of this room, and photos for it."""

import logging
from importlib.util import find_spec
from tempfile import TemporaryDirectory

import psutil
import pytest

from tests import ROOT
from tests.cluster.collections import Scene

collect_ignore_glob = [] if find_spec("ray") else ["test_*.py"]


@pytest.fixture(scope="module")
def cluster():
    """Two cores of Ray in this process, until the module ends."""
    import ray

    from pix2pix.cluster.joining import QUIET
    from pix2pix.cluster.running import ALONE, SCRATCH

    scratch = TemporaryDirectory(prefix="pix2pix-ray-", dir=SCRATCH, ignore_cleanup_errors=True)
    with pytest.MonkeyPatch.context() as patch, scratch as folder:
        for name, value in {**QUIET, "PYTHONPATH": str(ROOT)}.items():
            patch.setenv(name, value)
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        ray.init(
            address="local",
            num_cpus=2,
            **ALONE,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _temp_dir=folder,
        )
        yield
        ray.shutdown()


@pytest.fixture
def scene(tmp_path) -> Scene:
    return Scene(tmp_path / "in", tmp_path / "out", tmp_path / "log")


def replicas() -> list[psutil.Process]:
    """The processes of this machine that are replicas of an editor."""
    processes = psutil.process_iter(["cmdline"])
    return [one for one in processes if any("ServeReplica" in word for word in one.info["cmdline"] or ())]
