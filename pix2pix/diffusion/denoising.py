"""The sampling loop of InstructPix2Pix as a generator, and the paper's guidance equation.

Brooks, Holynski, Efros: InstructPix2Pix, arXiv:2211.09800, section 3.2.1. The loop is ours because diffusers' own can
neither stream, nor be stopped, nor leave out what cancels; with the same seed it gives what diffusers' own gives.
"""

import copy
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from diffusers import SchedulerMixin
from diffusers.utils.torch_utils import randn_tensor

from pix2pix.errors import InvalidRequest


@dataclass(frozen=True)
class Guidance:
    """The two scales of the paper's equation 3: ``text`` is s_T, ``image`` is s_I; at 1 and 1 nothing is guided."""

    text: float
    image: float

    @property
    def rows(self) -> tuple[str, ...]:
        """The predictions that the equation needs; one whose weight is zero is not computed."""
        needed = {"text": True, "image": self.text != self.image, "none": self.image != 1}
        return tuple(row for row, wanted in needed.items() if wanted)

    def combine(self, predictions: dict[str, torch.Tensor]) -> torch.Tensor:
        """Equation 3: e = e(∅, ∅) + s_T (e(c_I, c_T) - e(c_I, ∅)) + s_I (e(c_I, ∅) - e(∅, ∅)).

        Args:
            predictions: one (N, C, H, W) tensor for each of ``rows``. Where one is missing its neighbour stands in:
                its weight is zero, so any value gives the same sum.
        """
        e_text = predictions["text"]
        e_none = predictions.get("none", predictions.get("image", e_text))
        e_image = predictions.get("image", e_none)
        return e_none + self.text * (e_text - e_image) + self.image * (e_image - e_none)


class Steps(Protocol):
    """What predicts the noise, step by step: a UNet, or what calls one in its place."""

    @property
    def dtype(self) -> torch.dtype:
        """What it computes in."""

    def __call__(
        self, sample: torch.Tensor, timestep: torch.Tensor, encoder_hidden_states: torch.Tensor, return_dict: bool
    ) -> tuple[torch.Tensor, ...]:
        """The prediction alone, (N, C, H, W), for ``sample``, (N, 2 C, H, W), and (N, tokens, width)."""


@dataclass(frozen=True, eq=False)
class Denoised:
    """The state after one denoising step.

    Attributes:
        index: how many steps are done, 1..total.
        total: how many there are; some schedulers, such as Heun, take more than they were asked for.
        latents: (N, C, H, W), the scheduler's scale; scaled latents of a clean picture after the last step.
        predicted_x0: (N, C, H, W), the scaled latents of the picture as the model foresees it now.
    """

    index: int
    total: int
    latents: torch.Tensor = field(repr=False)
    predicted_x0: torch.Tensor = field(repr=False)


@dataclass(frozen=True, eq=False)
class Confinement:
    """Where N edits may act; everywhere else the photo's own latents come back after every step.

    Attributes:
        cells: (N, 1, H, W) bool.
        photos: (N, C, H, W), the photos' own latents, scaled.
    """

    cells: torch.Tensor = field(repr=False)
    photos: torch.Tensor = field(repr=False)

    def applied(
        self, scheduler: SchedulerMixin, latents: torch.Tensor, noise: torch.Tensor, timestep: torch.Tensor | None
    ) -> torch.Tensor:
        """``latents`` of ``timestep``, (N, C, H, W), with the photos' outside; ``None`` stands for no noise at all."""
        photos = self.photos
        if timestep is not None:
            photos = scheduler.add_noise(photos, noise, timestep.reshape(1)).to(latents.dtype)
        return torch.where(self.cells, latents, photos)


def denoise(
    unet: Steps,
    scheduler: SchedulerMixin,
    prompt_embeds: torch.Tensor,
    negative_prompt_embeds: torch.Tensor,
    image_latents: torch.Tensor,
    guidance: Guidance,
    num_inference_steps: int,
    generators: Sequence[torch.Generator],
    confinement: Confinement | None = None,
) -> Iterator[Denoised]:
    """Denoise N edits at once; yields after every step, and closing it makes no further call of the UNet.

    Args:
        unet: takes the noisy latents and the image latents side by side, 2 C channels; may be of another dtype.
        scheduler: any of diffusers' that works with its own pix2pix pipeline; it is copied, never changed.
        prompt_embeds: (N, tokens, width), on the device of the UNet, in one dtype like all tensors here.
        negative_prompt_embeds: (N, tokens, width), the empty instruction.
        image_latents: (N, C, H, W), unscaled.
        guidance: the two guidance scales.
        num_inference_steps: at least 1.
        generators: one for each of the N, so that an edit in a batch is the same edit alone.
        confinement: where the edits may act; ``None`` stands for everywhere.

    Raises:
        InvalidRequest: the scheduler has not so many steps.
    """
    scheduler = _ready(scheduler, num_inference_steps, image_latents.device)
    conditions = _condition_rows(guidance, prompt_embeds, negative_prompt_embeds, image_latents, unet.dtype)
    noise = randn_tensor(
        image_latents.shape, generator=list(generators), device=image_latents.device, dtype=prompt_embeds.dtype
    )
    latents = noise * scheduler.init_noise_sigma
    total, signal = len(scheduler.timesteps), signal_at(scheduler, scheduler.timesteps).to(noise)
    for index, (timestep, a_t) in enumerate(zip(scheduler.timesteps, signal, strict=True), start=1):
        latents, predicted_x0 = _step(unet, scheduler, latents, (timestep, a_t), conditions, guidance, generators)
        if confinement is not None:
            following = scheduler.timesteps[index] if index < total else None
            latents = confinement.applied(scheduler, latents, noise, following)
            predicted_x0 = confinement.applied(scheduler, predicted_x0, noise, None)
        yield Denoised(index, total, latents, predicted_x0)


