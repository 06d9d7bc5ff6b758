"""Whatever part breaks in an edit: one sentence, the next edit as ever, and the memory comes back."""

import errno
import gc
import io
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count

import pytest
import torch

from pix2pix import EditFailed, EditRequest, EditSession, OutOfMemory
from pix2pix.files import drafts
from pix2pix.files.room import NO_ROOM
from pix2pix.serving.workspace import new_key
from pix2pix.ui.safely import sentence_for
from tests.reliability.opening import memory
from tests.tiny import safety_checker

REQUEST = EditRequest("make it snowy", num_inference_steps=3, seed=4)
SENTENCE = re.compile(r"[A-Z“][^\n/]+\.")
FEW, FIRST, MANY, MEGABYTES = 2, 5, 50, 5
ROOM = 500  # bytes of the disk that is full


@contextmanager
def raising(part: torch.nn.Module, error: Exception, at: int = 1) -> Iterator[None]:
    """``part`` raises ``error`` when it is called for the time ``at``."""
    calls = count(1)

    def hook(*_):
        if next(calls) == at:
            raise error

    with part.register_forward_pre_hook(hook):
        yield


def out_of_memory(pipeline, number):
    return raising(pipeline.unet, torch.OutOfMemoryError("CUDA out of memory"), at=1 + number % 3)


def lost_latents(pipeline, number):
    return pipeline.unet.register_forward_hook(lambda module, inputs, output: (output[0] * torch.nan,))


def no_text_encoder(pipeline, number):
    return raising(pipeline.text_encoder, RuntimeError("at /home/somebody"))


def no_decoder(pipeline, number):
    return raising(pipeline.vae.decoder, IndexError("at /home/somebody"), at=1 + number % 2)


class FullDisk(io.BytesIO):
    """A file that finds no room for more than its beginning."""

    def write(self, data):
        if self.tell() + len(data) > ROOM:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


@contextmanager
def full_disk(pipeline, number):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drafts, "_begun", lambda draft: FullDisk())
        yield


@contextmanager
def silent_checker(pipeline, number):
    """A checker that says nothing, says too little, or breaks, in turn."""

    def check(pixels, device, dtype):
        if number % 3 == 2:
            raise RuntimeError("at /home/somebody")
        return pixels, (None, [])[number % 3]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "safety_checker", safety_checker())
        patch.setattr(pipeline, "run_safety_checker", check)
        yield


@dataclass(frozen=True)
class Fault:
    """Attributes:
    breaks: what breaks the part of a pipeline for a while; the number is that of the edit.
    error: what the edit raises.
    """

    breaks: Callable[[object, int], AbstractContextManager]
    error: type[Exception] = EditFailed


FAULTS = {
    "out of memory": Fault(out_of_memory, OutOfMemory),
    "NaN latents": Fault(lost_latents),
    "text encoder": Fault(no_text_encoder),
    "decoder": Fault(no_decoder),
    "full disk": Fault(full_disk, OSError),
    "silent checker": Fault(silent_checker),
}


class Bench:
    """An editor whose parts can be broken, and somebody whose results are kept."""

    def __init__(self, editor, visitors, photo) -> None:
        self.editor, self.store = editor, visitors.store
        self.workspace = visitors.workspace(new_key())
        self.photo = self.workspace.add_photo(photo)

    def edit(self) -> bytes:
        """The file of one more edit; nothing is known of those before."""
        result = self.editor.edit(self.photo.file, REQUEST, session=EditSession())
        return self.workspace.add_result(result, self.photo).file.read_bytes()

    def fails(self, fault: Fault, number: int) -> None:
        """One edit with a broken part: one sentence, and nothing is kept of it."""
        folders, results = len(list(self.store.files.iterdir())), self.workspace.results()
        with fault.breaks(self.editor.pipeline, number), pytest.raises(fault.error) as caught:
            self.edit()
        said = sentence_for(caught.value)
        assert SENTENCE.fullmatch(said), said
        assert (said == NO_ROOM) == (fault.error is OSError)
        assert (len(list(self.store.files.iterdir())), self.workspace.results()) == (folders, results)

    def endures(self, fault: Fault, times: int, first: int = 0) -> float:
        """Break so many edits, each before one that must be as ever; the MB that stay after the ``first`` ones."""
        as_ever, before = self.edit(), 0.0
        for number in range(first + times):
            if number == first:
                before = self._resident()
            self.fails(fault, number)
            assert self.edit() == as_ever
        return self._resident() - before

    def _resident(self) -> float:
        gc.collect()
        return memory("VmRSS")


@pytest.fixture
def bench(tiny_editor, visitors, scene, tmp_path, caplog):
    caplog.set_level(logging.CRITICAL)  # kept tracebacks would keep what the frames hold
    scene.save(tmp_path / "photo.png")
    return Bench(tiny_editor, visitors, tmp_path / "photo.png")


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_after_a_fault_the_next_edit_is_as_ever(bench, fault):
    bench.endures(fault, FEW + (fault.breaks is silent_checker))


@pytest.mark.torture
@pytest.mark.parametrize("name", FAULTS)
def test_fifty_faults_of_a_kind(bench, name):
    grown = bench.endures(FAULTS[name], MANY, FIRST)
    print(f"{name}: {MANY} faults, {grown:+.1f} MB")
    assert grown <= MEGABYTES
