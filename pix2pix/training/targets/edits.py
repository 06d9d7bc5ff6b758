"""The global edits and their closed-form targets: what the whole picture becomes.

Pictures are (N, 3, H, W) RGB in 0..1. An edit that knows degrees takes a strength: 1 is the plain edit. Flakes, streaks
and grain lie where white noise says, one number a pixel. In training it is the noise that the denoiser begins with: so
where they fall is known from the first step, and another seed lets them fall elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pix2pix.training.targets import filters
from pix2pix.training.targets.colour import colour, gradient_map, luminance
from pix2pix.training.targets.places import coordinates

SLIGHT, PLAIN, STRONG = 0.45, 1.0, 1.8

TINTS = {
    "red": (0.85, 0.10, 0.10),
    "orange": (1.00, 0.52, 0.05),
    "yellow": (0.95, 0.85, 0.10),
    "lime": (0.60, 0.90, 0.15),
    "green": (0.10, 0.60, 0.15),
    "teal": (0.05, 0.55, 0.50),
    "cyan": (0.20, 0.85, 0.95),
    "blue": (0.10, 0.25, 0.90),
    "purple": (0.45, 0.10, 0.70),
    "magenta": (0.90, 0.10, 0.75),
    "pink": (1.00, 0.60, 0.75),
    "brown": (0.45, 0.27, 0.10),
}


@dataclass(frozen=True)
class Edit:
    """One global edit.

    Attributes:
        target: (pictures, strength, noise) to pictures; may leave 0..1, ``apply`` clamps.
        graded: whether it knows degrees.
        follows_noise: whether the noise decides what it draws.
        whole: whether it depends on where a pixel lies in the picture, so that crops cannot teach it.
        share: how often it is trained, relative to a share of 1; harder ones more often.
    """

    target: Callable[[Tensor, float, Tensor], Tensor]
    graded: bool = False
    follows_noise: bool = False
    whole: bool = False
    share: float = 1.0


def apply(name: str, pictures: Tensor, noise: Tensor, strength: float = PLAIN) -> Tensor:
    """The target of edit ``name``; ``noise`` (N, 1, H, W) is white and of deviation 1."""
    return EDITS[name].target(pictures, strength, noise).clamp(0, 1)


def _plain(function: Callable[..., Tensor], *settings: object) -> Callable[[Tensor, float, Tensor], Tensor]:
    return lambda pictures, strength, noise: function(pictures, *settings)


def _graded(function: Callable[[Tensor, float], Tensor]) -> Callable[[Tensor, float, Tensor], Tensor]:
    return lambda pictures, strength, noise: function(pictures, strength)


def _scattered(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, float, Tensor], Tensor]:
    return lambda pictures, strength, noise: function(pictures, noise)


def _black_and_white(pictures: Tensor) -> Tensor:
    return luminance(pictures).expand(-1, 3, -1, -1)


def _invert(pictures: Tensor) -> Tensor:
    return 1 - pictures


def _solarize(pictures: Tensor) -> Tensor:
    return pictures.minimum(1 - pictures)


def _posterize(pictures: Tensor) -> Tensor:
    """Eight colours: each channel of smoothed, vivid colours empty or full, with a short ramp between, as in print."""
    smooth = filters.gaussian_blur(_vivid(pictures, 0.5), 1.5)
    return (smooth - 0.3) / 0.25


def _night(pictures: Tensor) -> Tensor:
    pale = pictures * 0.8 + 0.2 * luminance(pictures)
    return pale.clamp(0, 1) ** 1.25 * colour((0.26, 0.34, 0.62), pictures)


def _sunset(pictures: Tensor) -> Tensor:
    glow = gradient_map(pictures, [(0.12, 0.02, 0.20), (0.75, 0.22, 0.25), (1.0, 0.62, 0.25), (1.0, 0.95, 0.70)])
    return 0.25 * pictures + 0.75 * glow


def _brighter(pictures: Tensor, strength: float) -> Tensor:
    return 1 - (1 - pictures) ** (1 + 0.9 * strength)


def _darker(pictures: Tensor, strength: float) -> Tensor:
    return pictures ** (1 + 0.3 * strength) * 0.5**strength


def _warmer(pictures: Tensor, strength: float) -> Tensor:
    gain = colour((1 + 0.18 * strength, 1 - 0.02 * strength, 1 - 0.38 * strength), pictures)
    return pictures * gain + strength * colour((0.05, 0.01, 0), pictures)


def _colder(pictures: Tensor, strength: float) -> Tensor:
    gain = colour((1 - 0.34 * strength, 1 - 0.05 * strength, 1 + 0.15 * strength), pictures)
    return pictures * gain + strength * colour((0, 0.02, 0.07), pictures)


def _more_contrast(pictures: Tensor, strength: float) -> Tensor:
    return 0.5 + (pictures - 0.5) * (1 + 0.9 * strength)


def _faded(pictures: Tensor, strength: float) -> Tensor:
    pale = luminance(pictures) + (pictures - luminance(pictures)) * 0.7**strength
    return 0.5 + (pale - 0.5) * 0.45**strength + 0.08 * strength


def _vivid(pictures: Tensor, strength: float) -> Tensor:
    grey = luminance(pictures)
    return grey + (1 + 1.2 * strength) * (pictures - grey)


def _blur(pictures: Tensor, strength: float) -> Tensor:
    return filters.gaussian_blur(pictures, 3.0 * strength)


def _sharpen(pictures: Tensor) -> Tensor:
    return pictures + 2.0 * (pictures - filters.gaussian_blur(pictures, 4.0))


def _oil_painting(pictures: Tensor) -> Tensor:
    return _vivid(filters.oil_paint(pictures), 0.7)


def _pixelate(pictures: Tensor, strength: float) -> Tensor:
    return filters.pixelate(pictures, 4 if strength < PLAIN else 8 if strength == PLAIN else 16)


def _fog(pictures: Tensor, strength: float) -> Tensor:
    pale = pictures * 0.7 + 0.3 * luminance(pictures)
    through = 0.42**strength
    return pale * through + colour((0.80, 0.82, 0.84), pictures) * (1 - through)


def _vignette(pictures: Tensor) -> Tensor:
    """Dark corners: a smooth step of light from 40 % of the way to the corners on."""
    y, x = coordinates(pictures)
    outward = (torch.hypot(2 * x - 1, 2 * y - 1) / 2**0.5 - 0.4).clamp_min(0) / 0.6
    return pictures * (1 - 0.9 * outward**2 * (3 - 2 * outward))


def _tint(rgb: tuple[float, float, float]) -> Callable[[Tensor, float], Tensor]:
    """Black to ``rgb`` to white by brightness (``PIL.ImageOps.colorize``), over a quarter of the picture itself."""

    def tint(pictures: Tensor, strength: float) -> Tensor:
        ramp = gradient_map(pictures, [(0, 0, 0), rgb, (1, 1, 1)])
        return ramp + (pictures - ramp) * 0.25**strength

    return tint


EDITS = {
    "black and white": Edit(_plain(_black_and_white), share=3.0),
    "sepia": Edit(_plain(gradient_map, [(0.10, 0.06, 0.02), (0.55, 0.42, 0.27), (1.0, 0.93, 0.78)])),
    "cyanotype": Edit(_plain(gradient_map, [(0.02, 0.10, 0.28), (0.25, 0.48, 0.68), (0.96, 0.97, 0.92)])),
    "duotone": Edit(_plain(gradient_map, [(0.20, 0.00, 0.45), (1.0, 0.90, 0.25)])),
    "negative": Edit(_plain(_invert), share=1.5),
    "solarize": Edit(_plain(_solarize), share=1.5),
    "posterize": Edit(_plain(_posterize), share=6.0),
    "night": Edit(_plain(_night)),
    "sunset": Edit(_plain(_sunset)),
    "brighter": Edit(_graded(_brighter), graded=True),
    "darker": Edit(_graded(_darker), graded=True),
    "warmer": Edit(_graded(_warmer), graded=True),
    "colder": Edit(_graded(_colder), graded=True),
    "more contrast": Edit(_graded(_more_contrast), graded=True, share=2.0),
    "faded": Edit(_graded(_faded), graded=True),
    "vivid": Edit(_graded(_vivid), graded=True, share=3.0),
    "blur": Edit(_graded(_blur), graded=True),
    "sharpen": Edit(_plain(_sharpen), share=6.0),
    "sketch": Edit(_plain(filters.pencil_sketch), share=2.0),
    "pixelate": Edit(_graded(_pixelate), graded=True, share=10.0),
    "oil painting": Edit(_plain(_oil_painting), share=8.0),
    "cartoon": Edit(_plain(filters.cartoon), share=6.0),
    "film grain": Edit(_scattered(filters.film_grain), follows_noise=True),
    "snow": Edit(_scattered(filters.snowfall), follows_noise=True, share=4.0),
    "rain": Edit(_scattered(filters.rainfall), follows_noise=True, share=3.0),
    "fog": Edit(_graded(_fog), graded=True),
    "vignette": Edit(_plain(_vignette), whole=True),
} | {name: Edit(_graded(_tint(rgb)), graded=True, share=0.8) for name, rgb in TINTS.items()}
