"""What an earlier run has left where a result shall go."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pix2pix.errors import InvalidImage
from pix2pix.files.receipt import Receipt, find_receipt
from pix2pix.photo.digest import digest_of
from pix2pix.request import MAX_SEED, EditRequest


def is_made_so(
    target: Path, photo: Path, request: EditRequest, checkpoint: str | None = None, mask: str | None = None
) -> bool:
    """Whether the file ``target`` was made of ``photo``, as it is now, by ``request``, within ``mask``.

    Args:
        request: what it leaves open may have been anything.
        checkpoint: by which model, or ``None`` for any.
        mask: the digest of its file, or ``None`` for none.
    """
    receipt = receipt_of(target)
    return receipt is not None and is_as_asked(receipt, request, checkpoint, mask) and _is_of(photo, target, receipt)


def is_as_asked(receipt: Receipt, request: EditRequest, checkpoint: str | None = None, mask: str | None = None) -> bool:
    """Whether ``receipt`` is that of an edit by ``request``, of whatever photo; arguments as for ``is_made_so``."""
    if receipt.moved or (checkpoint and receipt.checkpoint not in (None, checkpoint)):
        return False
    made = asdict(receipt.request)
    return receipt.mask == mask and all(value in (None, made[name]) for name, value in asdict(request).items())


def seed_so_far(targets: Sequence[Path], request: EditRequest, offsets: Sequence[int]) -> int | None:
    """The seed of a run that was interrupted and now goes on, so that all its photos follow from one; else ``None``.

    Args:
        offsets: how much larger the seed of each target is than the run's.
    """
    there = ((target, offset) for target, offset in zip(targets, offsets, strict=True) if target.exists())
    first, offset = next(there, (None, 0))
    receipt = None if first is None else receipt_of(first)
    return None if receipt is None else first_seed(receipt, request, offset)


def first_seed(receipt: Receipt, request: EditRequest, offset: int) -> int | None:
    """The seed of the run that left ``receipt``, if it had the instruction of ``request``; else ``None``.

    Args:
        offset: how much larger the seed in the receipt is than the run's.
    """
    seed = receipt.request.seed
    if receipt.moved or receipt.request.instruction != request.instruction or seed is None:
        return None
    return (seed - offset) % (MAX_SEED + 1)


def receipt_of(target: Path | bytes) -> Receipt | None:
    """What ``target`` says about how it was made; ``None`` if that is nothing, or it is no picture."""
    try:
        return find_receipt(target)
    except InvalidImage:
        return None


def _is_of(photo: Path, target: Path, receipt: Receipt) -> bool:
    if receipt.photo is None:  # one of an earlier version
        return not _is_newer(photo, target)
    try:
        return digest_of(photo) == receipt.photo
    except InvalidImage:
        return True  # whoever opens it will say what is wrong


def _is_newer(photo: Path, target: Path) -> bool:
    """Whether ``photo`` was changed after ``target`` was made; a clock that runs ahead says nothing."""
    try:
        changed = photo.stat().st_mtime
        return target.stat().st_mtime < changed <= time.time()
    except OSError:
        return False
