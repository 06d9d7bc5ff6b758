"""A contact sheet: pairs of pictures side by side, such as originals and results, in one picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from pix2pix.files.fonts import fitting_font

SIDE = 320  # pixels
GAP = 16
CAPTION = 28  # height in pixels
MORE = "…"
MOST_LETTERS = 500  # of a line, before it is measured
PAPER, INK, EMPTY = "white", "#1e293b", "#e2e8f0"


@dataclass(frozen=True, eq=False)
class Pair:
    """Two pictures and the line below them; a picture that is not there is ``None`` and leaves a grey square."""

    name: str
    before: Image.Image | None = field(repr=False)
    after: Image.Image | None = field(repr=False)


def contact_sheet(pairs: Sequence[Pair], title: str, side: int = SIDE) -> Image.Image:
    """Draw all ``pairs`` under ``title``; RGB, about as wide as high, at most ten pairs in a row.

    Args:
        side: of the square that each picture is fitted into, in pixels.
    """
    columns = max(1, min(10, round(math.sqrt(len(pairs) / 2))))
    width, height = 2 * side + 3 * GAP, side + CAPTION + GAP
    rows = math.ceil(len(pairs) / columns)
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + 2 * GAP + CAPTION), PAPER)
    _write(sheet, title, (2 * GAP, GAP), sheet.width - 4 * GAP, size=20)
    for index, pair in enumerate(pairs):
        left, top = GAP + index % columns * width, 2 * GAP + CAPTION + index // columns * height
        _paste(sheet, pair.before, left + GAP, top, side)
        _paste(sheet, pair.after, left + GAP + side + GAP // 2, top, side)
        _write(sheet, pair.name, (left + GAP, top + side + 4), 2 * side, size=15)
    return sheet


def _paste(sheet: Image.Image, picture: Image.Image | None, left: int, top: int, side: int) -> None:
    if picture is None:
        sheet.paste(EMPTY, (left, top, left + side, top + side))
        return
    fitted = picture.convert("RGB")
    fitted.thumbnail((side, side), Image.Resampling.LANCZOS)
    sheet.paste(fitted, (left + (side - fitted.width) // 2, top + (side - fitted.height) // 2))


def _write(sheet: Image.Image, text: str, corner: tuple[int, int], width: int, size: int) -> None:
    """One line of ``text``, cut with an ellipsis where it is wider than ``width``."""
    draw = ImageDraw.Draw(sheet)
    font, line = fitting_font(" ".join(text[: 2 * MOST_LETTERS].split()), size)
    if draw.textlength(line, font) > width:
        while line and draw.textlength(line + MORE, font) > width:
            line = line[:-1]
        line += MORE
    draw.text(corner, line, INK, font)
