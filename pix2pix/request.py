"""What a person asks for: an instruction and the settings of the edit.

``SETTINGS`` is the one table of settings. Each is declared once, as a field of ``EditRequest``; the checks, the
controls of the page, the flags of the command line, the parameters of the endpoints and the receipts are made from it,
and a test compares the table in the README.
"""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from pix2pix.errors import InvalidRequest
from pix2pix.setting import DefaultFrom, Place, Setting, Value

MAX_INSTRUCTION_LENGTH = 1_000  # characters
MAX_SEED = 2**32 - 1
EVERYWHERE, AUTOMATIC = "everywhere", "automatic"
EXACT, FAST = "exact", "fast"
DRAFT_GRID = 32  # pixels; sides of what drafts are drawn on are multiples of it
RANDOM_SEEDS = 100_001  # drawn from 0..100000, as in the original app: short enough to type again


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
        area: where the edit may act: everywhere, or only where the model itself sees the instruction act.
        area_threshold: how relevant a place must be to belong to an automatic area.
        speed: whether every step is computed in full, or some of it from the step before and in half precision.

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
    area: str = _setting(
        str,
        label="Where",
        subject="The area",
        help="Everywhere, or only where your words act (automatic); every other pixel stays as it was.",
        flag="--area",
        place=Place.WHERE,
        choices=(EVERYWHERE, AUTOMATIC),
        default=EVERYWHERE,
    )
    area_threshold: float = _setting(
        float,
        label="Area threshold",
        subject="The area threshold",
        help="Of an automatic area: lower takes in more of the photo.",
        flag="--area-threshold",
        place=Place.WHERE,
        bounds=(0.05, 0.95),
        step=0.05,
        default=0.5,
    )
    speed: str = _setting(
        str,
        label="Speed",
        subject="The speed",
        help="Fast draws nearly the same picture sooner, on new processors in half the time; exact takes no shortcuts.",
        flag="--speed",
        place=Place.FINENESS,
        choices=(EXACT, FAST),
        default=EXACT,
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

    def as_draft(self) -> "EditRequest":
        """This request, with nothing left open, fast, at half its size, with half its steps: a sketch of its result."""
        assert self.resolution is not None
        assert self.num_inference_steps is not None
        side = max(DRAFT_GRID, self.resolution // 2 // DRAFT_GRID * DRAFT_GRID)
        return replace(self, resolution=side, num_inference_steps=-(-self.num_inference_steps // 2), speed=FAST)

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
    help="The kind of file that a result becomes; own is the photo's own, or JPEG or PNG where that opens more easily.",
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
