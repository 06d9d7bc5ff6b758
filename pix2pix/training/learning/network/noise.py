"""The noise that the denoiser is trained with. What it predicts is the clean picture.

Where photo and instruction tell all of the result, the prediction is the same at every timestep and needs nothing of
the noise. A network that predicts the noise or the velocity must give the noise itself back to the last bit, and what
a small one gets wrong in that stays in the picture.
"""

import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler
from torch import Generator, Tensor

FIRST = 999  # the timestep that every edit begins with
FIRST_SHARE = 0.12  # of the timesteps are the very first of every edit,
LATE_SHARE, LATE_FROM = 0.28, 850  # this share is drawn from the noisiest, which decide the edit, the rest from all
MAX_WEIGHT = 6.0  # of the squared error of the clean latents, at timesteps with hardly any noise
SLOW_NOISE = 0.35  # largest deviation of the slowly varying part of the noise
SLOW_NOISE_CELLS = 4  # latents that share its value, per side


def make_scheduler() -> DDIMScheduler:
    """DDIM whose last timestep is pure noise: Lin et al., arXiv:2305.08891."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="sample",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,
    )


def draw_timesteps(count: int, generator: Generator) -> Tensor:
    """(count,) timesteps in 0..999, more of them from the end that an edit begins with."""
    everywhere = torch.randint(0, 1000, (count,), generator=generator)
    late = torch.randint(LATE_FROM, 1000, (count,), generator=generator)
    fate = torch.rand(count, generator=generator)
    timesteps = torch.where(fate < FIRST_SHARE + LATE_SHARE, late, everywhere)
    return torch.where(fate < FIRST_SHARE, torch.full_like(late, FIRST), timesteps)


def draw_noise(shape: torch.Size, generator: Generator) -> Tensor:
    """White noise, for half of the pictures with a slowly varying part.

    While sampling, what is drawn so far may be wrong in colour over whole areas. With such noise the network learns not
    to trust it there, and to take the colours from photo and instruction.
    """
    noise = torch.randn(shape, generator=generator)
    cells = [max(1, side // SLOW_NOISE_CELLS) for side in shape[2:]]
    slow = F.interpolate(torch.randn(*shape[:2], *cells, generator=generator), size=shape[2:], mode="bilinear")
    strength = (torch.rand(shape[0], 1, 1, 1, generator=generator) * 2 - 1).clamp_min(0)
    return noise + SLOW_NOISE * strength * slow


def add_noise(clean: Tensor, noise: Tensor, timesteps: Tensor, alphas_cumprod: Tensor) -> Tensor:
    """x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) e."""
    alphas = alphas_cumprod.to(clean.device)[timesteps].view(-1, 1, 1, 1)
    return alphas.sqrt() * clean + (1 - alphas).sqrt() * noise


def step_down(clean: Tensor, noisy: Tensor, earlier: Tensor, timesteps: Tensor, alphas_cumprod: Tensor) -> Tensor:
    """From the ``noisy`` latents of the timesteps ``earlier`` to those of ``timesteps``, if ``clean`` is what comes.

    The step of DDIM without new noise: Song, Meng and Ermon, arXiv:2010.02502, equation 12.
    """
    alphas = alphas_cumprod.to(noisy.device)[earlier].view(-1, 1, 1, 1)
    noise = (noisy - alphas.sqrt() * clean) / (1 - alphas).sqrt()
    return add_noise(clean, noise, timesteps, alphas_cumprod)


def weights_of_clean(timesteps: Tensor, alphas_cumprod: Tensor) -> Tensor:
    """(N, 1, 1, 1): 1 / (1 - a_t), by which squared errors of x_0 count as those of v; at most MAX_WEIGHT."""
    return (1 / (1 - alphas_cumprod[timesteps])).clamp(max=MAX_WEIGHT).view(-1, 1, 1, 1)
