"""How far an edit reaches: where it was meant, and where a model only leaves traces of it.

A model that draws a part of a picture anew leaves a trace everywhere else. Two signs tell it from an edit. It is
slight: what a model does to a photo that it leaves alone, or little more. And it does not follow from what happens
elsewhere. An edit of the whole picture is slight, too, where there is little to do, as black and white is in what was
grey before; but there the colours go the way of all others.
"""

import numpy as np
from PIL import Image, ImageFilter

from pix2pix.photo.comparison import PLACE, changes, means

# Each from where nothing to where all counts as edited.
NOISE, DRIFT = (0.4, 0.8), (1.3, 2.2)  # in units of ``comparison``
ADVANTAGE = 1.0, 1.5
LEAST = 1.0  # level of 0..255 that is no advantage


def reach(before: Image.Image, after: Image.Image) -> np.ndarray:
    """Where ``after`` is an edit of ``before``, RGB of one size: (H, W) float32 from 0, nowhere near it, to 1."""
    old, new = (np.asarray(image, np.float32) for image in (before, after))
    noise, drift = changes(old, new)
    widened = _image(noise).filter(ImageFilter.MaxFilter(3))  # the border of an edit belongs to it
    signs = (widened, NOISE), (_image(drift), DRIFT), (_image(_advantage(old, new)), ADVANTAGE)
    shares = [ramp(np.asarray(sign.resize(before.size, Image.Resampling.BILINEAR)), *ends) for sign, ends in signs]
    share: np.ndarray = np.maximum.reduce(shares)
    return share


def ramp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 up to ``low``, 1 from ``high`` on, smooth between; of the shape and dtype of ``values``."""
    values = ((values - low) / (high - low)).clip(0, 1)
    ramp: np.ndarray = values * values * (3 - 2 * values)
    return ramp


def _advantage(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """How many times nearer each place is to the line, from colour to colour, of the whole edit than to no edit."""
    colours = np.insert(old.reshape(-1, 3).astype(np.float64), 3, 255, axis=1)
    line = np.linalg.lstsq(colours.T @ colours, colours.T @ new.reshape(-1, 3), rcond=None)[0]
    return _distance(new - old) / (_distance(new - (colours @ line).reshape(new.shape)) + LEAST)


def _distance(difference: np.ndarray) -> np.ndarray:
    """Of the colours around every place, in levels, noise left out."""
    distance: np.ndarray = np.sqrt(means((means(difference, PLACE) ** 2).mean(-1), 4))
    return distance


def _image(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values.astype(np.float32))
