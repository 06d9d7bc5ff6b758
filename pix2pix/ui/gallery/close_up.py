"""One photo of the gallery tab looked at closely: before and after, and the words and settings it was edited with."""

from collections.abc import Callable

import gradio as gr
from PIL import Image

from pix2pix.errors import EditError
from pix2pix.photo import open_photo
from pix2pix.ui.edit.tab import SHOWN_SIDE, Update
from pix2pix.ui.gallery import cards
from pix2pix.ui.gallery.board import Board
from pix2pix.ui.gallery.fields import SETTINGS, GalleryFields
from pix2pix.ui.queues import PRIVATE, QUICK

INTO_VIEW = """() => setTimeout(
  () => document.querySelector("#gallery-closer")?.scrollIntoView({behavior: "smooth", block: "start"}), 100)"""


def wire_closer(f: GalleryFields) -> None:
    """A card that is clicked opens, and can be closed again."""
    c = f.closer
    parts = [c.panel, c.title, c.slider, c.original, c.download, c.instruction, *c.settings.values]
    chosen = f.grid.click(_choose_with(f), [f.board, f.instruction, *f.settings.values], [f.grid, *parts], **QUICK)
    chosen.success(None, js=INTO_VIEW, **PRIVATE)
    c.close.click(_close_with(f), f.board, [f.grid, c.panel], **QUICK)


def _choose_with(f: GalleryFields) -> Callable[..., Update]:
    def choose(board: Board, instruction, steps, text, image, seed, size, detail, event: gr.EventData) -> Update:
        """Look at one card closely, with the words and settings it was edited with, or would be."""
        index = getattr(event, "index", None)
        if not isinstance(index, int) or not 0 <= index < len(board.cards):
            return {}
        board.chosen = index
        words = [instruction, steps, text, image, seed, size, detail]
        if used := board.cards[index].request:
            words = [used.instruction, *(getattr(used, name) for name in SETTINGS)]
        values = dict(zip([f.closer.instruction, *f.closer.settings.values], words, strict=True))
        return {f.grid: cards.draw_cards(board), **close_up(f, board), **values}

    return choose


def close_up(f: GalleryFields, board: Board) -> Update:
    """The chosen card: before and after, or the photo alone, or why there is neither."""
    card, c = board.cards[board.chosen], f.closer
    title = {
        c.panel: gr.update(visible=True),
        c.title: f"### {_escaped(card.name)}" + (f"\n{_escaped(card.sentence)}" if card.sentence else ""),
        c.download: gr.update(value=card.file and str(card.file), interactive=card.file is not None),
    }
    hidden = gr.update(visible=False)
    try:
        before = fitted(open_photo(card.photo).rgb, SHOWN_SIDE)
        after = card.file and fitted(open_photo(card.file).rgb, SHOWN_SIDE)
    except EditError:
        return {**title, c.slider: hidden, c.original: hidden}
    if after is None:
        return {**title, c.slider: hidden, c.original: gr.update(value=before, visible=True)}
    return {**title, c.slider: gr.update(value=(before, after), visible=True), c.original: hidden}


def _escaped(text: str) -> str:
    """``text`` with nothing in it that Markdown or HTML would take for its own."""
    return "".join(
        f"&#{ord(character)};" if not character.isalnum() and character != " " else character for character in text
    )


def _close_with(f: GalleryFields) -> Callable[[Board], Update]:
    def close(board: Board) -> Update:
        board.chosen = None
        return {f.grid: cards.draw_cards(board), f.closer.panel: gr.update(visible=False)}

    return close


def fitted(picture: Image.Image, side: int) -> Image.Image:
    """A copy of ``picture``, RGB, no side longer than ``side`` pixels."""
    small = picture.convert("RGB")
    small.thumbnail((side, side))
    return small
