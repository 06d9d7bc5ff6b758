"""What a person asks for: an instruction and the settings of the edit.

``SETTINGS`` is the one table of settings. Each is declared once, as a field of ``EditRequest``; the checks, the
controls of the page, the flags of the command line, the parameters of the endpoints, the receipts and the table in the
README are all made from it.
"""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from numbers import Integral, Real
from typing import Any

from pix2pix.errors import InvalidRequest

MAX_INSTRUCTION_LENGTH = 1_000  # characters
MAX_SEED = 2**32 - 1
RANDOM_SEEDS = 100_001  # drawn from 0..100000, as in the original app: short enough to type again

Value = int | float | bool | str


class DefaultFrom(Enum):
    """Where the value of a setting comes from that a request leaves open."""

    CHECKPOINT = "the model's own"
    CHANCE = "drawn"
    TABLE = "always the same"


class Place(Enum):
    """The row of the page in which a setting stands, in this order."""

    AMOUNT = "How much changes"
    FINENESS = "How fine it is drawn"
    CHANCE = "Chance"
    RESULT = "The result"


@dataclass(frozen=True)
class Setting:
    """One setting of an edit.

    Attributes:
        kind: ``int``, ``float``, ``bool``, or ``str`` for one of ``choices``.
        label: what the page calls it.
        subject: what a sentence about it begins with.
        help: one sentence on what it does.
        flag: of the command line.
        place: where it stands on the page.
        bounds: the smallest and the largest value; ``None`` for what is no number.
        step: what one notch of its slider moves; 0 where a slider makes no sense.
        default_from: where its value comes from if it is left open.
        default: the value that then stands in the request; ``None`` unless the default comes from this table.
        choices: all that it can be, where it is one of a few words.
        missing: what a receipt means that does not name it; ``default`` unless an older version did otherwise.
        name: the field of ``EditRequest``; also what endpoints and receipts call it.
    """

    kind: type[Value]
    label: str
    subject: str
    help: str
    flag: str
    place: Place
    bounds: tuple[float, float] | None = None
    step: float = 0
    default_from: DefaultFrom = DefaultFrom.TABLE
    default: Value | None = None
    missing: Value | None = None
    choices: tuple[str, ...] = ()
    name: str = ""

    @property
    def values(self) -> str:
        """What it can be, in words: "a whole number from 1 to 150"."""
        if self.choices:
            return f"{', '.join(self.choices[:-1])} or {self.choices[-1]}"
        if self.bounds is None:
            return "on or off"
        low, high = self.bounds
        return f"a whole number from {low} to {high}" if self.kind is int else f"a number from {low:g} to {high:g}"

    @property
    def explained(self) -> str:
        """Its help with the values it can have."""
        return f"{self.help.rstrip('.')} ({self.values})."

    def checked(self, value: Any) -> Value | None:
        """``value`` as a plain number, switch or word; ``None`` stays, where the value may be left open.

        Raises:
            InvalidRequest: it is of the wrong kind or out of its range.
        """
        if value is None and self.default is None:
            return None
        if self.bounds is None:
            if value in self.choices if self.choices else isinstance(value, bool):
                return value  # type: ignore[no-any-return]  # it was just looked at
        elif _is_number(value, self.kind):
            low, high = self.bounds
            if low <= value <= high:  # false for NaN, too
                return self.kind(value)  # numbers of other libraries become plain ones
        raise InvalidRequest(f"{self.subject} must be {self.values}.")


def _is_number(value: Any, kind: type[Value]) -> bool:
    return isinstance(value, Integral if kind is int else Real) and not isinstance(value, bool)


def _setting(*arguments: Any, **attributes: Any) -> Any:
    setting = Setting(*arguments, **attributes)
    return field(default=setting.default, metadata={"setting": setting})


@dataclass(frozen=True)
class Defaults:
    """The settings a checkpoint works best with; they stand in for whatever a request leaves open.

    A resolution of ``None`` means what the checkpoint's UNet was trained on.
    """

    num_inference_steps: int
    guidance_scale: float
    image_guidance_scale: float
    resolution: int | None = None


