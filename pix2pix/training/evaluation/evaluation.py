"""All measurements of a checkpoint on photographs; every edit is made by the app's own ``Editor``."""

import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import torch
from PIL import Image

from pix2pix import Editor, EditRequest
from pix2pix.training.evaluation import measures
from pix2pix.training.evaluation.controls import nearness_by_steps
from pix2pix.training.evaluation.measures import Edit, Sample
from pix2pix.training.evaluation.photos import open_photos, psnr, to_tensor
from pix2pix.training.evaluation.place_measures import in_its_place
from pix2pix.training.export import make_pipeline, size_in_megabytes
from pix2pix.training.learning.denoiser import make_unet
from pix2pix.training.recipe import SMALL
from pix2pix.training.targets.edits import EDITS
from pix2pix.training.words.meanings import Recolour, frames, is_held_out, local_changes, pairs, recolourings, shapes
from pix2pix.training.words.wordings import say_unknown, split_wordings, wording_of

HELD_OUT_FILE = Path(__file__).parents[1] / "words" / "held_out.txt"
UNSEEN_NAMES = [
    "tiger",
    "sword",
    "wizard",
    "umbrella",
    "pirate",
    "waterfall",
    "necklace",
    "penguin",
    "trophy",
    "cactus",
]
UNKNOWN_BAR, EMPTY_BAR = 26.0, 28.0  # dB
SIDE = 256  # of the photos that are measured


@dataclass(frozen=True)
class Effort:
    """How much is measured: wordings for each edit, and how many requests of each other kind."""

    wordings: int = 2
    degrees: int = 1
    requests: int = 32


@dataclass(frozen=True)
class Evaluation:
    """All that was measured; ``samples`` by the name of the measurement."""

    samples: dict[str, list[Sample]]
    autoencoder: float
    colour_left: float
    seconds: float
    megabytes: float
    untrained: float
    by_steps: dict[int, float]

    def share(self, name: str) -> float:
        """The share of samples that passed, in 0..1."""
        return fmean(sample.passed for sample in self.samples[name])

    def kept_outside(self, name: str) -> float:
        """Mean dB to the photo outside of what should change; infinite where everything should."""
        kept = [sample.outside for sample in self.samples[name] if not math.isnan(sample.outside)]
        return fmean(kept) if kept else math.inf


def evaluate(editor: Editor, folder: Path, effort: Effort) -> Evaluation:
    """Measure ``editor``, whose checkpoint lies in ``folder``."""
    photos = [measured_photo(photo) for photo in open_photos().values()]
    edit, rng = measures.edit_with(editor), random.Random(0)
    samples = {}
    for name, measure in _measurements(edit, photos, effort, rng).items():
        began = time.monotonic()
        samples[name] = measure()
        passed = fmean(sample.passed for sample in samples[name])
        print(f"{name}: {passed:.0%} of {len(samples[name])}, {time.monotonic() - began:.0f} s", flush=True)
    return Evaluation(
        samples=samples,
        autoencoder=autoencoder_psnr(editor, photos),
        colour_left=colour_left_in_black_and_white(edit, photos[:6]),
        seconds=seconds_of_an_edit(editor, photos[0]),
        megabytes=size_in_megabytes(folder),
        untrained=untrained_share(editor, photos),
        by_steps=nearness_by_steps(editor, photos[:2]),
    )


