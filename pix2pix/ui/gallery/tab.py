"""What the parts of the gallery tab do.

A gallery takes turns: after ``TURN_SECONDS`` it goes back to the end of the model's queue, so that nobody who edits a
single photo waits for a whole gallery. Each turn that leaves work behind changes ``turn``, and that asks for the next.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import gradio as gr
from gradio.processing_utils import save_pil_to_cache
from PIL import Image

from pix2pix.errors import EditError
from pix2pix.events import Outcome, PhotoStep
from pix2pix.files.contact_sheet import SIDE
from pix2pix.photo import open_photo
from pix2pix.request import RANDOM_SEEDS, EditRequest
from pix2pix.ui.api.gallery import build_gallery_endpoint
from pix2pix.ui.edit.tab import Update
from pix2pix.ui.gallery import cards
from pix2pix.ui.gallery.board import DONE, FAILED, MAX_PHOTOS, WAITING, Board
from pix2pix.ui.gallery.close_up import close_up, fitted, wire_closer
from pix2pix.ui.gallery.downloads import wire_downloads
from pix2pix.ui.gallery.fields import GalleryFields, lay_out_gallery
from pix2pix.ui.protocols import Studio
from pix2pix.ui.queues import EDIT_SECONDS, MODEL_QUEUE, PRIVATE, QUICK

TURN_SECONDS = 5.0
SHOW_SECONDS = 0.25  # steps that follow each other faster are not all shown
ASKING = {"concurrency_limit": None, "show_progress": "hidden", **PRIVATE}  # in the queue, or no turn would begin
READING = {"concurrency_limit": 4, "concurrency_id": "reading", "show_progress": "hidden", **PRIVATE}
NOTHING_TO_DO = "All photos are done with these words and settings. Change something, or take a new seed."
NO_PHOTOS = "Drop in some photos first."
TOOK_TOO_LONG = "This edit took too long and was stopped; try fewer steps or a smaller size."


def build_gallery_tab(studio: Studio) -> None:
    """Draw the tab and connect its events."""
    f = lay_out_gallery()
    _wire_photos(f)
    _wire_settings(f, studio)
    _wire_editing(f, studio)
    wire_closer(f)
    wire_downloads(f)
    build_gallery_endpoint(studio)


def _wire_photos(f: GalleryFields) -> None:
    shown = [f.photos, f.grid, f.bar, f.edit, f.clear, f.retry, f.board]
    f.photos.upload(_received_with(f), [f.photos, f.board], shown, **READING)


def _wire_settings(f: GalleryFields, studio: Studio) -> None:
    def defaults() -> list:
        try:
            best = studio.editor().checkpoint.defaults
        except EditError:
            return [gr.skip()] * len(f.settings.values)  # the page says so above the tabs
        guidance = best.guidance_scale, best.image_guidance_scale
        return [best.num_inference_steps, *guidance, _new_seed(), best.resolution, True]

    gr.on(None, defaults, None, f.settings.values, concurrency_limit=None, show_progress="hidden", **PRIVATE)
    for settings in (f.settings, f.closer.settings):
        settings.new_seed.click(_new_seed, None, settings.seed, **QUICK)


def _new_seed() -> int:
    return random.randrange(RANDOM_SEEDS)


def _wire_editing(f: GalleryFields, studio: Studio) -> None:
    shown = [f.grid, f.bar, f.edit, f.stop, f.retry, f.pack, f.sheet, f.clear]
    closer = [f.closer.panel, f.closer.title, f.closer.slider, f.closer.original, f.closer.download]
    asked = [f.instruction, *f.settings.values, f.seed_each, f.board, f.turn]
    outputs = [*shown, f.turn, f.board]
    gr.on([f.instruction.submit, f.edit.click], _ask_with(f, Board.ask), asked, outputs, **ASKING)
    f.retry.click(_ask_with(f, Board.ask_failed), asked, outputs, **ASKING)
    one = [f.closer.instruction, *f.closer.settings.values, f.board, f.turn]
    f.closer.again.click(_ask_one_with(f), one, outputs, **ASKING)
    turn = {"show_progress": "hidden", **MODEL_QUEUE, **PRIVATE}
    f.turn.change(_take_turn(f, studio), [f.board, f.turn], [*shown, *closer, f.turn, f.board], **turn)
    f.stop.click(_stop_with(f), f.board, shown, **QUICK)
    f.clear.click(_clear_with(f), f.board, [*shown, f.closer.panel, f.board], **QUICK)


def _look(f: GalleryFields, board: Board) -> Update:
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


def _received_with(f: GalleryFields) -> Callable[..., Iterator[Update]]:
    def received(photos: list[tuple[Path, str]], board: Board) -> Iterator[Update]:
        """New photos get their cards at once, and their small pictures one after the other."""
        indices, left_out = board.add(photos)
        if left_out:
            gr.Warning(f"A gallery holds {MAX_PHOTOS} photos; {left_out} found no room.")
        yield {f.photos: None, f.board: board, **_photos_look(f, board)}
        shown = time.monotonic()
        for index in indices:
            _make_thumbnail(f, board, index)
            if time.monotonic() - shown > SHOW_SECONDS:
                yield {f.grid: cards.draw_cards(board)}
                shown = time.monotonic()
        yield _photos_look(f, board)

    return received


def _photos_look(f: GalleryFields, board: Board) -> Update:
    look = _look(f, board)
    return {part: look[part] for part in (f.grid, f.bar, f.edit, f.clear, f.retry)}


def _make_thumbnail(f: GalleryFields, board: Board, index: int) -> None:
    if index >= len(board.cards):
        return  # everything was cleared meanwhile
    try:
        picture = open_photo(board.cards[index].photo).rgb
    except EditError as error:
        board.fail(index, str(error))
    else:
        board.update(index, before=_small(f, picture))


def _small(f: GalleryFields, picture: Image.Image) -> str:
    """A small copy of ``picture`` as a file of gradio's cache, which the page may show."""
    return save_pil_to_cache(fitted(picture, SIDE), f.grid.GRADIO_CACHE, "small", "jpeg")


