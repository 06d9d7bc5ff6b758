"""What each lever of a fast edit gives and costs, with pocket: time, edits that pass, and how far the picture moves."""

import random
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline as Pipeline
from diffusers import UNet2DConditionModel, UniPCMultistepScheduler
from PIL import Image
from torch import Tensor, nn

from benchmarks.stock import stock_pocket, tuned
from benchmarks.timing import in_turn
from pix2pix import Editor, EditRequest, Result, Step
from pix2pix.diffusion.checkpoints import POCKET
from pix2pix.diffusion.loading import load
from pix2pix.diffusion.speed.models import Models, exact_models, fast_models
from pix2pix.editing.job import Source
from pix2pix.training.evaluation.measured.edits import EditFunction, edit_with, global_edits
from pix2pix.training.evaluation.measured.scatter import AMOUNTS, amount
from pix2pix.training.evaluation.photos import measured_photo, open_photos
from pix2pix.training.evaluation.requests import wordings_of_edits
from pix2pix.training.pictures import psnr

SAME = 100.0  # dB, as two equal pictures count
RUNS, SCATTER_PHOTOS = 7, 3
INTERVAL = 0.28, 5.42  # sigmas, as the paper has them for a latent model of text
PHOTOS = Path(__file__).parents[2] / "shared" / "photos"  # gradio's, where there are none
HEAD = (
    "| Lever | time | passed | dB to the target | dB to the exact picture, mean; worst "
    f"| {'; '.join(AMOUNTS)}, of the closed form's |\n"
    "|---|---|---|---|---|---|"
)


class LeverEditor(Editor):
    """Pocket, all of whose edits are fast, by ``models`` and with ``steps``."""

    steps: int
    guidance: float | None = None  # of text and of the photo; the checkpoint's own unless said

    @classmethod
    def of(cls, models: Callable[[Pipeline], Models], steps: int, scheduler: Any = None) -> "LeverEditor":
        """One with its own copy of the weights, and with the scheduler of its checkpoint or another class."""
        editor = cls(*load(POCKET, torch.device("cpu")))
        editor.steps = steps
        vars(editor._batches)["_fast"] = models(editor.pipeline)  # which would be made at the first fast edit
        if scheduler is not None:
            editor.pipeline.scheduler = scheduler.from_config(editor.pipeline.scheduler.config)
        return editor

    def stream(self, photo: Source, request: EditRequest, **named: Any) -> Generator[Step | Result, None, None]:
        """As every editor, with the settings of this one."""
        asked = replace(request, speed="fast", num_inference_steps=self.steps)
        asked = replace(asked, guidance_scale=self.guidance, image_guidance_scale=self.guidance)
        return super().stream(photo, asked, **named)


def levers() -> dict[str, LeverEditor]:
    """The exact way first."""
    own = POCKET.defaults.num_inference_steps
    return {
        "exact": LeverEditor.of(exact_models, own),
        "exact, with torch's own convolutions": LeverEditor.of(_with_torchs_convolutions, own),
        "half precision": LeverEditor.of(_half, own),
        "shared steps": LeverEditor.of(lambda pipeline: replace(exact_models(pipeline), shares_steps=True), own),
        "both: what fast is": LeverEditor.of(fast_models, own),
        "not kept: UniPC, half of the steps": LeverEditor.of(exact_models, own // 2, UniPCMultistepScheduler),
    }


def guided_levers() -> dict[str, LeverEditor]:
    """The same with both guidances, the exact way first."""
    own = POCKET.defaults.num_inference_steps
    editors = {
        "exact, both guidances 1.4": LeverEditor.of(exact_models, own),
        "fast, both guidances 1.4": LeverEditor.of(fast_models, own),
        "not kept: exact, both guidances in an interval of noise levels only": LeverEditor.of(_in_interval, own),
    }
    for editor in editors.values():
        editor.guidance = 1.4
    return editors


def _with_torchs_convolutions(_: Pipeline) -> Models:
    return exact_models(tuned(stock_pocket()))


def _half(pipeline: Pipeline) -> Models:
    return replace(fast_models(pipeline), shares_steps=False)


class InInterval(nn.Module):
    """A UNet that is guided while the noise is within ``INTERVAL`` only (Kynkäänniemi et al., arXiv:2404.07724).

    Elsewhere the prediction for text and photo stands for all, of which guidance then makes just that one.
    """

    def __init__(self, unet: UNet2DConditionModel, sigmas: Tensor) -> None:
        super().__init__()
        self.unet, self.config, self._sigmas = unet, unet.config, sigmas

    @property
    def dtype(self) -> torch.dtype:
        """That of the weights."""
        dtype: torch.dtype = self.unet.dtype
        return dtype

    def forward(self, rows: Tensor, timestep: Tensor, encoder_hidden_states: Tensor, **named: Any) -> tuple[Tensor]:
        """As the UNet, of one edit."""
        if INTERVAL[0] < self._sigmas[int(timestep)] <= INTERVAL[1]:
            guided: tuple[Tensor] = self.unet(rows, timestep, encoder_hidden_states=encoder_hidden_states, **named)
            return guided
        (one,) = self.unet(rows[:1], timestep, encoder_hidden_states=encoder_hidden_states[:1], **named)
        return (one.expand(len(rows), -1, -1, -1),)


def _in_interval(pipeline: Pipeline) -> Models:
    models, signal = exact_models(pipeline), pipeline.scheduler.alphas_cumprod
    return replace(models, unet=InInterval(models.unet, ((1 - signal) / signal).sqrt()))


def lever_rows() -> Iterator[str]:
    """A row of Markdown for each lever, all measured on the same edits."""
    yield from _rows(levers(), slice(0, None, 2))
    yield from _rows(guided_levers(), slice(0, None, 3))


def _rows(editors: dict[str, LeverEditor], some: slice) -> Iterator[str]:
    """Of ``some`` of the edits; the first of ``editors`` is what others are held against."""
    photos = [measured_photo(photo) for photo in open_photos(PHOTOS if PHOTOS.is_dir() else None).values()]
    wordings = list(wordings_of_edits(1, random.Random(0), held_out=True))[some]
    ways = [partial(editor.edit, photos[0], EditRequest("make it night", seed=1)) for editor in editors.values()]
    times = in_turn(*ways, runs=RUNS)
    expected: list[Tensor] = []
    for (name, editor), taken in zip(editors.items(), times, strict=True):
        drawn: list[Tensor] = []
        samples = global_edits(_remembering(edit_with(editor), drawn), photos, wordings)
        expected = expected or drawn
        near = [min(SAME, psnr(one, other)) for one, other in zip(drawn, expected, strict=True)]
        few = photos[:SCATTER_PHOTOS]
        amounts = [fmean(amount(editor, photo, edit, editor.steps) for photo in few) for edit in AMOUNTS]
        yield (
            f"| {name} | {taken.median / times[0].median:.2f} | {fmean(one.passed for one in samples):.0%} "
            f"| {fmean(one.psnr for one in samples):.2f} | {fmean(near):.1f}; {min(near):.1f} "
            f"| {'; '.join(f'{share:.2f}' for share in amounts)} |"
        )


def _remembering(edit: EditFunction, drawn: list[Tensor]) -> EditFunction:
    def remembered(photo: Image.Image, sentence: str) -> Tensor:
        drawn.append(edit(photo, sentence))
        return drawn[-1]

    return remembered


def table(rows: Sequence[str]) -> str:
    """All rows in Markdown."""
    return "\n".join([HEAD, *rows])
