"""A small edit applied to the full-size photo: the colours of the edit, the detail of the photo.

The edit is explained at the model's size by local lines from colour to colour; their coefficients, enlarged, are
applied to the full-size photo, as in He and Sun, "Fast Guided Filter" (arXiv:1505.00996).
"""

import os
from concurrent.futures import ThreadPoolExecutor

import torch
from PIL import Image

from pix2pix.detail.bands import bands_of
from pix2pix.detail.lines import explain
from pix2pix.detail.planes import CPU, levels
from pix2pix.detail.reach import reach
from pix2pix.photo import Canvas

BAND_PIXELS = 2**19  # a band of rows takes about 30 MB while it is drawn
MAX_THREADS = 8


def full_size(canvas: Canvas, drawn: Image.Image, copy: Image.Image, device: torch.device = CPU) -> Image.Image:
    """What was drawn on ``canvas`` as a picture of exactly the photo's size, with the photo's own detail in it.

    Args:
        drawn: RGB, of the canvas' size.
        copy: the same, of the canvas with nothing edited, drawn by whoever drew ``drawn``: what the two have in common,
            such as the loss of an autoencoder, is no part of the edit.
        device: that does it; one that knows float64.

    Returns:
        RGB, or RGBA as the photo, whose transparency is put back.
    """
    photo = canvas.photo
    return photo.with_colours(transfer(photo.rgb, copy.crop(canvas.box), drawn.crop(canvas.box), device))


@torch.inference_mode()
def transfer(
    photo: Image.Image, canvas_before: Image.Image, canvas_after: Image.Image, device: torch.device = CPU
) -> Image.Image:
    """Repeat on ``photo`` the edit that made ``canvas_after`` out of ``canvas_before``.

    Args:
        photo: RGB, any size.
        canvas_before: RGB, the same photo at the model's size.
        canvas_after: RGB of that size: its edit.
        device: that does it.

    Returns:
        RGB of the photo's size: the edit, enlarged with Lanczos, and on top the detail of the photo that the canvas
        could not hold, through the local gain of the edit; the photo itself where the edit does not reach. Beyond the
        result itself, memory hardly grows with the photo.
    """
    before, after = levels(canvas_before, device), levels(canvas_after, device)
    share, none = reach(before, after), torch.eye(3, device=device)[..., None, None]
    before, after = before / 255, after / 255
    gain, explained = explain(before, after)
    gain, explained = none + share * (gain - none), before + share * (explained - before)
    draw_band = bands_of(torch.cat([before, explained, gain.flatten(0, 1)]))
    result = Image.new("RGB", photo.size)
    photo.load()
    rows = max(1, BAND_PIXELS // photo.width)

    def draw(top: int) -> None:
        band = 0, top, photo.width, min(photo.height, top + rows)
        result.paste(draw_band(photo.crop(band), photo.height, band[1]), band)

    with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as threads:
        for _ in threads.map(draw, range(0, photo.height, rows)):
            pass  # looked at, so that an error is raised
    return result
