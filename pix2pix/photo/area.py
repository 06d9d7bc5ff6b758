"""Where an edit may act: a mask of the photo's size, mode L, 255 where it may, 0 where the photo stays as it is."""

import os

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from pix2pix.errors import InvalidImage, InvalidRequest
from pix2pix.photo.canvas import Canvas
from pix2pix.photo.decoding import Photo, open_photo

FEATHER = 0.01  # of the photo's short side: how far within its border a mask rises to all
BLACK = 16  # of 255: a mask's levels below it are none, as JPEG leaves them in what was black
STRETCH = 0.02  # by which the sides' ratio of a mask may differ from the photo's
OTHER_SHAPE = "The mask has another shape than the photo; paint it over the photo itself."
NO_PICTURE = "The mask cannot be opened; take a picture of the photo's shape, white where the photo may change."
EMPTY = "The mask is empty; paint white where the photo may change."


def open_painted(source: str | os.PathLike[str] | bytes | Image.Image | Photo) -> Photo:
    """The picture of a mask.

    Raises:
        InvalidImage: it cannot be opened; the sentence speaks of a mask, and not of a photo.
    """
    try:
        return open_photo(source)
    except InvalidImage as error:
        raise InvalidImage(NO_PICTURE) from error


def open_mask(source: str | os.PathLike[str] | bytes | Image.Image | Photo, size: tuple[int, int]) -> Image.Image:
    """The area that a person painted: white where the edit may act, grey where by half, black or transparent where not.

    Args:
        source: a picture of the photo's shape and of any size.
        size: of the photo, in pixels.

    Returns:
        Mode L, of ``size``; within its border it rises softly, beyond it is 0.

    Raises:
        InvalidImage: it cannot be opened.
        InvalidRequest: it has another shape than the photo, or all of it is black.
    """
    painted = open_painted(source)
    (width, height), (mask_width, mask_height) = size, painted.size
    if abs(mask_width * height - width * mask_height) > STRETCH * width * mask_height:
        raise InvalidRequest(OTHER_SHAPE)
    mask = painted.rgb.convert("L")
    if painted.alpha is not None:
        mask = ImageChops.multiply(mask, painted.alpha)
    if mask.size != size:
        mask = mask.resize(size, Image.Resampling.BILINEAR)
    area = _feathered(mask)
    if area.getbbox() is None:
        raise InvalidRequest(EMPTY)
    return area


def _feathered(mask: Image.Image) -> Image.Image:
    """``mask`` with a soft border that lies within it, so that nothing beyond it is touched."""
    white = mask.point(lambda level: 255 * (level >= BLACK))
    blurred = white.filter(ImageFilter.BoxBlur(FEATHER * min(mask.size)))
    return ImageChops.darker(ImageChops.darker(mask, white), blurred.point(lambda level: max(0, 2 * level - 255)))


def cells_of(mask: Image.Image, canvas: Canvas, factor: int) -> np.ndarray:
    """The latents of ``canvas`` that ``mask``, of the photo's size, touches: (H, W) bool.

    Args:
        factor: side of a latent in pixels of the canvas.
    """
    left, top, right, bottom = canvas.box
    width, height = canvas.image.size
    inner = np.asarray(mask.resize((right - left, bottom - top), Image.Resampling.BOX))
    whole = np.pad(inner, ((top, height - bottom), (left, width - right)), mode="reflect")  # as the photo's margin
    cells: np.ndarray = whole.reshape(height // factor, factor, width // factor, factor).max((1, 3)) > 0
    return cells


def area_of(cells: np.ndarray, canvas: Canvas) -> Image.Image:
    """The area that consists of the latents ``cells`` of ``canvas``, (H, W) bool: mode L, of the photo's size.

    Its border is as soft as a latent is wide.
    """
    enlarged = Image.fromarray(cells.astype(np.uint8) * np.uint8(255)).resize(
        canvas.image.size, Image.Resampling.BILINEAR
    )
    return enlarged.crop(canvas.box).resize(canvas.photo.size, Image.Resampling.BILINEAR)


def confined(edited: Image.Image, photo: Photo, area: Image.Image) -> Image.Image:
    """``edited`` within ``area`` and ``photo`` itself outside of it, to the last bit; RGB, or RGBA as the photo."""
    return photo.with_colours(Image.composite(edited.convert("RGB"), photo.rgb, area))
