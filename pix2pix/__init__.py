"""InstructPix2Pix: a photo and an instruction in, the edited photo out."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pix2pix.cluster.edit import edit_collection
    from pix2pix.editing.editor import Editor
    from pix2pix.errors import (
        CheckpointError,
        EditError,
        EditFailed,
        Filtered,
        InvalidImage,
        InvalidRequest,
        OutOfMemory,
    )
    from pix2pix.events import Outcome, PhotoStep, Result, Step
    from pix2pix.files.formats import save_result
    from pix2pix.files.receipt import Receipt, find_receipt, read_receipt
    from pix2pix.photo.decoding import Photo, open_photo
    from pix2pix.request import EditRequest
    from pix2pix.session import EditSession

__version__ = "0.1.0"

# Names are imported on first use (PEP 562), so that the light rooms of the package load without torch.
_HOMES = {
    "Editor": "pix2pix.editing.editor",
    "EditSession": "pix2pix.session",
    "EditRequest": "pix2pix.request",
    "Step": "pix2pix.events",
    "Result": "pix2pix.events",
    "PhotoStep": "pix2pix.events",
    "Outcome": "pix2pix.events",
    "EditError": "pix2pix.errors",
    "InvalidRequest": "pix2pix.errors",
    "InvalidImage": "pix2pix.errors",
    "CheckpointError": "pix2pix.errors",
    "Filtered": "pix2pix.errors",
    "OutOfMemory": "pix2pix.errors",
    "EditFailed": "pix2pix.errors",
    "Photo": "pix2pix.photo.decoding",
    "open_photo": "pix2pix.photo.decoding",
    "Receipt": "pix2pix.files.receipt",
    "find_receipt": "pix2pix.files.receipt",
    "read_receipt": "pix2pix.files.receipt",
    "save_result": "pix2pix.files.formats",
    "edit_collection": "pix2pix.cluster.edit",
}
__all__ = [
    "CheckpointError",
    "EditError",
    "EditFailed",
    "EditRequest",
    "EditSession",
    "Editor",
    "Filtered",
    "InvalidImage",
    "InvalidRequest",
    "OutOfMemory",
    "Outcome",
    "Photo",
    "PhotoStep",
    "Receipt",
    "Result",
    "Step",
    "edit_collection",
    "find_receipt",
    "open_photo",
    "read_receipt",
    "save_result",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'pix2pix' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
