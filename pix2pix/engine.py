"""What draws, as types: an ``Editor`` in this process, or one whose work replicas elsewhere do. Knows no torch."""

import os
from collections.abc import Generator, Iterable
from typing import Protocol

from PIL.Image import Image

from pix2pix.events import Explanation, Outcome, PhotoStep, Result, Step
from pix2pix.request import Defaults, EditRequest
from pix2pix.session import EditSession

File = str | os.PathLike[str] | bytes | Image  # a photo or a mask: a path, the bytes of a file, or a picture


class CheckpointLike(Protocol):
    """What people are told of a checkpoint; ``pix2pix.diffusion.checkpoints.Checkpoint`` is one."""

    @property
    def name(self) -> str: ...

    @property
    def defaults(self) -> Defaults: ...

    @property
    def about(self) -> str: ...

    @property
    def suggestions(self) -> tuple[str, ...]: ...

    @property
    def steps_advice(self) -> str: ...

    @property
    def notches(self) -> tuple[float, float]: ...

    @property
    def guidance_limits(self) -> tuple[float, ...]: ...


class EditorLike(Protocol):
    """A loaded model, as far as the page looks at it."""

    @property
    def checkpoint(self) -> CheckpointLike: ...

    @property
    def note(self) -> str | None: ...

    @property
    def max_tokens(self) -> int: ...

    def count_tokens(self, instruction: str) -> int: ...


class Engine(EditorLike, Protocol):
    """A loaded model that draws; ``pix2pix.Editor`` is one, and its methods say what these do."""

    @property
    def is_idle(self) -> bool: ...

    def explain(self, photo: File, request: EditRequest, *, session: EditSession | None = None) -> Explanation: ...

    def stream(
        self, photo: File, request: EditRequest, *, session: EditSession | None = None, mask: File | None = None
    ) -> Generator[Step | Result, None, None]: ...

    def stream_gallery(
        self,
        photos: Iterable[File],
        request: Iterable[EditRequest],
        *,
        session: EditSession | None = None,
        masks: Iterable[File | None] | None = None,
    ) -> Generator[PhotoStep | Outcome, None, None]: ...

    def edit_variants(
        self,
        photo: File,
        requests: Iterable[EditRequest],
        *,
        session: EditSession | None = None,
        mask: File | None = None,
    ) -> Generator[PhotoStep | Outcome, None, None]: ...
