"""What a checkpoint can do, as data: families with example wordings, and only what was measured to work."""

from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from statistics import fmean

from pix2pix.training.evaluation.evaluation import Evaluation
from pix2pix.training.export import DEFAULTS, write_json
from pix2pix.training.targets.edits import TINTS

ABILITIES = "abilities.json"
WORKS = 0.75  # share of an edit's wordings that must have passed
UNSEEN = 0.25  # dB, a difference too small to see
KEPT_OUTSIDE = 24.0  # dB, where only some of the picture should change
FAMILIES = {
    "Light": ("brighter", "darker", "night", "sunset", "more contrast", "faded", "vignette"),
    "Colour": ("black and white", "sepia", "warmer", "colder", "vivid", "cyanotype", "duotone", "negative", "solarize"),
    "Tints": tuple(TINTS),
    "Weather": ("fog", "snow", "rain"),
    "Texture": ("blur", "sharpen", "pixelate", "film grain"),
    "Art": ("sketch", "oil painting", "cartoon", "posterize"),
}
FURTHER = {  # measurement, the share that must have passed, and what to say; things must also keep what is around them
    "Degrees": ("degrees", 0.85, ["make it slightly warmer", "make it much darker", "add a bit of fog"]),
    "Two at once": ("two edits", 0.70, ["make it night and add fog", "blur it and make it black and white"]),
    "Colours of things": ("colours of things", 0.60, ["turn the red things blue", "change green to orange"]),
    "Parts of the picture": (
        "parts of the picture",
        0.60,
        ["make the top half darker", "blur the edges", "make the left side black and white"],
    ),
    "Frames": ("frames", 0.60, ["add a white frame", "put a red border around it"]),
    "Shapes": ("shapes", 0.60, ["draw a red circle in the upper left", "add a big blue star on the right"]),
}
EXAMPLES = {
    "brighter": "make it brighter",
    "darker": "make it darker",
    "night": "make it night",
    "sunset": "make it look like sunset",
    "more contrast": "increase the contrast",
    "faded": "make it faded",
    "vignette": "add a vignette",
    "black and white": "make it black and white",
    "sepia": "turn it into a sepia photo",
    "warmer": "make it warmer",
    "colder": "make it colder",
    "vivid": "make the colors more vivid",
    "cyanotype": "turn it into a cyanotype",
    "duotone": "make it a purple and yellow duotone",
    "negative": "invert the colors",
    "solarize": "solarize it",
    "fog": "add fog",
    "snow": "make it snowy",
    "rain": "make it rainy",
    "blur": "blur it",
    "sharpen": "sharpen it",
    "pixelate": "pixelate it",
    "film grain": "add film grain",
    "sketch": "turn it into a pencil sketch",
    "oil painting": "make it an oil painting",
    "cartoon": "turn it into a cartoon",
    "posterize": "posterize it",
} | {name: f"tint it {name}" for name in TINTS}


def abilities_of(evaluation: Evaluation) -> dict:
    """The checkpoint's settings and its families, each a name and examples."""
    passed = defaultdict(list)
    for name, samples in evaluation.samples.items():
        if name.startswith("global"):
            for sample in samples:
                passed[sample.wanted].append(sample.passed)
    families = [
        {"name": family, "examples": [EXAMPLES[name] for name in names if fmean(passed[name]) >= WORKS]}
        for family, names in FAMILIES.items()
    ]
    families += [
        {"name": family, "examples": examples}
        for family, (measurement, bar, examples) in FURTHER.items()
        if evaluation.share(measurement) >= bar and evaluation.kept_outside(measurement) >= KEPT_OUTSIDE
    ]
    settings = asdict(DEFAULTS) | {"step_zones": step_zones(evaluation.by_steps)}
    return settings | {"families": [family for family in families if family["examples"]]}


def step_zones(by_steps: dict[int, float]) -> list[tuple[int, str]]:
    """What numbers of steps are good for, from the dB that each reached: each zone from its first number on.

    The best number is the smallest that nobody can tell from the one that reached most.
    """
    best = min(steps for steps, reached in by_steps.items() if reached > max(by_steps.values()) - UNSEEN)
    zones = [(1, "quickest")] if best > 1 else []
    return [*zones, (best, "best"), *[(steps, "slower, no better") for steps in by_steps if steps > best][:1]]


def write_abilities(folder: Path, evaluation: Evaluation) -> None:
    """Write the abilities into ``folder``."""
    write_json(folder / ABILITIES, abilities_of(evaluation))
