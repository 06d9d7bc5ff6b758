"""What the parts of the gallery tab do.

A gallery takes turns: after ``TURN_SECONDS`` it goes back to the end of the model's queue, so that nobody who edits a
single photo waits for a whole gallery. Each turn that leaves work behind changes ``turn``, and that asks for the next.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr

from pix2pix.errors import EditError
from pix2pix.events import PhotoStep
from pix2pix.request import RANDOM_SEEDS, EditRequest
from pix2pix.serving.turns import TURN_SECONDS
from pix2pix.serving.visitors import Visitors
from pix2pix.serving.workspace import GALLERY
from pix2pix.ui.controls import ANY_SEED, GUIDANCE, Update, default_values, guidance_ends, merged, within_limits
from pix2pix.ui.crowd.guard import Abandoned
from pix2pix.ui.gallery import cards
from pix2pix.ui.gallery.board import MAX_PHOTOS, Board
from pix2pix.ui.gallery.close_up import CloseUpPanel
from pix2pix.ui.gallery.downloads import wire_downloads
from pix2pix.ui.gallery.fields import GalleryFields
from pix2pix.ui.gallery.look import close_up, look
from pix2pix.ui.protocols import EditService
from pix2pix.ui.queues import AT_ONCE, MODEL_QUEUE, PRIVATE, QUICK, READING
from pix2pix.ui.safely import safely, sentence_for

SHOW_SECONDS = 0.25  # steps that follow each other faster are not all shown
NOTHING_TO_DO = "All photos are done with these words and settings. Change something, or take a new seed."
INTERRUPTED = "The gallery was interrupted; what is finished is here. Press Edit to go on."
NO_PHOTOS = "Drop in some photos first."

Ask = Callable[[Board, EditRequest, bool], None]


class GalleryTab:
    """One method for each thing that can happen on the tab."""

    def __init__(
        self,
        fields: GalleryFields,
        key: gr.BrowserState,
        tab: gr.Textbox,
        service: EditService,
        visitors: Visitors,
    ) -> None:
        self.fields = f = fields
        self._service = service
        self._visitors = visitors
        self._who = {"key": key, "tab": tab}
        self._cards = [f.grid, f.bar, f.edit, f.retry, f.clear]
        self._shown = [*self._cards, f.stop, f.pack, f.sheet]
        self._wire_photos_and_settings()
        self._wire_editing()
        CloseUpPanel(f, self._who, self._board, [*self._shown, f.turn])
        wire_downloads(f, self._who, self._board)

    def _board(self, key: str, tab: str) -> Board:
        """The board of this tab, from memory or as the workspace knows it."""
        workspace = self._visitors.workspace(key)
        boards = self._visitors.boards(workspace)
        board: Board | None = boards.get(tab)
        if board is None or not board.is_current:
            board = boards[tab] = Board(workspace, tab, self._visitors.session(workspace))
        return board

    def open_after(self, opened: gr.events.Dependency) -> None:
        """Once it is known who opened the page, show the board as it was left."""
        f = self.fields
        options = {"inputs_kwargs": self._who, **QUICK}
        shown = opened.then(safely(self.open), outputs=[*self._shown, f.asking.instruction], **options)
        again = [f.close_up.asking.controls[name] for name in GUIDANCE]
        settings = [*f.asking.controls.values(), *f.saving.values(), f.vary_seed, *again]
        shown.then(safely(self.fill_in_settings), outputs=settings, **options)

    def watch(self, clock: gr.Timer) -> None:
        """At every tick of ``clock``, tell the page if a turn was cut: nothing more would come by itself."""
        clock.tick(safely(self.look_at_the_clock), inputs_kwargs=self._who, outputs=self._shown, **QUICK)

    def look_at_the_clock(self, key: str, tab: str) -> Update:
        """The board as it is, where a turn was cut; looking is no use of a workspace otherwise."""
        if not self._visitors.take_cut(key, tab, GALLERY):
            return {}
        shown = self.open(key, tab)
        return {part: value for part, value in shown.items() if part in self._shown}

    def open(self, key: str, tab: str) -> Update:
        """The board as this tab left it; what was under way has been interrupted, and waits to be asked for again."""
        f = self.fields
        board = self._board(key, tab)
        self._visitors.take_cut(key, tab, GALLERY)
        if board.running:  # by the page that this one takes the place of
            board.stop()
            board.interrupted = True
        now = look(f, board)
        if board.interrupted:
            now[f.bar] = cards.draw_alert(INTERRUPTED)
        return {**now, **({f.asking.instruction: board.asking["instruction"]} if board.asking else {})}

    def _wire_photos_and_settings(self) -> None:
        f = self.fields
        given = {"photos": f.photos, **self._who}
        f.photos.upload(safely(self.receive), inputs_kwargs=given, outputs=[f.photos, *self._cards], **READING)
        for asking in (f.asking, f.close_up.asking):
            asking.new_seed.click(_new_seed, None, asking.controls["seed"], **QUICK)

    def _wire_editing(self) -> None:
        f, c = self.fields, self.fields.close_up
        asked = {**self._who, "turn": f.turn, "vary_seed": f.vary_seed, **f.saving, **f.asking.inputs}
        touched = [part.input for part in (*f.asking.inputs.values(), *f.saving.values(), f.vary_seed)]
        gr.on(touched, safely(self.keep_asking), inputs_kwargs=asked, outputs=[f.bar], **QUICK)
        options = {"inputs_kwargs": asked, "outputs": [*self._shown, f.turn], **AT_ONCE}
        gr.on([f.asking.instruction.submit, f.edit.click], safely(self.ask_all), **options)
        f.retry.click(safely(self.ask_failed), **options)
        outputs = [*self._shown, c.panel, c.title, c.slider, c.original, c.download, f.turn]
        turn = {"inputs_kwargs": {**self._who, "turn": f.turn}, "show_progress": "hidden", **MODEL_QUEUE, **PRIVATE}
        f.turn.change(self.take_turn, outputs=outputs, **turn)
        f.stop.click(safely(self.stop), inputs_kwargs=self._who, outputs=self._shown, **QUICK)
        f.clear.click(safely(self.clear), inputs_kwargs=self._who, outputs=[*self._shown, c.panel], **QUICK)

    def fill_in_settings(self, key: str, tab: str) -> Update:
        """The settings as this tab left them; else what the first model works best with, and a new seed.

        The sliders of guidance end where that model's do.
        """
        f, board = self.fields, self._board(key, tab)
        controls = {**f.asking.controls, **f.saving, "vary_seed": f.vary_seed}
        try:
            checkpoint = self._service.editor().checkpoint
        except EditError:
            return {}  # the page says so above the tabs
        settings = {**default_values(checkpoint), "seed": _new_seed(), **board.asking, **board.saving}
        values = {controls[n]: value for n, value in within_limits(settings, checkpoint).items() if n in controls}
        return merged(values, *(guidance_ends(asking.controls, checkpoint) for asking in (f.asking, f.close_up.asking)))

    def receive(self, photos: list[tuple[Path, str]], key: str, tab: str) -> Iterator[Update]:
        """New photos get their cards at once, and their small pictures one after the other."""
        f, board = self.fields, self._board(key, tab)
        indices, left_out = board.add(photos)
        if left_out:
            gr.Warning(f"A gallery holds {MAX_PHOTOS} photos; {left_out} found no room.")
        yield {f.photos: None, **self._look_of_cards(board)}
        shown = time.monotonic()
        for index, (path, name) in zip(indices, photos, strict=False):
            _take_in(board, index, path, name)
            if time.monotonic() - shown > SHOW_SECONDS:
                yield {f.grid: cards.draw_cards(board)}
                shown = time.monotonic()
        yield self._look_of_cards(board)

    def _look_of_cards(self, board: Board) -> Update:
        now = look(self.fields, board)
        return {part: now[part] for part in self._cards}

    def keep_asking(self, key: str, tab: str, turn: int, **asking: Any) -> Update:
        """Words and settings are there again after a reload, also before anything was asked for."""
        self._board(key, tab).keep_asking(asking)
        return {}

    def ask_all(self, **asked: Any) -> Update:
        """Edit every photo by the words and settings of the tab."""
        return self._ask(Board.ask, **asked)

    def ask_failed(self, **asked: Any) -> Update:
        """Try the failed photos again."""
        return self._ask(Board.ask_failed, **asked)

    def _ask(self, ask: Ask, key: str, tab: str, turn: int, vary_seed: bool, **words: Any) -> Update:
        f, board = self.fields, self._board(key, tab)
        self._visitors.take_cut(key, tab, GALLERY)
        if words["seed"] == ANY_SEED:
            words["seed"] = _new_seed()
        board.asking = {**words, "vary_seed": vary_seed}
        board.saving = {name: words.pop(name) for name in f.saving}
        try:
            ask(board, EditRequest(**words), vary_seed)
        except EditError as error:
            return {f.bar: cards.draw_alert(str(error))}
        if not board.to_do:
            return {f.bar: cards.draw_alert(NOTHING_TO_DO if board.cards else NO_PHOTOS)}
        return {**look(f, board), f.turn: turn + 1}

    def take_turn(self, key: str, tab: str, turn: int) -> Iterator[Update]:
        """Edit what waits, until it is done, stopped, or others shall have their turn."""
        f = self.fields
        try:
            board = self._board(key, tab)
            for finished in self._edits(board):
                now = look(f, board)
                yield now if finished is None or finished != board.chosen else {**now, **close_up(f, board)}
        except (GeneratorExit, Abandoned):
            self._visitors.note_cut(key, tab, GALLERY)
            raise
        except Exception as error:
            yield {**self.stop(key, tab), f.bar: cards.draw_alert(sentence_for(error))}
            return
        left = board.running and bool(board.to_do)
        board.running = left
        yield {**look(f, board), **({f.turn: turn + 1} if left else {})}

    def _edits(self, board: Board) -> Iterator[int | None]:
        """Edit for one turn; yields whenever the page should look again: the card that is finished, or ``None``."""
        indices = board.to_do if board.running else []
        photos, requests = board.asked(indices)
        began = shown = last = time.monotonic()
        with closing(self._service.stream_gallery(photos, requests, session=board.session)) as stream:
            for event in stream:
                now, index = time.monotonic(), indices[event.index]
                if not board.running or not board.waits_for(index, requests[event.index]):
                    return  # stopped, or asked for something else meanwhile
                if isinstance(event, PhotoStep):
                    _take_step(board, index, event)
                    if now - shown > SHOW_SECONDS:
                        yield None
                        shown = time.monotonic()
                    continue
                board.finish(index, event)
                yield index
                shown = last = time.monotonic()
                if last - began > TURN_SECONDS:
                    return

    def stop(self, key: str, tab: str) -> Update:
        """Keep what is finished; the turn sees it at the next step, and frees the model. The buttons come back."""
        f = self.fields
        try:
            board = self._board(key, tab)
            board.stop()
        except Exception as error:
            said = {f.bar: cards.draw_alert(sentence_for(error))}
            return {**said, f.edit: gr.update(interactive=True), f.stop: gr.update(interactive=False)}
        return look(f, board)

    def clear(self, key: str, tab: str) -> Update:
        """No photos any more."""
        f, board = self.fields, self._board(key, tab)
        board.clear()
        return {**look(f, board), f.close_up.panel: gr.update(visible=False)}


def _take_in(board: Board, index: int, path: Path, name: str) -> None:
    """Keep the photo of a card and its small picture, or say why not."""
    if not board.holds(index, path):
        return  # everything was cleared meanwhile
    try:
        board.take_in(index, board.workspace.add_photo(path, name))
    except Exception as error:
        board.fail(index, sentence_for(error))


def _take_step(board: Board, index: int, event: PhotoStep) -> None:
    _ = event.step.preview  # drawn here, where the model is ours; the page may look later
    board.take_step(index, event.step)


def _new_seed() -> int:
    return random.randrange(RANDOM_SEEDS)
