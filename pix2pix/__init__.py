"""InstructPix2Pix: a photo and an instruction in, the edited photo out."""

from importlib import import_module

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
    "read_receipt": "pix2pix.files.receipt",
    "save_result": "pix2pix.files.receipt",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'pix2pix' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