def _ready(scheduler: SchedulerMixin, num_inference_steps: int, device: torch.device) -> SchedulerMixin:
    """A copy of ``scheduler`` before its first step."""
    scheduler = copy.deepcopy(scheduler)  # it keeps count of the steps, and a stopped edit must not leave its count
    try:
        scheduler.set_timesteps(num_inference_steps, device=device)
    except ValueError as error:  # that of latent consistency models ends at the 50 that they were distilled from
        raise InvalidRequest(f"This model cannot draw in {num_inference_steps} steps; take fewer.") from error
    return scheduler


def _condition_rows(
    guidance: Guidance,
    prompt_embeds: torch.Tensor,
    negative_prompt_embeds: torch.Tensor,
    image_latents: torch.Tensor,
    dtype: torch.dtype,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Text embeddings in ``dtype`` and image latents of all rows, (rows x N, ...) each."""
    rows = {
        "text": (prompt_embeds, image_latents),
        "image": (negative_prompt_embeds, image_latents),
        "none": (negative_prompt_embeds, torch.zeros_like(image_latents)),
    }
    embeds, images = zip(*(rows[row] for row in guidance.rows), strict=True)
    return torch.cat(embeds).to(dtype), torch.cat(images)


@torch.inference_mode()
def _step(
    unet: Steps,
    scheduler: SchedulerMixin,
    latents: torch.Tensor,
    time: tuple[torch.Tensor, torch.Tensor],
    conditions: tuple[torch.Tensor, torch.Tensor],
    guidance: Guidance,
    generators: Sequence[torch.Generator],
) -> tuple[torch.Tensor, torch.Tensor]:
    """From x_t to x_{t-1}, and the clean picture predicted on the way; ``time`` is t and a_t."""
    (timestep, a_t), (embeds, images) = time, conditions
    noisy = scheduler.scale_model_input(latents, timestep)  # before the image latents join: they are never scaled
    model_input = torch.cat([torch.cat([noisy] * len(guidance.rows)), images], dim=1)
    (output,) = unet(model_input.to(embeds.dtype), timestep, encoder_hidden_states=embeds, return_dict=False)
    rows = output.to(latents.dtype).chunk(len(guidance.rows))
    prediction = guidance.combine(dict(zip(guidance.rows, rows, strict=True)))
    predicted_x0 = predict_x0(scheduler, noisy, prediction, a_t)
    noise = {"generator": list(generators)} if "generator" in inspect.signature(scheduler.step).parameters else {}
    return scheduler.step(prediction, timestep, latents, **noise, return_dict=False)[0], predicted_x0


def signal_at(scheduler: SchedulerMixin, timesteps: torch.Tensor) -> torch.Tensor:
    """a_t, the share of the clean picture in the variance of x_t, for each of ``timesteps``; float32 on the CPU.

    Asked for all steps at once: in the loop, a GPU would stand still until it had answered which step this is.
    """
    signal: torch.Tensor = scheduler.alphas_cumprod[timesteps.cpu().round().long()]
    return signal


def predict_x0(
    scheduler: SchedulerMixin, noisy: torch.Tensor, prediction: torch.Tensor, a_t: torch.Tensor
) -> torch.Tensor:
    """The clean latents (N, C, H, W) behind a ``prediction``: x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) e, solved for x_0.

    ``noisy`` is on this variance-preserving scale whatever the scheduler: those that count in sigmas bring it there
    in ``scale_model_input``. v = sqrt(a_t) e - sqrt(1 - a_t) x_0 is of Salimans, Ho, arXiv:2202.00512.
    """
    match scheduler.config.prediction_type:
        case "epsilon":
            return (noisy - (1 - a_t).sqrt() * prediction) / a_t.sqrt()
        case "v_prediction":
            return a_t.sqrt() * noisy - (1 - a_t).sqrt() * prediction
        case _:
            return prediction
