"""A photo on the model's canvas and back: nothing cropped, nothing stretched, every pixel accounted for."""

import math
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from pix2pix.photo.decoding import Photo

SCALE_LEEWAY = 1.08  # how far the canvas's scale may be from the checkpoint's own, so that the margin gets small


@dataclass(frozen=True, eq=False)
class Canvas:
    """A photo as the model sees it.

    Attributes:
        image: RGB, both sides multiples of the checkpoint's grid: the scaled photo with a reflected margin around it.
        box: where the scaled photo lies in ``image``: left, top, right, bottom in pixels.
        photo: the photo it was made from.
    """

    image: Image.Image = field(repr=False)
    box: tuple[int, int, int, int]
    photo: Photo = field(repr=False)

    def undo(self, drawn: Image.Image) -> Image.Image:
        """What was drawn on this canvas as a picture of exactly the photo's size, RGB, or RGBA as the photo.

        The margin is cut off; the rest is scaled to the photo's size with Lanczos; the photo's transparency is put
        back. ``detail.full_size`` does it with the photo's own detail.

        Args:
            drawn: RGB, of ``image``'s size.
        """
        return self.photo.with_colours(drawn.crop(self.box).resize(self.photo.size, Image.Resampling.LANCZOS))


def to_canvas(photo: Photo, resolution: int, grid: int) -> Canvas:
    """Scale ``photo`` to about the area of a ``resolution`` x ``resolution`` square, pad it to multiples of ``grid``.

    Args:
        photo: any size.
        resolution: side in pixels of the square that the checkpoint was trained on.
        grid: what both sides must be multiples of: the VAE's factor times the UNet's downsampling.
    """
    size = _canvas_size(photo.size, resolution, grid)
    scaled = photo.rgb if size == photo.size else photo.rgb.resize(size, Image.Resampling.LANCZOS)
    (left, right), (top, bottom) = _margins(size[0], grid), _margins(size[1], grid)
    padded = np.pad(np.asarray(scaled), ((top, bottom), (left, right), (0, 0)), mode="reflect")
    return Canvas(Image.fromarray(padded), (left, top, left + size[0], top + size[1]), photo)


def _canvas_size(size: tuple[int, int], resolution: int, grid: int) -> tuple[int, int]:
    """The size to scale to: little margin, and near ``resolution``."""
    ideal = resolution / math.sqrt(size[0] * size[1])
    on_the_grid = [grid * count / side for side in size for count in _neighbours(ideal * side / grid)]

    def scaled(scale: float) -> tuple[int, int]:
        return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))

    def price(scale: float) -> float:
        sides = scaled(scale)
        with_margin = math.prod(side + -side % grid for side in sides) / math.prod(sides)
        return with_margin * max(scale / ideal, ideal / scale)

    allowed = [scale for scale in on_the_grid if 1 / SCALE_LEEWAY <= scale / ideal <= SCALE_LEEWAY]
    return scaled(min([ideal, *allowed], key=price))


def _neighbours(number: float) -> tuple[int, int]:
    return math.floor(number), math.ceil(number)


def _margins(side: int, grid: int) -> tuple[int, int]:
    missing = -side % grid
    return missing // 2, missing - missing // 2
