"""An app that has worked for long holds no more than one that has just begun: memory, threads, file handles.

The figures are those of a process of its own: ``python -m tests.reliability.test_memory edits 500``, and ``sessions``.
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from gradio.components import Component
from PIL import Image

from pix2pix import EditSession
from pix2pix.serving import visitors
from pix2pix.serving.opening import give_back
from tests import ROOT
from tests.reliability.conftest import serving, until
from tests.reliability.guest import Guest
from tests.reliability.opening import memory
from tests.ui.conftest import StudioOf

EDITS, SESSIONS, MEGABYTES = 500, 1_000, 20
FIRST_EDITS = 20  # in which libraries and caches take what they keep
FEW_EDITS, FEW_SESSIONS, FEW_KEPT = 8, 9, 3
POOLS = ("AnyIO", "asyncio_")  # bounded, and their idle threads go later


def threads() -> int:
    """How many there are beside those that wait in a pool."""
    return sum(not thread.name.startswith(POOLS) for thread in threading.enumerate())


def handles() -> int:
    """How many files, sockets and the like are open."""
    return len(os.listdir("/proc/self/fd"))


def resident() -> tuple[float, float]:
    """MB of this process: what is held, and with what only waits to be collected or lies in reserve."""
    plain = memory("VmRSS")
    gc.collect()
    give_back()
    return memory("VmRSS"), plain


def parts() -> int:
    """How many parts of pages there are, of all sessions."""
    return sum(Component in type(one).__mro__ for one in gc.get_objects())  # isinstance would remember every class


def encoded() -> int:
    """How many visitors there are of whom something that was encoded is kept."""
    return sum(type(one) is EditSession for one in gc.get_objects())


@contextmanager
def guest_at(address: str, folder: Path) -> Iterator[Guest]:
    """Somebody new with a photo that nobody else has."""
    with closing(Guest(address)) as guest:
        photo = folder / f"{guest.session}.png"
        Image.effect_noise((96, 64), 50).convert("RGB").save(photo)
        guest.choose(photo)
        photo.unlink()
        yield guest


class Held:
    """What the app around ``editor`` holds while it works."""

    def __init__(self, editor, folder: Path) -> None:
        self._service, self._folder = StudioOf(editor), folder

    def after_edits(self, number: int, first: int) -> dict[str, float]:
        """So many edits of one visitor after the ``first``: what has come to it."""

        def work(some: int) -> None:
            for index in range(some):
                guest.edit(f"make it {index} of {some}", index)

        with serving(self._folder, self._service) as address, guest_at(address, self._folder) as guest:
            work(first)
            return self._grown(lambda: work(number))

    def after_sessions(self, number: int, first: int) -> dict[str, float]:
        """So many visitors after the ``first``, each with an edit: what has come to it."""

        def come(some: int) -> None:
            for _ in range(some):
                with guest_at(address, self._folder) as guest:
                    guest.edit("make it night")

        with serving(self._folder, self._service) as address:
            come(first)
            return self._grown(lambda: come(number))

    def _grown(self, work: Callable[[], object]) -> dict[str, float]:
        (held, plain), had = resident(), (threads(), handles(), parts(), encoded())
        work()
        until(lambda: threads() <= had[0] and handles() <= had[1], 30)
        held_now, plain_now = resident()
        grown = {"megabytes": round(held_now - held, 1), "with the reserve": round(plain_now - plain, 1)}
        counted = {"parts": parts() - had[2], "encoded": encoded() - had[3]}
        return {**grown, "threads": threads(), "handles": handles(), **counted}


def test_edits_of_one_session_leave_no_thread_and_no_file_open(tiny_editor, tmp_path):
    assert Held(tiny_editor, tmp_path).after_edits(FEW_EDITS, first=3)["parts"] == 0


def test_sessions_past_the_bound_leave_nothing(tiny_editor, tmp_path, monkeypatch):
    monkeypatch.setattr(visitors, "MAX_SESSIONS", FEW_KEPT)
    assert Held(tiny_editor, tmp_path).after_sessions(FEW_SESSIONS, first=FEW_KEPT)["encoded"] <= 0


def measured(what: str, number: int) -> dict[str, float]:
    """The figures of a process of its own, whose memory no other test has used."""
    command = [sys.executable, "-m", "tests.reliability.test_memory", what, str(number)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.torture
@pytest.mark.parametrize(("what", "number"), [("edits", EDITS), ("sessions", SESSIONS)])
def test_memory_stays_where_it_was(what, number):
    figures = measured(what, number)
    print(f"{number} {what}: {figures}")
    assert figures["megabytes"] <= MEGABYTES
    assert figures["parts"] <= 0


def main(what: str, number: int) -> None:
    """Print the figures of so many edits, or sessions, as one line of JSON."""
    import torch

    from tests.tiny import editor_of, tiny_pipeline

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        held = Held(editor_of(tiny_pipeline()), Path(folder))
        if what == "edits":
            print(json.dumps(held.after_edits(number, FIRST_EDITS)))
        else:
            print(json.dumps(held.after_sessions(number - 2 * visitors.MAX_SESSIONS, 2 * visitors.MAX_SESSIONS)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
