"""Editors for workers: the tiny checkpoint, counted, slow, deadly, or no editor at all. Modules load in the worker."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

from pix2pix.errors import EditFailed
from pix2pix.events import Outcome, PhotoStep
from pix2pix.photo.digest import digest_of

DEADLY = b"deadly"  # at the end of a file, where no decoder looks


class Watched:
    """``editor``, with a line in ``log`` for each photo that it takes: the worker's process, and the photo's digest."""

    def __init__(self, editor, log: Path, seconds: float) -> None:
        self.pipeline = editor.pipeline
        self._editor, self._log, self._seconds = editor, log, seconds
        editor.pipeline.text_encoder.register_forward_pre_hook(lambda *_: self._write("text"))

    def edit_gallery(self, photos, requests, *, session):
        return self._editor.edit_gallery(map(self._taken, photos), requests, session=session)

    def _taken(self, photo: bytes) -> bytes:
        self._write(digest_of(photo))
        if photo.endswith(DEADLY):
            os._exit(1)
        time.sleep(self._seconds)
        return photo

    def _write(self, what: str) -> None:
        import torch

        with self._log.open("a") as file:
            file.write(f"{os.getpid()} {torch.get_num_threads()} {what}\n")


class Nobody:
    """An editor that fails at once, so that only the way of the names and rows is left."""

    pipeline = SimpleNamespace(device=SimpleNamespace(type="cpu"))

    def edit_gallery(self, photos, requests, *, session):
        for index, _ in enumerate(photos):
            yield Outcome(index, None, error=EditFailed("Nobody is here."))


def watched(log: Path, seconds: float = 0) -> Watched:
    from tests.tiny import editor_of, tiny_pipeline

    return Watched(editor_of(tiny_pipeline()), log, seconds)


def no_model():
    from pix2pix.errors import CheckpointError

    raise CheckpointError("There is no model of that name.")


class Batches:
    """``editor``, with a line in ``log`` for each gallery: how many photos it had, and how many steps were drawn."""

    def __init__(self, editor, log: Path) -> None:
        self._editor, self._log = editor, log

    def __getattr__(self, name: str):
        return getattr(self._editor, name)

    def stream_gallery(self, photos, requests, **options):
        steps = 0
        try:
            for event in self._editor.stream_gallery(photos, requests, **options):
                steps += isinstance(event, PhotoStep)
                time.sleep(0.05)  # so that others come, and word of those who leave
                yield event
        finally:
            with self._log.open("a") as file:
                file.write(f"{len(requests)} {steps}\n")


def batches(log: Path) -> Batches:
    from tests.tiny import editor_of, tiny_pipeline

    return Batches(editor_of(tiny_pipeline()), log)