def _ask_with(f: GalleryFields, ask: Callable[[Board, EditRequest, bool], None]) -> Callable[..., Update]:
    def asked(instruction, steps, text, image, seed, size, detail, seed_each, board, turn) -> Update:
        try:
            request = EditRequest(instruction, steps, text, image, seed, size, detail)
        except EditError as error:
            return {f.bar: cards.draw_alert(str(error))}
        ask(board, request, seed_each)
        if not board.to_do:
            return {f.bar: cards.draw_alert(NOTHING_TO_DO if board.cards else NO_PHOTOS)}
        return {**_look(f, board), f.turn: turn + 1, f.board: board}

    return asked


def _ask_one_with(f: GalleryFields) -> Callable[..., Update]:
    def asked(instruction, steps, text, image, seed, size, detail, board, turn) -> Update:
        try:
            request = EditRequest(instruction, steps, text, image, seed, size, detail)
        except EditError as error:
            raise gr.Error(str(error), print_exception=False) from error
        if board.chosen is None:
            return {}
        board.ask_one(board.chosen, request)
        return {**_look(f, board), f.turn: turn + 1, f.board: board}

    return asked


def _take_turn(f: GalleryFields, studio: Studio) -> Callable[..., Iterator[Update]]:
    def take_turn(board: Board, turn: int) -> Iterator[Update]:
        """Edit what waits, until it is done, stopped, or others shall have their turn."""
        try:
            for finished in _edits(f, studio, board):
                look = _look(f, board)
                yield look if finished is None or finished != board.chosen else {**look, **close_up(f, board)}
        except EditError as error:
            board.stop()
            yield {**_look(f, board), f.bar: cards.draw_alert(str(error))}
            return
        left = board.running and bool(board.to_do)
        board.running = left
        yield {**_look(f, board), f.board: board, **({f.turn: turn + 1} if left else {})}

    return take_turn


def _edits(f: GalleryFields, studio: Studio, board: Board) -> Iterator[int | None]:
    """Edit for one turn; yields whenever the page should look again: the card that is finished, or ``None``."""
    indices = board.to_do if board.running else []
    waiting = [board.cards[index] for index in indices]
    began = shown = last = time.monotonic()
    photos, requests = [card.photo for card in waiting], [card.wanted for card in waiting]
    with closing(studio.stream_gallery(photos, requests, session=board.session)) as stream:
        for event in stream:
            now, index = time.monotonic(), indices[event.index]
            if not board.running or not board.waits_for(index, requests[event.index]):
                return  # stopped, or asked for something else meanwhile
            if isinstance(event, PhotoStep):
                _take_step(board, index, event)
                if now - last > EDIT_SECONDS:
                    board.fail(index, TOOK_TOO_LONG)
                    return
                if now - shown > SHOW_SECONDS:
                    yield None
                    shown = time.monotonic()
                continue
            _finish(f, board, index, event)
            yield index
            shown = last = time.monotonic()
            if last - began > TURN_SECONDS:
                return


def _take_step(board: Board, index: int, event: PhotoStep) -> None:
    _ = event.step.preview  # drawn here, where the model is ours; the page may look later
    board.take_step(index, event.step)


def _finish(f: GalleryFields, board: Board, index: int, outcome: Outcome) -> None:
    board.finish(index, outcome)
    if outcome.result is not None:
        board.update(index, after=_small(f, outcome.result.image))


def _stop_with(f: GalleryFields) -> Callable[[Board], Update]:
    def stop(board: Board) -> Update:
        board.stop()  # the turn sees it at the next step, and frees the model
        return _look(f, board)

    return stop


def _clear_with(f: GalleryFields) -> Callable[[Board], Update]:
    def clear(board: Board) -> Update:
        board.clear()
        return {**_look(f, board), f.closer.panel: gr.update(visible=False), f.board: board}

    return clear
