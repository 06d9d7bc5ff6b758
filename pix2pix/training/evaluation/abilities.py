"""What a checkpoint can do, as data: families with example wordings, and only what was measured to work."""

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any, get_args

from pix2pix.training.evaluation.evaluate import Evaluation
from pix2pix.training.evaluation.measured.guidance import sane_image_limit, sane_text_limit
from pix2pix.training.learning.export import DEFAULTS
from pix2pix.training.targets.edits import EDITS, Family

ABILITIES_FILE = "abilities.json"
WORKS = 0.75  # share of an edit's wordings that must have passed
NEARLY_ALL, ALL = 0.75, 0.97  # of the most that any number of steps draws
OUTSIDE_BAR = 24.0  # dB to the photo where nothing should change
FURTHER = {  # by family: measurement, share that must have passed, examples
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


def families() -> dict[str, list[str]]:
    """The names of the global edits by family, common ones first."""
    names = sorted(EDITS, key=lambda name: not EDITS[name].common)
    return {family: [name for name in names if EDITS[name].family == family] for family in get_args(Family)}


def abilities_of(evaluation: Evaluation) -> dict[str, Any]:
    """The checkpoint's settings and its families, each a name and examples."""
    passed = defaultdict(list)
    for name, samples in evaluation.samples.items():
        if name.startswith("global"):
            for sample in samples:
                passed[sample.wanted].append(sample.passed)
    found = [
        {"name": family, "examples": [EDITS[name].example for name in names if fmean(passed[name]) >= WORKS]}
        for family, names in families().items()
    ]
    found += [
        {"name": family, "examples": examples}
        for family, (measurement, bar, examples) in FURTHER.items()
        if evaluation.share(measurement) >= bar and evaluation.outside(measurement) >= OUTSIDE_BAR
    ]
    limits = [sane_text_limit(evaluation.text_guidance), sane_image_limit(evaluation.image_guidance)]
    advice = {"step_zones": step_zones(evaluation.scatter.by_steps), "guidance_limits": limits}
    return asdict(DEFAULTS) | advice | {"families": [family for family in found if family["examples"]]}


def step_zones(by_steps: dict[str, dict[int, float]]) -> list[tuple[int, str]]:
    """What numbers of steps are good for, from how much of flakes, streaks and grain each draws.

    Args:
        by_steps: amounts by the name of the edit and the number of steps, as in ``Scatter``.

    Returns:
        Zones, each its first number and its name: a draft, then what is nearly all, then all that there is.
    """
    counts = next(iter(by_steps.values()))
    drawn = {steps: fmean(min(1.0, amounts[steps]) for amounts in by_steps.values()) for steps in counts}
    most = max(drawn.values())
    balanced = min(steps for steps in drawn if drawn[steps] >= NEARLY_ALL * most)
    full = min(steps for steps in drawn if drawn[steps] >= ALL * most)
    zones = [(1, "quick draft"), (balanced, "balanced"), (full, "most detail")]
    return [zone for zone, following in zip(zones, [*zones[1:], (None, "")], strict=True) if zone[0] != following[0]]


def write_abilities(folder: Path, evaluation: Evaluation) -> None:
    """Write the abilities into ``folder``."""
    text = json.dumps(abilities_of(evaluation), indent=2, ensure_ascii=False)
    (folder / ABILITIES_FILE).write_text(text + "\n", encoding="utf-8")
