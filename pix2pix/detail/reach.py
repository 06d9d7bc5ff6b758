"""How far an edit reaches: where it was meant, and where a model only leaves traces of it.

A model that draws a part of a picture anew leaves a trace everywhere else. Two signs tell it from an edit. It is
slight: what a model does to a photo that it leaves alone, or little more. And it does not follow from what happens
elsewhere. An edit of the whole picture is slight, too, where there is little to do, as black and white is in what was
grey before; but there the colours go the way of all others.
"""

import numpy as np
import torch
import torch.nn.functional as F
from PIL.Image import Resampling

from pix2pix.detail.comparison import PLACE, changes, means
from pix2pix.detail.planes import resized

# Each from where nothing to where all counts as edited.
NOISE, DRIFT = (0.4, 0.8), (1.3, 2.2)  # in units of ``comparison``
ADVANTAGE = 1.0, 1.5
LEAST = 1.0  # level of 0..255 that is no advantage


def reach(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Where ``after`` is an edit of ``before``, (3, H, W) in 0..255: (H, W) float32 from 0, nowhere near it, to 1."""
    noise, drift = changes(before, after)
    widened = F.max_pool2d(noise[None], 3, stride=1, padding=1)[0]  # the border of an edit belongs to it
    signs = (widened, NOISE), (drift, DRIFT), (_advantage(before, after), ADVANTAGE)
    size = before.shape[2], before.shape[1]
    shares = [ramp(resized(sign.float(), size, Resampling.BILINEAR), *ends) for sign, ends in signs]
    return torch.stack(shares).amax(0)


def ramp(values: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """0 up to ``low``, 1 from ``high`` on, smooth between; of the shape and dtype of ``values``."""
    values = ((values - low) / (high - low)).clamp(0, 1)
    return values * values * (3 - 2 * values)


def _advantage(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """How many times nearer each place is to the line, from colour to colour, of the whole edit than to no edit."""
    colours = F.pad(before.flatten(1), (0, 0, 0, 1), value=255).double()  # (4, pixels)
    moments = (colours @ torch.cat([colours, after.flatten(1).double()]).T).cpu().numpy()
    line = np.linalg.lstsq(moments[:, :4], moments[:, 4:], rcond=None)[0]  # of the least norm, where many fit as well
    fitted = (torch.from_numpy(line.T).to(colours) @ colours).reshape(after.shape)
    return _distance(after - before) / (_distance(after - fitted) + LEAST)


def _distance(difference: torch.Tensor) -> torch.Tensor:
    """Of the colours around every place, in levels, noise left out."""
    return means((means(difference, PLACE) ** 2).mean(0), 4).clamp_min(0).sqrt()
