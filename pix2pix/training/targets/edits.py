"""The global edits, and all that is known of each: what it makes of a picture and how people get to it.

Pictures are (N, 3, H, W) RGB in 0..1. A new edit is one entry of EDITS; its words are in ``words/``. The order of EDITS
is part of the recipe, because random sampling goes by it.

Flakes, streaks, grain and strokes lie where white noise says, one number a pixel, that nobody else knows: the denoiser
sees them only as far as they are drawn already, as in any diffusion model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from pix2pix.training.targets import filters, tones
from pix2pix.training.targets.colour import gradient_map

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

Target = Callable[[Tensor, float, Tensor], Tensor]  # pictures, strength, noise (N, 1, H, W) to pictures
Family = Literal["Light", "Colour", "Tints", "Weather", "Texture", "Art"]  # in the order that people see
TEXTURE: Literal["texture"] = "texture"
TONE: Literal["tone"] = "tone"


@dataclass(frozen=True)
class Edit:
    """One global edit.

    Attributes:
        target: its closed form; may leave 0..1, ``apply`` clamps.
        family: the heading that people find it under.
        example: what a person would type.
        graded: whether it knows degrees, such as “slightly”.
        scattered: whether it draws something that lies where chance will have it: flakes, streaks, grain, strokes.
        whole: whether it depends on where a pixel lies in the picture, so that crops cannot teach it.
        redraws: whether it draws textures of its own, so that the photo's own detail no longer fits.
        share: how often it is trained, relative to a share of 1; harder ones more often.
        common: whether its example comes before others of the family; the page suggests the first two.
        pair: as what it can be one of two edits in a sentence, a texture and a tone; ``None`` where it cannot.
        leaves_lines: whether it leaves dark lines on white, with no tones of the picture.
        changes_lines: whether it makes sense beside an edit that leaves lines.
        local: whether it makes sense in a part of the picture.
    """

    target: Target
    family: Family
    example: str
    graded: bool = False
    scattered: bool = False
    whole: bool = False
    redraws: bool = False
    share: float = 1.0
    common: bool = False
    pair: Literal["texture", "tone"] | None = None
    leaves_lines: bool = False
    changes_lines: bool = True
    local: bool = False


def apply(name: str, pictures: Tensor, noise: Tensor, strength: float = PLAIN) -> Tensor:
    """What edit ``name`` makes of ``pictures``, in 0..1; ``noise`` (N, 1, H, W) is white and of deviation 1."""
    return EDITS[name].target(pictures, strength, noise).clamp(0, 1)


def _plain(function: Callable[[Tensor], Tensor]) -> Target:
    return lambda pictures, strength, noise: function(pictures)


def _mapped(*stops: tuple[float, float, float]) -> Target:
    return lambda pictures, strength, noise: gradient_map(pictures, list(stops))


def _graded(function: Callable[[Tensor, float], Tensor]) -> Target:
    return lambda pictures, strength, noise: function(pictures, strength)


def _scattered(function: Callable[[Tensor, Tensor], Tensor]) -> Target:
    return lambda pictures, strength, noise: function(pictures, noise)


def _posterize(pictures: Tensor) -> Tensor:
    """Eight colours: each channel of smoothed, vivid colours empty or full, with a short ramp between, as in print."""
    smooth = filters.gaussian_blur(tones.vivid(pictures, 0.5), 1.5)
    return (smooth - 0.3) / 0.25


def _blur(pictures: Tensor, strength: float) -> Tensor:
    return filters.gaussian_blur(pictures, 3.0 * strength)


def _sharpen(pictures: Tensor) -> Tensor:
    return pictures + 2.0 * (pictures - filters.gaussian_blur(pictures, 4.0))


def _oil_painting(pictures: Tensor, noise: Tensor) -> Tensor:
    return filters.brush_strokes(tones.vivid(filters.oil_paint(pictures), 0.7), noise)


def _pixelate(pictures: Tensor, strength: float) -> Tensor:
    return filters.pixelate(pictures, 4 if strength < PLAIN else 8 if strength == PLAIN else 16)


EDITS: dict[str, Edit] = {
    "black and white": Edit(
        _plain(tones.black_and_white),
        "Colour",
        "make it black and white",
        share=3.0,
        common=True,
        pair=TONE,
        changes_lines=False,
        local=True,
    ),
    "sepia": Edit(
        _mapped((0.10, 0.06, 0.02), (0.55, 0.42, 0.27), (1.0, 0.93, 0.78)),
        "Colour",
        "turn it into a sepia photo",
        common=True,
        pair=TONE,
        local=True,
    ),
    "cyanotype": Edit(
        _mapped((0.02, 0.10, 0.28), (0.25, 0.48, 0.68), (0.96, 0.97, 0.92)), "Colour", "turn it into a cyanotype"
    ),
    "duotone": Edit(_mapped((0.20, 0.00, 0.45), (1.0, 0.90, 0.25)), "Colour", "make it a purple and yellow duotone"),
    "negative": Edit(_plain(tones.invert), "Colour", "invert the colors", share=1.5, pair=TONE, local=True),
    "solarize": Edit(_plain(tones.solarize), "Colour", "solarize it", share=1.5),
    "posterize": Edit(_plain(_posterize), "Art", "posterize it", redraws=True, share=5.0),
    "night": Edit(_plain(tones.night), "Light", "make it night", pair=TONE, changes_lines=False),
    "sunset": Edit(_plain(tones.sunset), "Light", "make it look like sunset", pair=TONE),
    "brighter": Edit(
        _graded(tones.brighter),
        "Light",
        "make it brighter",
        graded=True,
        common=True,
        pair=TONE,
        changes_lines=False,
        local=True,
    ),
    "darker": Edit(
        _graded(tones.darker),
        "Light",
        "make it darker",
        graded=True,
        common=True,
        pair=TONE,
        changes_lines=False,
        local=True,
    ),
    "warmer": Edit(
        _graded(tones.warmer),
        "Colour",
        "make it warmer",
        graded=True,
        common=True,
        pair=TONE,
        changes_lines=False,
        local=True,
    ),
    "colder": Edit(
        _graded(tones.colder),
        "Colour",
        "make it colder",
        graded=True,
        common=True,
        pair=TONE,
        changes_lines=False,
        local=True,
    ),
    "more contrast": Edit(_graded(tones.more_contrast), "Light", "increase the contrast", graded=True, share=2.0),
    "faded": Edit(_graded(tones.faded), "Light", "make it faded", graded=True),
    "vivid": Edit(_graded(tones.vivid), "Colour", "make the colors more vivid", graded=True, share=3.0, common=True),
    "blur": Edit(_graded(_blur), "Texture", "blur it", graded=True, redraws=True, pair=TEXTURE, local=True),
    "sharpen": Edit(_plain(_sharpen), "Texture", "sharpen it", redraws=True, share=5.0),
    "sketch": Edit(
        _plain(filters.pencil_sketch),
        "Art",
        "turn it into a pencil sketch",
        redraws=True,
        share=3.0,
        common=True,
        pair=TEXTURE,
        leaves_lines=True,
    ),
    "pixelate": Edit(
        _graded(_pixelate), "Texture", "pixelate it", graded=True, redraws=True, share=7.0, pair=TEXTURE, local=True
    ),
    "oil painting": Edit(
        _scattered(_oil_painting),
        "Art",
        "make it an oil painting",
        scattered=True,
        redraws=True,
        share=7.0,
        common=True,
        pair=TEXTURE,
    ),
    "cartoon": Edit(
        _plain(filters.cartoon), "Art", "turn it into a cartoon", redraws=True, share=7.0, common=True, pair=TEXTURE
    ),
    "film grain": Edit(
        _scattered(filters.film_grain),
        "Texture",
        "add film grain",
        scattered=True,
        redraws=True,
        share=5.0,
        pair=TEXTURE,
    ),
    "snow": Edit(
        _scattered(filters.snowfall),
        "Weather",
        "make it snowy",
        scattered=True,
        redraws=True,
        share=8.0,
        pair=TEXTURE,
    ),
    "rain": Edit(
        _scattered(filters.rainfall),
        "Weather",
        "make it rainy",
        scattered=True,
        redraws=True,
        share=8.0,
        pair=TEXTURE,
    ),
    "fog": Edit(_graded(tones.fog), "Weather", "add fog", graded=True, common=True, pair=TEXTURE),
    "vignette": Edit(_plain(tones.vignette), "Light", "add a vignette", whole=True),
    "clear": Edit(_plain(tones.clear), "Weather", "remove the haze", share=2.0),
} | {
    name: Edit(_graded(tones.tint(rgb)), "Tints", f"tint it {name}", graded=True, share=0.8, pair=TONE, local=True)
    for name, rgb in TINTS.items()
}
