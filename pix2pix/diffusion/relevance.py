"""Where in a photo does an instruction act? Asked of the model itself, in one more call of the UNet.

Mirzaei et al., *Watch Your Steps: Local Image and Scene Editing by Text Instructions* (arXiv:2308.08947): the photo is
noised, the noise taken away once with the instruction and once without, and where the two differ the instruction acts.
Two things are ours. Differences are compared on a logarithmic scale: what is changed ten times as much as the rest is
as far from it in the dark as in the light. And an instruction that acts everywhere is recognised: scaled from the least
to the greatest difference, every map seems to show a place.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import SchedulerMixin, UNet2DConditionModel
from diffusers.utils.torch_utils import randn_tensor

from pix2pix.diffusion.denoising import predict_x0, signal_at

LEVEL = 0.8  # of the noise, in parts of the training's timesteps
SEED = 0  # of that noise: the same photo and instruction act in the same place, whatever the edit's own seed
WINDOW = 9  # side in latents over which differences are averaged
# Interquartile ranges beyond the quartiles, from which on a value is an outlier: 1.5 in the paper, but on a logarithmic
# scale all of a small thing would be one, and as far from the rest as the rest from itself.
WHISKER = 3.0
EVEN = 0.25  # from here on an edit acts everywhere; see ``_evenness``
SLIGHT = 0.2  # weight of the logarithm of the slightest changes, beside the share that a rule explains
RIDGE = 1e-3


@dataclass(frozen=True, eq=False)
class Relevance:
    """Where an instruction acts on a photo.

    Attributes:
        map: (H, W) float32, the size of the latents, 0 where it acts least, 1 where most.
        evenness: how much it acts everywhere alike, mostly -1 to 1.
    """

    map: np.ndarray = field(repr=False)
    evenness: float

    @property
    def is_everywhere(self) -> bool:
        """Whether it acts on the whole picture, so that there is no place to find."""
        return self.evenness >= EVEN

    def cells(self, threshold: float) -> np.ndarray | None:
        """The latents where it acts, (H, W) bool: from ``threshold`` on, and one around them, because averages over a
        window draw borders in. ``None`` stands for everywhere."""
        if self.is_everywhere:
            return None
        widened: np.ndarray = F.max_pool2d(torch.from_numpy(self.map)[None], 3, stride=1, padding=1)[0].numpy()
        return widened >= threshold


@torch.inference_mode()
def relevance(
    unet: UNet2DConditionModel,
    scheduler: SchedulerMixin,
    prompt_embeds: torch.Tensor,
    negative_prompt_embeds: torch.Tensor,
    image_latents: torch.Tensor,
    scaling_factor: float,
) -> Relevance:
    """Find where the instruction acts on one photo; one call of ``unet``, with the rows text+image and image.

    Args:
        unet, scheduler: as for ``denoise``; the scheduler only says what is predicted, and how noise is added.
        prompt_embeds, negative_prompt_embeds: (1, tokens, width), the instruction and the empty one.
        image_latents: (1, C, H, W), unscaled, on the device and in the dtype of the UNet's work.
        scaling_factor: of the autoencoder.
    """
    timestep = torch.tensor(round(LEVEL * (len(scheduler.alphas_cumprod) - 1)), device=image_latents.device)
    a_t = signal_at(scheduler, timestep).to(image_latents)
    generator = torch.Generator().manual_seed(SEED)
    noise = randn_tensor(image_latents.shape, generator, image_latents.device, image_latents.dtype)
    noisy = a_t.sqrt() * image_latents * scaling_factor + (1 - a_t).sqrt() * noise
    seen, embeds = torch.cat([noisy, image_latents], 1), torch.cat([prompt_embeds, negative_prompt_embeds])
    output = unet(torch.cat([seen, seen]), timestep, encoder_hidden_states=embeds, return_dict=False)[0]
    with_text, without = predict_x0(scheduler, noisy, output, a_t).float().cpu().nan_to_num()
    return Relevance(_scaled(with_text - without).numpy(), _evenness(with_text, without))


def _scaled(change: torch.Tensor) -> torch.Tensor:
    """(H, W) in 0..1, from the ``change`` of latents (C, H, W)."""
    logarithms = _averaged(change.abs().sum(0)[None])[0].clamp_min(1e-6).log()
    low, high = torch.quantile(logarithms.flatten(), torch.tensor([0.25, 0.75]))
    beyond = WHISKER * (high - low)
    logarithms = logarithms.clamp(low - beyond, high + beyond)
    least, most = logarithms.aminmax()
    return (logarithms - least) / (most - least).clamp_min(1e-6)


def _evenness(with_text: torch.Tensor, without: torch.Tensor) -> float:
    """How much one rule explains the change, 0 to 1, and a share of the logarithm of the change where it is slight.

    An edit of the whole picture does the same to what looks the same: its change follows from the latents themselves by
    one linear map. One of a part does not, and elsewhere it leaves no more than a trace, well below the latents'
    deviation of 1. Either sign alone is weaker: some whole edits, such as snow, follow no map well, but leave no place
    alone; and a change of colours follows a map, but leaves alone what has other ones.

    Args:
        with_text, without: (C, H, W), the clean latents that are predicted.
    """
    change = _averaged(with_text - without).flatten(1).T.double()
    colours = F.pad(_averaged(without).flatten(1).T.double(), (0, 1), value=1)
    ridge = RIDGE * len(colours) * torch.eye(colours.shape[1], dtype=torch.float64)
    rule = torch.linalg.solve(colours.T @ colours + ridge, colours.T @ change)
    left = ((change - colours @ rule) ** 2).sum() / (change**2).sum().clamp_min(1e-12)
    slight = torch.quantile(change.abs().mean(1), 0.1)
    return float(1 - left + SLIGHT * slight.clamp_min(1e-6).log())


def _averaged(values: torch.Tensor) -> torch.Tensor:
    """Means of (C, H, W) over the window around every latent, the border repeated."""
    return F.avg_pool2d(F.pad(values[None], (WINDOW // 2,) * 4, mode="replicate"), WINDOW, stride=1)[0]
