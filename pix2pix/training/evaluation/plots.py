"""Line plots as pictures; a few lines over a few values need no plotting library."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT, MARGIN = 360, 240, 40
COLOURS = ("#1f5fa8", "#c8501e", "#2f8f46", "#8a3fa0", "#555555")

Line = tuple[str, Sequence[float]]


def draw_plot(title: str, places: Sequence[float], lines: Sequence[Line]) -> Image.Image:
    """``lines`` over ``places``, which are spaced evenly whatever their values; WIDTH x HEIGHT pixels."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    values = [value for _, line in lines for value in line]
    low, high = min(values), max(values) + 1e-6
    right, bottom = WIDTH - MARGIN, HEIGHT - MARGIN
    x = [MARGIN + (right - MARGIN) * i / max(1, len(places) - 1) for i in range(len(places))]
    draw.text((MARGIN, 8), title, "black")
    draw.rectangle([MARGIN, MARGIN, right, bottom], outline="#999999")
    for value, height in ((high, MARGIN), (low, bottom)):
        draw.text((4, height - 6), f"{value:.1f}", "black")
    for place, at in zip(places, x, strict=True):
        draw.text((at - 6, bottom + 6), f"{place:g}", "black")
    for index, (name, line) in enumerate(lines):
        y = [bottom - (bottom - MARGIN) * (value - low) / (high - low) for value in line]
        draw.line(list(zip(x, y, strict=True)), fill=COLOURS[index], width=2)
        draw.text((MARGIN + 6 + 62 * index, bottom + 22), name, COLOURS[index])
    return image


def save_side_by_side(path: Path, plots: Sequence[Image.Image]) -> None:
    """Write ``plots`` beside each other into the PNG file ``path``."""
    image = Image.new("RGB", (sum(plot.width for plot in plots), plots[0].height), "white")
    left = 0
    for plot in plots:
        image.paste(plot, (left, 0))
        left += plot.width
    image.save(path)
