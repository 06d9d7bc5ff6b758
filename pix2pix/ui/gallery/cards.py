"""The gallery's cards and its bar, as HTML. Small pictures travel as addresses, previews inside the page."""

import html
from urllib.parse import quote

from pix2pix.ui.gallery.board import Board
from pix2pix.ui.gallery.card import DONE, EDITING, FAILED, WAITING, Card
from pix2pix.ui.stage import data_url, worded

NOTHING_YET = '<div class="empty" data-say>Your photos will stand here, and their results as they come.</div>'
MARKS = {WAITING: "", EDITING: "", DONE: "✓", FAILED: "!"}

CSS = """
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(148px, 1fr)); gap: 12px; padding: 2px; }
.empty { border: 1px dashed var(--border-color-primary); border-radius: var(--radius-lg); padding: 48px 16px;
  text-align: center; color: var(--body-text-color-subdued); }
.card { display: flex; flex-direction: column; padding: 0; overflow: hidden; text-align: left; cursor: pointer;
  border: 1px solid var(--border-color-primary); border-radius: var(--radius-lg); color: var(--body-text-color);
  background: var(--block-background-fill); font: inherit; transition: transform .15s, box-shadow .15s; }
.card:hover { transform: translateY(-2px); box-shadow: 0 6px 16px rgb(15 23 42 / .16); }
.card:focus-visible { outline: 3px solid var(--primary-400); outline-offset: 1px; }
.card.chosen { border-color: var(--primary-500); box-shadow: 0 0 0 2px var(--primary-500); }
.picture { position: relative; display: block; width: 100%; aspect-ratio: 1;
  background: var(--background-fill-secondary); }
.picture img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; margin: 0; }
.card.waiting .picture img { opacity: .55; }
.mark { position: absolute; top: 8px; right: 8px; width: 24px; height: 24px; border-radius: 50%; color: white;
  font-weight: 700; line-height: 24px; text-align: center; font-size: 14px; box-shadow: 0 1px 4px rgb(0 0 0 / .4); }
.done .mark { background: #16a34a; }
.failed .mark { background: #dc2626; }
.card progress { appearance: none; display: block; width: 100%; height: 4px; border: 0; background: transparent; }
.card progress::-webkit-progress-bar { background: transparent; }
.card progress::-webkit-progress-value { background: var(--primary-500); transition: width .2s; }
.card progress::-moz-progress-bar { background: var(--primary-500); }
.words { display: block; padding: 6px 10px 10px; min-width: 0; }
.name { display: block; font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.state { display: block; font-size: var(--text-sm); color: var(--body-text-color-subdued); line-height: 1.3; }
.failed .state { color: #dc2626; }
.dark & .failed .state { color: #f87171; }
@media (prefers-reduced-motion: reduce) { .card { transition: none; } }
@media (max-width: 480px) { .cards { grid-template-columns: 1fr 1fr; gap: 8px; } }
"""
BAR_CSS = """
.gallery-bar { min-height: 44px; }
.gallery-bar progress { appearance: none; display: block; width: 100%; height: 10px; border: 0; overflow: hidden;
  border-radius: 5px; background: var(--border-color-primary); margin-bottom: 6px; }
.gallery-bar progress::-webkit-progress-bar { background: var(--border-color-primary); }
.gallery-bar progress::-webkit-progress-value { background: var(--primary-500); transition: width .25s; }
.gallery-bar progress::-moz-progress-bar { background: var(--primary-500); }
.gallery-bar p { margin: 0; color: var(--body-text-color-subdued); }
.gallery-bar b { color: var(--body-text-color); }
"""
CHOOSE = """element.addEventListener("click", event => {
  const card = event.target.closest("[data-index]");
  if (card) trigger("click", {index: Number(card.dataset.index)});
});"""


def draw_cards(board: Board) -> str:
    """All cards as one grid; each is a button."""
    if not board.cards:
        return NOTHING_YET
    cards = (_card(index, card, index == board.chosen) for index, card in enumerate(board.cards))
    return f'<div class="cards">{"".join(cards)}</div>'


def _card(index: int, card: Card, chosen: bool) -> str:
    classes = f"card {card.state}{' chosen' if chosen else ''}"
    mark = f'<span class="mark" aria-hidden="true">{MARKS[card.state]}</span>' if MARKS[card.state] else ""
    return (
        f'<button type="button" class="{classes}" data-index="{index}" aria-pressed="{str(chosen).lower()}">'
        f'<span class="picture">{_picture(card)}{mark}</span>'
        f'<progress value="{card.progress if card.state == EDITING else 0:.3f}" max="1" aria-hidden="true"></progress>'
        f'<span class="words"><span class="name" title="{html.escape(card.name)}">{html.escape(card.name)}</span>'
        f"{_state(card)}</span></button>"
    )


def _state(card: Card) -> str:
    """How the card is, in words that the browser can translate, or a sentence about what went wrong."""
    if card.state == EDITING and card.step:
        index, total = card.step.index, card.step.total
        return f'<span class="state">{worded("step {0} of {1}", index, total)}</span>'
    if card.state != WAITING and card.sentence:
        return f'<span class="state">{html.escape(card.sentence)}</span>'
    waiting = "waiting its turn" if card.wanted else "ready"
    return f'<span class="state" data-say>{waiting if card.state == WAITING else card.state}</span>'


def _picture(card: Card) -> str:
    if card.state == EDITING and card.step:
        return f'<img class="preview" src="{data_url(card.step.preview)}" alt="">'
    kind, path = ("result", card.after) if card.state == DONE and card.after else ("original", card.before)
    return f'<img class="{kind}" src="gradio_api/file={quote(path)}" alt="" loading="lazy">' if path else ""


def draw_bar(board: Board) -> str:
    """How far the whole gallery is, and how long the rest takes."""
    total = len(board.cards)
    if not total:
        return ""
    failed, photos = board.count(FAILED), "photo" if total == 1 else "photos"
    parts = [worded(f"<b>{{0}} of {{1}}</b> {photos} done", board.count(DONE), total)]
    if failed:
        parts.append(worded("{0} failed", failed))
    if board.running and board.to_do:
        seconds = board.seconds_left
        parts.append(worded("working …") if seconds is None else _time_left(seconds))
    value = sum(card.progress for card in board.cards)
    return (
        f'<div class="gallery-bar" role="status"><progress value="{value:.2f}" max="{total}" '
        f'aria-label="Progress of the gallery"></progress><p>{" · ".join(parts)}</p></div>'
    )


def draw_alert(sentence: str) -> str:
    """One sentence about what is wrong, where the bar stands otherwise."""
    return f'<div class="gallery-bar" role="alert"><p>{html.escape(sentence)}</p></div>'


def _time_left(seconds: float) -> str:
    if seconds < 1.5:
        return worded("about a second left")
    if seconds < 90:
        return worded("about {0} s left", round(seconds))
    return worded("about {0} min left", round(seconds / 60))
