"""What a person asks for: an instruction and the settings of the edit."""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from numbers import Integral, Real

from pix2pix.errors import InvalidRequest

MAX_INSTRUCTION_LENGTH = 1_000
NUM_INFERENCE_STEPS_RANGE = (1, 150)
GUIDANCE_SCALE_RANGE = (1.0, 30.0)
IMAGE_GUIDANCE_SCALE_RANGE = (1.0, 5.0)
SEED_RANGE = (0, 2**32 - 1)
RESOLUTION_RANGE = (32, 1024)
RANDOM_SEEDS = 100_001  # drawn from 0..100000, as in the original app: short enough to type again


@dataclass(frozen=True)
class Defaults:
    """The settings a checkpoint works best with; they stand in for whatever a request leaves open."""

    num_inference_steps: int
    guidance_scale: float
    image_guidance_scale: float
    resolution: int | None = None


@dataclass(frozen=True)
class EditRequest:
    """One edit as a person asks for it. Checks itself; whatever exists is valid.

    Args:
        instruction: what to do with the photo, 1 to 1,000 characters that can be seen; kept without outer blanks.
        num_inference_steps: denoising steps, a whole number in 1..150.
        guidance_scale: how strongly the instruction counts, s_T of InstructPix2Pix (arXiv:2211.09800), 1..30.
        image_guidance_scale: how strongly the photo is kept, s_I of the same equation, 1..5.
        seed: where the noise comes from, a whole number in 0..2**32-1.
        resolution: side in pixels of the square whose area the model draws on, 32..1024.
        detail: whether the result gets the photo's own detail back, or is only what the model drew, enlarged.

    A setting of ``None`` means the checkpoint's own default; a seed of ``None`` is drawn when the edit begins.

    Raises:
        InvalidRequest: a value is of the wrong kind or out of its range.
    """

    instruction: str
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    image_guidance_scale: float | None = None
    seed: int | None = None
    resolution: int | None = None
    detail: bool = True

    def __post_init__(self) -> None:
        checked = {
            "instruction": _checked_instruction(self.instruction),
            "num_inference_steps": _whole("The number of steps", self.num_inference_steps, NUM_INFERENCE_STEPS_RANGE),
            "guidance_scale": _number("Text guidance", self.guidance_scale, GUIDANCE_SCALE_RANGE),
            "image_guidance_scale": _number("Image guidance", self.image_guidance_scale, IMAGE_GUIDANCE_SCALE_RANGE),
            "seed": _whole("The seed", self.seed, SEED_RANGE),
            "resolution": _whole("The size", self.resolution, RESOLUTION_RANGE),
            "detail": _switch("The photo's detail", self.detail),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def resolved(self, defaults: Defaults) -> "EditRequest":
        """This request with nothing left open: ``None`` filled from ``defaults``, the seed drawn if there is none."""
        settings = {
            name: getattr(defaults, name) if getattr(self, name) is None else getattr(self, name)
            for name in ("num_inference_steps", "guidance_scale", "image_guidance_scale", "resolution")
        }
        seed = secrets.randbelow(RANDOM_SEEDS) if self.seed is None else self.seed
        return replace(self, seed=seed, **settings)

    def numbered(self) -> Iterator["EditRequest"]:
        """This request with seed, seed + 1, seed + 2, ... without end, for a gallery in which no two photos share one.

        A seed of ``None`` is drawn once, for the first; after the largest seed comes 0.
        """
        first = secrets.randbelow(RANDOM_SEEDS) if self.seed is None else self.seed
        for seed in itertools.count(first):
            yield replace(self, seed=seed % (SEED_RANGE[1] + 1))


def _checked_instruction(text: object) -> str:
    if not isinstance(text, str):
        raise InvalidRequest("The instruction must be text, such as “make it snowy”.")
    text = text.strip()
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise InvalidRequest("Say what to do with the photo, for example “make it snowy”.")
    if len(text) > MAX_INSTRUCTION_LENGTH:
        raise InvalidRequest(
            f"The instruction has {len(text):,} characters; keep it to {MAX_INSTRUCTION_LENGTH:,} or fewer."
        )
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidRequest("The instruction holds characters that are not text; type it again.")
    return text


def _whole(what: str, value: object, bounds: tuple[int, int]) -> int | None:
    if value is None:
        return None
    low, high = bounds
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= value <= high:
        raise InvalidRequest(f"{what} must be a whole number from {low} to {high}.")
    return int(value)


def _switch(what: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest(f"{what} must be on or off.")
    return value


def _number(what: str, value: object, bounds: tuple[float, float]) -> float | None:
    if value is None:
        return None
    low, high = bounds  # the comparison also refuses NaN and the infinities
    if isinstance(value, bool) or not isinstance(value, Real) or not low <= value <= high:
        raise InvalidRequest(f"{what} must be a number from {low:g} to {high:g}.")
    return float(value)