def _measurements(edit: Edit, photos: list[Image.Image], effort: Effort, rng: random.Random) -> dict:
    """The measurements by name, each to be called."""
    count = effort.requests
    names = [name for name, entry in EDITS.items() if entry.graded] * effort.degrees
    trained_pairs, held_pairs = _split(pairs(), count, rng)
    trained_colours, held_colours = _split(recolourings(), count, rng)
    trained_parts, held_parts = _split(local_changes(), count, rng)
    trained_shapes, held_shapes = _split(shapes(), count, rng)
    unknown = [say_unknown(rng) for _ in range(count // 2)]
    unseen = [say_unknown(rng, UNSEEN_NAMES) for _ in range(count // 2)]
    return {
        "global, trained wordings": lambda: measures.global_edits(edit, photos, _wordings(0, effort, rng)),
        "global, held-out wordings": lambda: measures.global_edits(edit, photos, _wordings(1, effort, rng)),
        "global, free wordings": lambda: measures.global_edits(edit, photos, read_held_out()),
        "degrees": lambda: measures.degrees_in_order(edit, photos, names),
        "two edits": lambda: measures.two_edits(edit, photos, _said(trained_pairs, rng)),
        "two edits, held-out pairs": lambda: measures.two_edits(edit, photos, _said(held_pairs, rng)),
        "colours of things": lambda: measures.colours_of_things(edit, photos, _said_of_one(trained_colours, rng)),
        "colours of things, held-out pairs": lambda: measures.colours_of_things(
            edit, photos, _said_of_one(held_colours, rng)
        ),
        "parts of the picture": lambda: in_its_place(edit, photos, _said(trained_parts, rng)),
        "parts of the picture, held-out pairs": lambda: in_its_place(edit, photos, _said(held_parts, rng)),
        "frames": lambda: in_its_place(edit, photos, _said(frames(), rng)),
        "shapes": lambda: in_its_place(edit, photos, _said(trained_shapes, rng)),
        "shapes, held-out combinations": lambda: in_its_place(edit, photos, _said(held_shapes, rng)),
        "unknown requests": lambda: measures.left_alone(edit, photos, unknown, UNKNOWN_BAR),
        "unknown requests, unseen words": lambda: measures.left_alone(edit, photos, unseen, UNKNOWN_BAR),
        "no instruction": lambda: measures.left_alone(edit, photos, [""] * len(photos), EMPTY_BAR),
        "do nothing": lambda: measures.left_alone(edit, photos, ["do nothing", "leave it as it is"], EMPTY_BAR),
    }


def measured_photo(photo: Image.Image) -> Image.Image:
    """The middle square of ``photo`` at SIDE x SIDE, so that the canvas is the photo itself."""
    side = min(photo.size)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    return photo.resize((SIDE, SIDE), Image.Resampling.LANCZOS, (left, top, left + side, top + side))


def _wordings(held_out: int, effort: Effort, rng: random.Random) -> list[tuple[str, str]]:
    """Name and sentence, ``effort.wordings`` for each edit, of the trained (0) or the held-out (1) wordings."""
    return [
        (name, wording.replace("{it}", "it"))
        for _ in range(effort.wordings)
        for name in EDITS
        for wording in [rng.choice(split_wordings(name)[held_out])]
    ]


def read_held_out(path: Path = HELD_OUT_FILE) -> list[tuple[str, str]]:
    """Name and sentence of every line of the file of free wordings."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


def _split(meanings: list, count: int, rng: random.Random) -> tuple[list, list]:
    trained = [meaning for meaning in meanings if not is_held_out(meaning)]
    held = [meaning for meaning in meanings if is_held_out(meaning)]
    held = held * (count // len(held) + 1)
    return rng.sample(trained, min(count, len(trained))), rng.sample(held, count // 2)


def _said(meanings: list, rng: random.Random) -> list[tuple]:
    return [(meaning, wording_of(meaning, rng).replace("{it}", "it")) for meaning in meanings]


def _said_of_one(meanings: list, rng: random.Random) -> list[tuple[Recolour, str]]:
    return [(meaning[0], sentence) for meaning, sentence in _said(meanings, rng)]


@torch.inference_mode()
def autoencoder_psnr(editor: Editor, photos: list[Image.Image]) -> float:
    """dB between photos and what the autoencoder makes of them."""
    vae = editor.pipeline.vae
    found = []
    for photo in photos:
        picture = to_tensor(photo)
        latents = vae.encode((picture * 2 - 1).to(vae.device, vae.dtype)).latents
        drawn = (vae.decode(latents).sample.float().cpu() + 1) / 2
        found.append(psnr(drawn.clamp(0, 1), picture))
    return fmean(found)


def colour_left_in_black_and_white(edit: Edit, photos: list[Image.Image]) -> float:
    """Mean difference between the strongest and the weakest channel, in steps of 1/255."""
    outcomes = torch.cat([edit(photo, "make it black and white") for photo in photos])
    return (outcomes.max(1).values - outcomes.min(1).values).mean().item() * 255


def seconds_of_an_edit(editor: Editor, photo: Image.Image) -> float:
    """The fastest of five edits with four steps and no guidance, in fp32 on two cores where this is a CPU."""
    torch.set_num_threads(2)
    request = EditRequest("make it night", num_inference_steps=4, guidance_scale=1, image_guidance_scale=1, seed=0)
    return min(editor.edit(photo, request).seconds for _ in range(5))


def untrained_share(editor: Editor, photos: list[Image.Image]) -> float:
    """The nearest-target share of the same checkpoint with an untrained UNet: the check can fail."""
    parts = editor.pipeline
    unet = make_unet(SMALL.denoiser, SMALL.language, parts.vae, seed=0).to(parts.device, parts.unet.dtype)
    untrained = Editor(make_pipeline(parts.vae, parts.text_encoder, parts.tokenizer, unet), editor.checkpoint)
    samples = measures.global_edits(measures.edit_with(untrained), photos, _wordings(0, Effort(1), random.Random(0)))
    return fmean(sample.passed for sample in samples)
