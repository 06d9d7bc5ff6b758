"""The denoiser: diffusers' UNet2DConditionModel, begun as the identity edit, and the noise it is trained with.

It predicts the velocity v = sqrt(a_t) e - sqrt(1 - a_t) x_0 (Salimans and Ho, arXiv:2202.00512). At the first timestep,
which is pure noise, that is the clean picture with its sign turned; further down it is more and more the noise, so
that what is drawn already is seen and kept.
"""

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from diffusers.models.resnet import ResnetBlock2D
from torch import Generator, Tensor, nn

from pix2pix.training.recipe import DenoiserRecipe, LanguageRecipe

ATTENDING = 4  # latents per side of a cell that looks at the words
GROUPS = 16  # of the group normalisations
CARRIER = 4.0  # added to the copied latents, so that the last normalisation hardly depends on the photo
FIRST_SHARE = 0.12  # of the timesteps are the very first of every edit,
LATE_SHARE, LATE_FROM = 0.28, 850  # this share is drawn from the noisiest, which decide the edit, the rest from all
MAX_WEIGHT = 6.0  # of the squared error of the clean latents, at timesteps with hardly any noise
SLOW_NOISE = 0.35  # largest deviation of the slowly varying part of the noise
SLOW_NOISE_CELLS = 4  # latents that share its value, per side


def make_unet(recipe: DenoiserRecipe, language: LanguageRecipe, vae: AutoencoderTiny) -> UNet2DConditionModel:
    """The untrained network, with weights from torch's global random numbers; see ``state.seeded``.

    Text enters by cross-attention where a cell is ATTENDING latents wide, at the bottom, and as scale and shift
    everywhere. Only the borders of a picture tell where a pixel lies: at the bottom a convolution reaches from one
    border to the other.
    """
    channels = vae.config.latent_channels
    attends = [2**level == ATTENDING for level in range(len(recipe.widths))]
    unet = UNet2DConditionModel(
        sample_size=64,
        in_channels=2 * channels,
        out_channels=channels,
        block_out_channels=recipe.widths,
        down_block_types=tuple("CrossAttnDownBlock2D" if level else "DownBlock2D" for level in attends),
        up_block_types=tuple("CrossAttnUpBlock2D" if level else "UpBlock2D" for level in reversed(attends)),
        mid_block_type="UNetMidBlock2DCrossAttn",
        layers_per_block=1,
        cross_attention_dim=language.width,
        attention_head_dim=4,
        norm_num_groups=GROUPS,
        addition_embed_type="text",
        addition_embed_type_num_heads=8,
        resnet_time_scale_shift="scale_shift",
    )
    start_as_identity(unet, vae.config.scaling_factor)
    return unet.to(memory_format=torch.channels_last)


@torch.no_grad()
def start_as_identity(unet: UNet2DConditionModel, scaling_factor: float) -> None:
    """Set the weights so that the UNet returns the photo's latents, scaled and negative, whatever noise and text are.

    At the first timestep that is the velocity of the photo itself. The last normalisation and SiLU stand in the way.
    Each latent x passes them as the four channels c + x, -c - x, c - x, x - c: their mean is zero and their deviation
    nearly the constant c, and silu(z) - silu(-z) = z. The noisy latents come as far; what to make of them is learnt.
    """
    for module in unet.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
            nn.init.zeros_(module.conv2.bias)
    latents = unet.config.out_channels
    nn.init.zeros_(unet.conv_out.weight)
    nn.init.zeros_(unet.conv_out.bias)
    gain = scaling_factor * (CARRIER**2 + scaling_factor**-2) ** 0.5 / 2
    for latent in range(latents):
        _carry(unet, latent, latents + latent, -gain)  # the photo's latents follow the noisy ones
        _carry(unet, latents + latent, latent, 0.0)


def _carry(unet: UNet2DConditionModel, place: int, seen: int, gain: float) -> None:
    """Let the input channel ``seen`` come through unchanged, as number ``place`` of those that do."""
    latents, width = unet.config.out_channels, unet.config.block_out_channels[0]
    shortcut = unet.up_blocks[-1].resnets[-1].conv_shortcut
    unet.conv_in.weight[place] = 0
    unet.conv_in.bias[place] = 0
    unet.conv_in.weight[place, seen, 1, 1] = 1
    for turn, (of_carrier, of_latent, out) in enumerate(((1, 1, 1), (-1, -1, -1), (1, -1, -1), (-1, 1, 1))):
        channel = 4 * place + turn
        shortcut.weight[channel] = 0
        shortcut.weight[channel, width + place] = of_latent  # the skip connection follows the hidden state
        shortcut.bias[channel] = of_carrier * CARRIER
        unet.conv_out.weight[seen % latents, channel, 1, 1] = out * gain


def make_scheduler() -> DDIMScheduler:
    """DDIM whose last timestep is pure noise: Lin et al., arXiv:2305.08891."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
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
    return torch.where(fate < FIRST_SHARE, torch.full_like(late, 999), timesteps)


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


def clean_from_velocity(velocity: Tensor, noisy: Tensor, timesteps: Tensor, alphas_cumprod: Tensor) -> Tensor:
    """x_0 = sqrt(a_t) x_t - sqrt(1 - a_t) v."""
    alphas = alphas_cumprod.to(noisy.device)[timesteps].view(-1, 1, 1, 1)
    return alphas.sqrt() * noisy - (1 - alphas).sqrt() * velocity


def weights_of_clean(timesteps: Tensor, alphas_cumprod: Tensor) -> Tensor:
    """(N, 1, 1, 1): 1 / (1 - a_t), by which a squared error of x_0 counts as one of v; at most MAX_WEIGHT."""
    return (1 / (1 - alphas_cumprod[timesteps])).clamp(max=MAX_WEIGHT).view(-1, 1, 1, 1)
