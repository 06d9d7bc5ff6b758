"""One photo on its way through the model: the ``Job`` that goes in, the ``Drawing`` that comes out."""

import os
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL.Image import Image
from PIL.ImageChops import darker

from pix2pix.detail import full_size
from pix2pix.events import Result
from pix2pix.photo import Canvas, Photo, open_photo, to_canvas
from pix2pix.photo.area import area_of, confined, open_mask, open_painted
from pix2pix.photo.decoding import open_image
from pix2pix.request import EditRequest

Source = str | os.PathLike[str] | bytes | Image | Photo
Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class Drawing:
    """What the model made of a job.

    Attributes:
        image: RGB, of the canvas' size.
        copy: the autoencoder's own copy of the canvas, or ``None`` where nobody needed it: without detail.
        seconds: how long the model worked; of a batch, its share.
        truncated: the end of the instruction that was not read, or ``None``.
        cells: the latents where the instruction acts, (H, W) bool, or ``None`` where nobody asked, or for all.
        unchanged: whether it is the photo, within what the autoencoder does to every photo.
    """

    image: Image = field(repr=False)
    copy: Image | None = field(repr=False)
    seconds: float
    truncated: str | None
    unchanged: bool = False
    cells: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Job:
    """A photo, opened and on its canvas, with a request that leaves nothing open.

    Attributes:
        index: which photo of its gallery it is, counted from 0.
        source: the file it was read from, or ``None``.
        mask: where the edit may act, mode L of the photo's size, or ``None`` for everywhere.
        mask_digest: a hash of the file it was read from, or ``None``.
    """

    index: int
    source: Path | None
    canvas: Canvas = field(repr=False)
    request: EditRequest
    mask: Image | None = field(default=None, repr=False)
    mask_digest: str | None = None

    @classmethod
    def open(cls, index: int, photo: Source, request: EditRequest, grid: int, mask: Source | None = None) -> "Job":
        """Decode ``photo`` and fit it to the canvas; sides are multiples of ``grid``.

        Raises:
            InvalidImage: the photo or the mask cannot be used.
            InvalidRequest: the mask does not fit the photo.
        """
        opened = open_photo(photo)
        canvas = to_canvas(opened, settled(request.resolution), grid)
        if mask is None:
            return cls(index, path_of(photo), canvas, request)
        painted = open_painted(mask)
        return cls(index, path_of(photo), canvas, request, open_mask(painted, opened.size), painted.origin.digest)

    @property
    def kind(self) -> Hashable:
        """What all jobs of one batch must have in common."""
        request = self.request
        guidance = request.guidance_scale, request.image_guidance_scale
        return self.canvas.image.size, request.num_inference_steps, guidance, request.speed

    @property
    def pixels(self) -> int:
        """How large the photo is that it keeps in memory."""
        width, height = self.canvas.photo.size
        return width * height

    def result(self, drawing: Drawing, checkpoint: str, revision: str | None, device: torch.device) -> Result:
        """The finished edit, at the photo's own size; where nothing was changed, the photo itself.

        Args:
            device: that brings the photo's detail in.
        """
        photo = self.canvas.photo
        if drawing.unchanged:
            image = photo.with_colours(photo.rgb.copy())
        elif self.request.detail:
            image = full_size(self.canvas, drawing.image, settled(drawing.copy), device)
        else:
            image = self.canvas.undo(drawing.image)
        area = self._area(drawing.cells)
        if area is not None:
            image = confined(image, photo, area)
        return Result(
            image=image,
            canvas_image=drawing.image,
            request=self.request,
            seconds=drawing.seconds,
            truncated=drawing.truncated,
            checkpoint=checkpoint,
            revision=revision,
            source=self.source,
            origin=photo.origin,
            unchanged=drawing.unchanged,
            area=area,
            mask=self.mask_digest,
        )

    def _area(self, cells: np.ndarray | None) -> Image | None:
        """Where both the ``cells`` that the instruction acts on and the mask allow it."""
        if cells is None:
            return self.mask
        found = area_of(cells, self.canvas)
        return found if self.mask is None else darker(found, self.mask)


def settled(setting: Value | None) -> Value:
    """What cannot be ``None`` here, as no setting of a resolved request is; this says so to a type checker."""
    assert setting is not None
    return setting


def path_of(photo: Source) -> Path | None:
    """The file that ``photo`` is read from, or ``None`` if it comes from elsewhere."""
    return Path(photo) if isinstance(photo, (str, os.PathLike)) else None


def pixels_of(photo: Source) -> int:
    """How many pixels ``photo`` will have once it is decoded, by its header; 0 for one that cannot be opened."""
    if isinstance(photo, Image | Photo):
        return photo.size[0] * photo.size[1]
    try:
        with open_image(photo) as image:
            return image.width * image.height
    except Exception:  # whoever opens it will say what is wrong
        return 0