@dataclass(frozen=True)
class EditRequest:
    """One edit as a person asks for it. Checks itself; whatever exists is valid.

    Args:
        instruction: what to do with the photo, 1 to 1,000 characters that can be seen; kept without outer blanks.
        num_inference_steps: denoising steps.
        guidance_scale: how strongly the instruction counts, s_T of InstructPix2Pix (arXiv:2211.09800).
        image_guidance_scale: how strongly the photo is kept, s_I of the same equation.
        seed: where the noise comes from.
        resolution: side in pixels of the square whose area the model draws on.
        detail: whether the result gets the photo's own detail back, or is only what the model drew, enlarged.

    The ranges are in ``SETTINGS``. A setting of ``None`` means the checkpoint's own default; a seed of ``None`` is
    drawn when the edit begins.

    Raises:
        InvalidRequest: a value is of the wrong kind or out of its range.
    """

    instruction: str
    num_inference_steps: int | None = _setting(
        int,
        label="Steps",
        subject="The number of steps",
        help="How many times the picture is refined.",
        flag="--steps",
        place=Place.FINENESS,
        bounds=(1, 150),
        step=1,
        default_from=DefaultFrom.CHECKPOINT,
    )
    guidance_scale: float | None = _setting(
        float,
        label="Text guidance",
        subject="Text guidance",
        help="How strongly your words count; higher changes more.",
        flag="--guidance-scale",
        place=Place.AMOUNT,
        bounds=(1.0, 30.0),
        step=0.05,
        default_from=DefaultFrom.CHECKPOINT,
    )
    image_guidance_scale: float | None = _setting(
        float,
        label="Image guidance",
        subject="Image guidance",
        help="How strongly your photo is kept; higher keeps more.",
        flag="--image-guidance-scale",
        place=Place.AMOUNT,
        bounds=(1.0, 5.0),
        step=0.05,
        default_from=DefaultFrom.CHECKPOINT,
    )
    seed: int | None = _setting(
        int,
        label="Seed",
        subject="The seed",
        help="Where the chance in the picture comes from; the same seed and settings give the same picture.",
        flag="--seed",
        place=Place.CHANCE,
        bounds=(0, MAX_SEED),
        default_from=DefaultFrom.CHANCE,
    )
    resolution: int | None = _setting(
        int,
        label="Size",
        subject="The size",
        help="Side in pixels at which the model draws; larger is finer and slower.",
        flag="--resolution",
        place=Place.FINENESS,
        bounds=(32, 1024),
        step=32,
        default_from=DefaultFrom.CHECKPOINT,
    )
    detail: bool = _setting(
        bool,
        label="Keep the photo's detail",
        subject="The photo's detail",
        help="The result is as sharp as your photo; off shows exactly what the model drew, enlarged.",
        flag="--detail",
        place=Place.RESULT,
        default=True,
        missing=False,  # results of the first version were only enlarged
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "instruction", _checked_instruction(self.instruction))
        for setting in SETTINGS:
            object.__setattr__(self, setting.name, setting.checked(getattr(self, setting.name)))

    def resolved(self, defaults: Defaults) -> "EditRequest":
        """This request with nothing left open: ``None`` filled from ``defaults``, the seed drawn if there is none."""
        left_open = [setting for setting in SETTINGS if getattr(self, setting.name) is None]
        filled: dict[str, Any] = {setting.name: _default(setting, defaults) for setting in left_open}
        return replace(self, **filled)

    def numbered(self) -> Iterator["EditRequest"]:
        """This request with seed, seed + 1, seed + 2, ... without end, for a gallery in which no two photos share one.

        A seed of ``None`` is drawn once, for the first; after the largest seed comes 0.
        """
        first = secrets.randbelow(RANDOM_SEEDS) if self.seed is None else self.seed
        for seed in itertools.count(first):
            yield replace(self, seed=seed % (MAX_SEED + 1))


SETTINGS: tuple[Setting, ...] = tuple(
    replace(one.metadata["setting"], name=one.name) for one in fields(EditRequest) if "setting" in one.metadata
)
VARY_SEED = Setting(  # of a gallery: how the requests of its photos follow from one
    bool,
    label="Another seed for each photo",
    subject="Another seed for each photo",
    help="The first photo takes the seed, the next one seed + 1, and so on.",
    flag="--vary-seed",
    place=Place.CHANCE,
    default=False,
    name="vary_seed",
)
AFTER_SEED = 1 + next(index for index, setting in enumerate(SETTINGS) if setting.name == "seed")
GALLERY_SETTINGS: tuple[Setting, ...] = (*SETTINGS[:AFTER_SEED], VARY_SEED, *SETTINGS[AFTER_SEED:])

FORMAT = Setting(
    str,
    label="Save as",
    subject="The format",
    help="The kind of file that a result becomes; own is the photo's own, JPEG for a HEIC or AVIF.",
    flag="--format",
    place=Place.RESULT,
    choices=("own", "png", "jpeg", "webp"),
    default="own",
    name="format",
)
METADATA = Setting(
    bool,
    label="Keep date and author",
    subject="The metadata",
    help="A result keeps date, author, copyright, camera model and dpi of the photo; never place or serial numbers.",
    flag="--metadata",
    place=Place.RESULT,
    default=True,
    name="metadata",
)
SAVE_SETTINGS: tuple[Setting, ...] = (FORMAT, METADATA)  # of the file, not of the picture in it


def _default(setting: Setting, defaults: Defaults) -> Value | None:
    if setting.default_from is DefaultFrom.CHANCE:
        return secrets.randbelow(RANDOM_SEEDS)
    return getattr(defaults, setting.name)  # type: ignore[no-any-return]  # a test compares the names


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
