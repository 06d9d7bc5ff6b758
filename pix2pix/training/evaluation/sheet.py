"""Contact sheets: rows of pictures side by side under the words that made them."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

MARGIN = 4
CAPTION = 14  # height in pixels


def draw_sheet(cells: Sequence[tuple[str, Image.Image]], columns: int, side: int) -> Image.Image:
    """A grid of ``cells``, each a caption and a picture, fitted into squares of ``side`` pixels."""
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * (side + MARGIN), rows * (side + MARGIN + CAPTION)), "white")
    draw = ImageDraw.Draw(sheet)
    for index, (caption, picture) in enumerate(cells):
        left, top = index % columns * (side + MARGIN), index // columns * (side + MARGIN + CAPTION)
        draw.text((left + 2, top + 1), caption[: side // 5], "black")
        fitted = picture.copy()
        fitted.thumbnail((side, side), Image.Resampling.LANCZOS)
        sheet.paste(fitted, (left + (side - fitted.width) // 2, top + CAPTION))
    return sheet


def save_sheet(path: Path, cells: Sequence[tuple[str, Image.Image]], columns: int, side: int) -> None:
    """Draw the sheet of ``cells`` into the PNG or JPEG file ``path``."""
    draw_sheet(cells, columns, side).save(path, quality=90)
