"""One photo of the gallery tab looked at closely: before and after, and the words and settings it was edited with."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from pix2pix.request import EditRequest
from pix2pix.ui.controls import Update
from pix2pix.ui.gallery import cards
from pix2pix.ui.gallery.board import Board
from pix2pix.ui.gallery.fields import GalleryFields
from pix2pix.ui.gallery.look import close_up, look
from pix2pix.ui.queues import AT_ONCE, PRIVATE, QUICK
from pix2pix.ui.safely import safely

INTO_VIEW = """() => setTimeout(
  () => document.querySelector("#gallery-close-up")?.scrollIntoView({behavior: "smooth", block: "start"}), 100)"""


class CloseUpPanel:
    """A card that is clicked opens, can be edited again by itself, and closes."""

    def __init__(
        self,
        fields: GalleryFields,
        who: dict[str, gr.components.Component],
        board_of: Callable[[str, str], Board],
        outputs_of_asking: list[gr.components.Component],
    ) -> None:
        self.fields = f = fields
        self._board_of = board_of
        c, asking = f.close_up, f.close_up.asking
        parts = [c.panel, c.title, c.slider, c.original, c.download, *asking.inputs.values()]
        inputs = {**who, **f.asking.inputs}
        chosen = f.grid.click(safely(self.choose), inputs_kwargs=inputs, outputs=[f.grid, *parts], **QUICK)
        chosen.success(None, js=INTO_VIEW, **PRIVATE)
        inputs = {**who, "turn": f.turn, **asking.inputs}
        c.again.click(safely(self.edit_again), inputs_kwargs=inputs, outputs=outputs_of_asking, **AT_ONCE)
        c.close.click(safely(self.close), inputs_kwargs=who, outputs=[f.grid, c.panel], **QUICK)

    def choose(self, event: gr.EventData, key: str, tab: str, **words: Any) -> Update:
        """Look at one card closely, with the words and settings it was edited with, or would be."""
        f, board = self.fields, self._board_of(key, tab)
        index = getattr(event, "index", None)
        if not isinstance(index, int) or not 0 <= index < len(board.cards):
            return {}
        board.chosen = index
        used: EditRequest | None = board.cards[index].request
        asked = {name: getattr(used, name) for name in words} if used else words
        values = {f.close_up.asking.inputs[name]: value for name, value in asked.items()}
        return {f.grid: cards.draw_cards(board), **close_up(f, board), **values}

    def edit_again(self, key: str, tab: str, turn: int, **words: Any) -> Update:
        """Edit the card in view once more, with words and settings of its own."""
        request, board = EditRequest(**words), self._board_of(key, tab)
        if board.chosen is None:
            return {}
        board.ask_one(board.chosen, request)
        return {**look(self.fields, board), self.fields.turn: turn + 1}

    def close(self, key: str, tab: str) -> Update:
        """No card in view."""
        board = self._board_of(key, tab)
        board.chosen = None
        return {self.fields.grid: cards.draw_cards(board), self.fields.close_up.panel: gr.update(visible=False)}
