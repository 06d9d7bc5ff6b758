"""What leaves the gallery tab as a file: all results as a ZIP, and the contact sheet."""

import tempfile
from pathlib import Path

import gradio as gr
from PIL import Image

from pix2pix.errors import EditError
from pix2pix.files.archive import write_archive
from pix2pix.files.contact_sheet import Pair, contact_sheet
from pix2pix.photo import open_photo
from pix2pix.ui.gallery.board import Board
from pix2pix.ui.gallery.fields import GalleryFields
from pix2pix.ui.queues import PACKING, PRIVATE


def wire_downloads(f: GalleryFields) -> None:
    """Make the files when they are asked for, then let the browser take them."""
    for button, make, link in ((f.pack, _pack, f.packed), (f.sheet, _draw_sheet, f.drawn)):
        begin = f"() => setTimeout(() => document.querySelector('#{link.elem_id}').click(), 300)"
        button.click(make, f.board, link, show_progress_on=[f.bar], **PACKING).success(None, js=begin, **PRIVATE)


def _pack(board: Board) -> str:
    """All results, and the table of settings and errors, as one ZIP file."""
    path = Path(tempfile.mkdtemp(prefix="pix2pix-")) / "gallery.zip"
    try:
        write_archive(board.archived, path)
    except OSError as error:
        raise gr.Error(
            "The ZIP file could not be written; download the photos singly.", print_exception=False
        ) from error
    return str(path)


def _draw_sheet(board: Board) -> str:
    """All originals and results side by side as one picture."""
    pairs = [Pair(card.name, _opened(card.before), _opened(card.after)) for card in board.cards]
    said = [card.request.instruction for card in board.cards if card.request]
    title = max(set(said), key=said.count) if said else ""
    path = Path(tempfile.mkdtemp(prefix="pix2pix-")) / "contact-sheet.jpg"
    contact_sheet(pairs, title).save(path, "JPEG", quality=90)
    return str(path)


def _opened(path: str | None) -> Image.Image | None:
    try:
        return open_photo(path).rgb if path else None
    except EditError:
        return None
