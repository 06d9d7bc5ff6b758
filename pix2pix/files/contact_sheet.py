"""A contact sheet: originals and results side by side, in one picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageFont

SIDE = 320  # pixels; the square that each picture is fitted into
GAP = 16
CAPTION = 28  # height in pixels
PAPER, INK, EMPTY = "white", "#1e293b", "#e2e8f0"


@dataclass(frozen=True, eq=False)
class Pair:
    """One photo of the sheet; ``after`` is ``None`` if there is no result, and ``before`` if it could not be opened."""

    name: str
    before: Image.Image | None = field(repr=False)
    after: Image.Image | None = field(repr=False)


def contact_sheet(pairs: Sequence[Pair], title: str) -> Image.Image:
    """Draw all ``pairs`` under ``title``; RGB, about as wide as high, at most ten pairs in a row."""
    columns = max(1, min(10, round(math.sqrt(len(pairs) / 2))))
    width, height = 2 * SIDE + 3 * GAP, SIDE + CAPTION + GAP
    rows = math.ceil(len(pairs) / columns)
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + 2 * GAP + CAPTION), PAPER)
    _write(sheet, title, (2 * GAP, GAP), sheet.width - 4 * GAP, size=20)
    for index, pair in enumerate(pairs):
        left, top = GAP + index % columns * width, 2 * GAP + CAPTION + index // columns * height
        _paste(sheet, pair.before, left + GAP, top)
        _paste(sheet, pair.after, left + GAP + SIDE + GAP // 2, top)
        _write(sheet, pair.name, (left + GAP, top + SIDE + 4), 2 * SIDE, size=15)
    return sheet


def _paste(sheet: Image.Image, picture: Image.Image | None, left: int, top: int) -> None:
    if picture is None:
        sheet.paste(EMPTY, (left, top, left + SIDE, top + SIDE))
        return
    fitted = picture.convert("RGB")
    fitted.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    sheet.paste(fitted, (left + (SIDE - fitted.width) // 2, top + (SIDE - fitted.height) // 2))


def _write(sheet: Image.Image, text: str, corner: tuple[int, int], width: int, size: int) -> None:
    """One line of ``text``, cut with an ellipsis where it is wider than ``width``."""
    font, draw = ImageFont.load_default(size), ImageDraw.Draw(sheet)
    line = " ".join(text.split())
    if draw.textlength(line, font) > width:
        while line and draw.textlength(line + "…", font) > width:
            line = line[:-1]
        line += "…"
    draw.text(corner, line, INK, font)
