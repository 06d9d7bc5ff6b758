"""Small copies of pictures, for lists and screens."""

from PIL.Image import Image


def fitted(picture: Image, side: int) -> Image:
    """A copy of ``picture``, RGB, no side longer than ``side`` pixels; smaller ones keep their size."""
    small = picture.convert("RGB")
    small.thumbnail((side, side))
    return small
