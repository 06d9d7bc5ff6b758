"""What the gallery tab shows of a board: each function gives the new values of its parts."""

import gradio as gr

from pix2pix.serving.workspace import GALLERY
from pix2pix.ui.controls import Update
from pix2pix.ui.gallery import cards
from pix2pix.ui.gallery.board import Board
from pix2pix.ui.gallery.card import DONE, FAILED, WAITING
from pix2pix.ui.gallery.fields import GalleryFields


def look(f: GalleryFields, board: Board) -> Update:
    """The cards, the bar and the buttons as the board is now."""
    busy, waiting = board.running and bool(board.to_do), board.count(WAITING)
    label = f"Edit {waiting} photo{'s' * (waiting != 1)}" if waiting and not busy else "Edit all"
    finished = bool(board.count(DONE))
    return {
        f.grid: cards.draw_cards(board),
        f.bar: cards.draw_bar(board),
        f.edit: gr.update(value=label, interactive=not busy),
        f.stop: gr.update(interactive=busy),
        f.retry: gr.update(interactive=bool(board.count(FAILED)) and not busy),
        f.pack: gr.update(interactive=finished),
        f.sheet: gr.update(interactive=finished),
        f.clear: gr.update(interactive=bool(board.cards) and not busy),
    }


def close_up(f: GalleryFields, board: Board) -> Update:
    """The chosen card: before and after, or the photo alone, or why there is neither."""
    c = f.close_up
    if board.chosen is None or board.chosen >= len(board.cards):
        return {c.panel: gr.update(visible=False)}
    card = board.cards[board.chosen]
    title = {
        c.panel: gr.update(visible=True),
        c.title: f"### {_escaped(card.name)}" + (f"\n{_escaped(card.sentence)}" if card.sentence else ""),
        c.download: gr.update(value=card.file and str(card.file), interactive=card.file is not None),
    }
    hidden, workspace = gr.update(visible=False), board.workspace
    try:
        before = str(workspace.photo(card.stored or "").shown)
        after = str(workspace.result(card.result, GALLERY).shown) if card.result else None
    except KeyError:  # it could not be opened, or its time is over
        return {**title, c.slider: hidden, c.original: hidden}
    if after is None:
        return {**title, c.slider: hidden, c.original: gr.update(value=before, visible=True)}
    return {**title, c.slider: gr.update(value=(before, after), visible=True), c.original: hidden}


def _escaped(text: str) -> str:
    """``text`` with nothing in it that Markdown or HTML would take for its own."""
    return "".join(
        f"&#{ord(character)};" if not character.isalnum() and character != " " else character for character in text
    )
