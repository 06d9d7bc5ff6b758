"""A photo and a request through the model: the only door between pixels and torch."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pix2pix.editing.editor import Editor


def load_editor(model: str = "auto", device: str | None = None) -> "Editor":
    """``Editor.load``, for those who must not import torch before it is called."""
    from pix2pix.editing.editor import Editor

    return Editor.load(model, device)
