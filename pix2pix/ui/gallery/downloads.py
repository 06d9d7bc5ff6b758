"""What leaves the gallery tab as a file: all results as a ZIP, and the contact sheet."""

from collections.abc import Callable

import gradio as gr
from PIL import Image

from pix2pix.errors import EditError
from pix2pix.files.archive import write_archive
from pix2pix.files.contact_sheet import Pair, contact_sheet
from pix2pix.photo import open_photo
from pix2pix.ui.gallery.board import Board
from pix2pix.ui.gallery.fields import GalleryFields
from pix2pix.ui.queues import PACKING, PRIVATE
from pix2pix.ui.safely import safely


def wire_downloads(
    f: GalleryFields, who: dict[str, gr.components.Component], board_of: Callable[[str, str], Board]
) -> None:
    """Make the files when they are asked for, then let the browser take them."""

    def pack(key: str, tab: str) -> str:
        return _archive(board_of(key, tab))

    def draw(key: str, tab: str) -> str:
        return _sheet(board_of(key, tab))

    for button, make, link in ((f.pack, pack, f.packed), (f.sheet, draw, f.drawn)):
        begin = f"() => setTimeout(() => document.querySelector('#{link.elem_id}').click(), 300)"
        options = {"inputs_kwargs": who, "outputs": link, "show_progress_on": [f.bar], **PACKING}
        button.click(safely(make), **options).success(None, js=begin, **PRIVATE)


def _archive(board: Board) -> str:
    """All results, and the table of settings and errors, as one ZIP file."""
    return str(board.workspace.make_file("gallery.zip", lambda path: write_archive(board.archived, path)))


def _sheet(board: Board) -> str:
    """All originals and results side by side as one picture."""
    pairs = [Pair(card.name, _opened(card.before), _opened(card.after)) for card in board.cards]
    said = [card.request.instruction for card in board.cards if card.request]
    sheet = contact_sheet(pairs, max(set(said), key=said.count) if said else "")
    made = board.workspace.make_file("contact-sheet.jpg", lambda path: sheet.save(path, "JPEG", quality=90))
    return str(made)


def _opened(path: str | None) -> Image.Image | None:
    try:
        return open_photo(path).rgb if path else None
    except EditError:
        return None
