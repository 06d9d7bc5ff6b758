"""Figures of ``make cluster-test``: what a second worker gains, and what many photos cost the driver."""

import os
import subprocess
import sys

import psutil
import pytest
from PIL import Image

from pix2pix import EditRequest
from pix2pix.cluster.edit import stream_collection
from tests import ROOT
from tests.cluster.fakes import Nobody

pytestmark = pytest.mark.cluster

PHOTOS, MANY = 16, 20_000
WORKERS = """
import sys, ray, logging
from pix2pix import EditRequest, edit_collection
from pix2pix.cluster.running import ALONE
source, target, workers = sys.argv[1:]
ray.init(address="local", num_cpus=int(workers), log_to_driver=False, logging_level=logging.ERROR, **ALONE)
request = EditRequest("make it night", num_inference_steps=2, seed=3)
edit_collection(source, request, target, model="pocket", device="cpu")
ray.shutdown()
"""


def test_two_workers_against_one(photos, tmp_path):
    (tmp_path / "in").mkdir()
    for index in range(PHOTOS):
        with Image.open(photos[index % len(photos)]) as photo:
            photo.resize((288 + index, 256)).save(tmp_path / "in" / f"{index}.png")
    rates = {}
    for workers in (1, 2):
        out = tmp_path / str(workers)
        command = [sys.executable, "-c", WORKERS, str(tmp_path / "in"), str(out), str(workers)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        finished = sorted(result.stat().st_mtime for result in out.glob("*.png"))
        assert len(finished) == PHOTOS
        rates[workers] = (PHOTOS - 2) / (finished[-1] - finished[1])  # after all workers have loaded the model
    print(f"\n{rates[1]:.2f} photos a second with one worker, {rates[2]:.2f} with two: {rates[2] / rates[1]:.2f} times")


@pytest.mark.usefixtures("cluster")
def test_the_driver_does_not_grow_with_the_photos(tmp_path):
    (tmp_path / "in").mkdir()
    for index in range(MANY):
        (tmp_path / "in" / f"{index:05}.png").touch()
    stream = stream_collection(str(tmp_path / "in"), EditRequest("x", seed=1), str(tmp_path / "out"), load=Nobody)
    memory, sizes = psutil.Process(os.getpid()).memory_info, {}
    for number, _ in enumerate(stream, 1):
        if number % 2_000 == 0:
            sizes[number] = memory().rss // 1024**2
    print(f"\n{number} photos; the driver's memory in MB: {sizes}")
    assert number == MANY
    assert sizes[MANY] - sizes[4_000] < 32
