"""What is to be done with a collection of photos; it travels to every worker."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pix2pix.cluster.listing import Listed
from pix2pix.cluster.store import Store
from pix2pix.request import MAX_SEED, EditRequest

if TYPE_CHECKING:
    from pix2pix.editing.editor import Editor


@dataclass(frozen=True)
class Collection:
    """Photos of one folder, edited by one request into another folder.

    Attributes:
        source: where the photos are.
        target: where the results go.
        request: for the first photo; its seed is settled.
        any_seed: whether results that are there may have any seed, because nobody has named one.
        load: makes the editor, once in each worker.
        checkpoint: the model that results which are there must have been made by; ``None`` for any.
        vary_seed: whether photo k has the seed + k.
        recursive: whether photos in the folders inside the folder belong to it.
        overwrite: whether photos that have a result already are edited again.
        format: of results, as ``request.FORMAT`` has it.
        metadata: whether results keep date, author and such of their photos.
        device: what draws; ``None`` for the best of each machine.
        cores: of each editor where there are no GPUs.
    """

    source: Store
    target: Store
    request: EditRequest
    any_seed: bool
    load: Callable[[], "Editor"]
    checkpoint: str | None = None
    vary_seed: bool = False
    recursive: bool = False
    overwrite: bool = False
    format: str = "own"
    metadata: bool = True
    device: str | None = None
    cores: int = 1

    def request_for(self, photo: Listed) -> EditRequest:
        """The request of ``photo``."""
        assert self.request.seed is not None
        offset = photo.index if self.vary_seed else 0
        return replace(self.request, seed=(self.request.seed + offset) % (MAX_SEED + 1))

    def asked_of(self, photo: Listed) -> EditRequest:
        """What a result of ``photo`` that is there already must have been made by."""
        return replace(self.request, seed=None) if self.any_seed else self.request_for(photo)
