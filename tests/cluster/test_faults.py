"""Workers, drivers and clusters that are killed; the same command again completes everything. ``make cluster-test``."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from PIL import Image

from pix2pix.cluster.running import SCRATCH
from tests import ROOT
from tests.cluster.collections import Scene, assert_as_single_edits, write_bad_ones, write_photos

pytestmark = pytest.mark.cluster

NUMBER = 40
SOME = 8
PATIENCE = 120  # seconds after which a test gives up


def wait_for(condition, what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def driver(scene: Scene, seconds: float, scratch: str = SCRATCH) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.cluster.drive", scene.source, scene.target, scene.log, seconds, scratch]
    return subprocess.Popen(
        list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextmanager
def in_the_midst(scene: Scene) -> Iterator[subprocess.Popen]:
    """A driver that has finished some photos and edits others; it and all its processes are gone afterwards."""
    write_photos(scene.source, NUMBER)
    scratch = tempfile.mkdtemp(dir=SCRATCH)  # a killed driver leaves it
    process = driver(scene, 0.3, scratch)
    family = [psutil.Process(process.pid)]
    try:
        with nothing_half_there(scene):
            wait_for(lambda: len(scene.results()) >= SOME or process.poll() is not None, "no results")
            assert process.poll() is None, process.communicate()
            family += family[0].children(recursive=True)
            yield process
            wait_for(lambda: process.poll() is not None, "the driver never ends")
        wait_for(lambda: not any(map(works_still, family[1:])), "processes stay")
    finally:
        for one in family:
            if is_alive(one):
                one.kill()
        shutil.rmtree(scratch, ignore_errors=True)


def works_still(process: psutil.Process) -> bool:
    """Ray's agents edit nothing, and look once a minute only whether their node is there."""
    return is_alive(process) and "Agent" not in name_of(process)


def name_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it went between the two questions
        return False


@contextmanager
def nothing_half_there(scene: Scene) -> Iterator[None]:
    """Meanwhile, whatever has the name of a result can be opened."""
    is_over, broken = threading.Event(), []

    def look() -> None:
        while not is_over.wait(0.02):
            for result in scene.results():
                try:
                    with Image.open(result) as image:
                        image.load()
                except OSError as error:
                    broken.append((result, error))

    looker = threading.Thread(target=look)
    looker.start()
    try:
        yield
    finally:
        is_over.set()
        looker.join()
    assert broken == []


def assert_the_same_again_completes_it(scene: Scene, finished: set[str], editor, folder) -> None:
    """``finished`` were finished before; none of them is edited again, and everything is there."""
    edits = scene.edits()
    again = driver(scene, 0)
    out, err = again.communicate(timeout=PATIENCE)
    assert (again.returncode, err) == (0, ""), err
    assert f"photos={NUMBER}, failed=0" in out
    assert len(scene.results()) == NUMBER
    assert all(scene.edits()[photo] == edits[photo] == 1 for photo in finished)
    assert sorted(row["source"] for row in scene.rows()) == sorted(str(scene.photo_of(one)) for one in scene.results())
    assert all(row["error"] is None and row["receipt"] for row in scene.rows())
    assert_as_single_edits(scene, editor, folder)


def test_a_worker_is_killed(scene, tiny_editor, tmp_path):
    with in_the_midst(scene) as process:
        finished = scene.finished()
        os.kill(scene.workers()[-1], signal.SIGKILL)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert f"photos={NUMBER}, failed=0" in out
    assert all(scene.edits()[photo] == 1 for photo in finished)
    assert scene.edits().total() <= NUMBER + 1
    assert len(scene.workers()) == 3
    assert_the_same_again_completes_it(scene, scene.finished() - twice(scene), tiny_editor, tmp_path)


def twice(scene: Scene) -> set[str]:
    return {photo for photo, number in scene.edits().items() if number > 1}


def test_the_driver_is_killed(scene, tiny_editor, tmp_path):
    with in_the_midst(scene) as process:
        process.kill()
    finished = scene.finished()
    assert SOME <= len(finished) < NUMBER
    assert_the_same_again_completes_it(scene, finished, tiny_editor, tmp_path)
    assert scene.edits().total() <= NUMBER + 2


def test_the_whole_cluster_is_killed(scene, tiny_editor, tmp_path):
    with in_the_midst(scene) as process:
        for one in psutil.Process(process.pid).children(recursive=True):
            one.kill()
    assert process.returncode != 0
    finished = scene.finished()
    assert SOME <= len(finished) < NUMBER
    assert_the_same_again_completes_it(scene, finished, tiny_editor, tmp_path)


def test_ctrl_c_leaves_photos_and_a_table(scene, tiny_editor, tmp_path):
    with in_the_midst(scene) as process:
        process.send_signal(signal.SIGINT)
    finished = scene.finished()
    assert SOME <= len(finished) < NUMBER
    assert {row["source"] for row in scene.rows()} <= {str(scene.photo_of(result)) for result in scene.results()}
    assert_the_same_again_completes_it(scene, finished, tiny_editor, tmp_path)


@pytest.mark.usefixtures("cluster")
def test_two_hundred_mixed_photos_of_which_seven_are_bad(scene, tiny_editor, tmp_path):
    from pix2pix import edit_collection
    from tests.cluster.collections import REQUEST

    write_photos(scene.source, 193)
    write_bad_ones(scene.source)
    with nothing_half_there(scene):
        finished = edit_collection(str(scene.source), REQUEST, str(scene.target), load=scene.load(), recursive=True)
    assert (finished.photos, finished.failed) == (193, 7)
    assert len(scene.rows()) == 200
    assert len(scene.texts()) == 2
    assert set(scene.texts().values()) == {1}
    assert_as_single_edits(scene, tiny_editor, tmp_path)
