"""The denoiser: diffusers' UNet2DConditionModel, begun as the identity edit, and the noise it is trained with.

It predicts the clean picture, not the noise. What an edit makes of a photo hardly depends on the noise, so every
timestep teaches the same function.
"""

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from diffusers.models.resnet import ResnetBlock2D
from torch import Generator, Tensor, nn

from pix2pix.training.recipe import DenoiserRecipe, LanguageRecipe

GROUPS = 16  # of the group normalisations
CARRIER = 4.0  # added to the copied latents, so that the last normalisation hardly depends on the photo
LATE_SHARE, LATE_FROM = 0.5, 850  # this share of the timesteps is drawn from the noisiest, which decide the edit
SLOW_NOISE = 0.35  # largest deviation of the slowly varying part of the noise
SLOW_NOISE_CELLS = 4  # latents that share its value, per side


def make_unet(recipe: DenoiserRecipe, language: LanguageRecipe, vae: AutoencoderTiny) -> UNet2DConditionModel:
    """The untrained network, with weights from torch's global random numbers; see ``state.seeded``.

    Text enters by cross-attention at the bottom and as scale and shift everywhere. Only the borders of a picture tell
    where a pixel lies: at the bottom a convolution reaches from one border to the other.
    """
    channels, levels = vae.config.latent_channels, len(recipe.widths)
    unet = UNet2DConditionModel(
        sample_size=64,
        in_channels=2 * channels,
        out_channels=channels,
        block_out_channels=recipe.widths,
        down_block_types=("DownBlock2D",) * levels,
        up_block_types=("UpBlock2D",) * levels,
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
    """Set the weights so that the UNet returns the photo's latents, scaled, whatever the noise and the text.

    The last normalisation and SiLU stand in the way. Each latent x passes them as the four channels c + x, -c - x,
    c - x, x - c: their mean is zero and their deviation nearly the constant c, and silu(z) - silu(-z) = z.
    """
    for module in unet.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
            nn.init.zeros_(module.conv2.bias)
    latents, width = unet.config.out_channels, unet.config.block_out_channels[0]
    shortcut = unet.up_blocks[-1].resnets[-1].conv_shortcut
    unet.conv_in.weight[:latents] = 0
    unet.conv_in.bias[:latents] = 0
    nn.init.zeros_(unet.conv_out.weight)
    nn.init.zeros_(unet.conv_out.bias)
    gain = scaling_factor * (CARRIER**2 + scaling_factor**-2) ** 0.5 / 2
    for latent in range(latents):
        unet.conv_in.weight[latent, latents + latent, 1, 1] = 1  # the photo's latents follow the noisy ones
        for place, (of_carrier, of_latent, out) in enumerate(((1, 1, 1), (-1, -1, -1), (1, -1, -1), (-1, 1, 1))):
            channel = 4 * latent + place
            shortcut.weight[channel] = 0
            shortcut.weight[channel, width + latent] = of_latent  # the skip connection follows the hidden state
            shortcut.bias[channel] = of_carrier * CARRIER
            unet.conv_out.weight[latent, channel, 1, 1] = out * gain


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
    """(count,) timesteps in 0..999, at least LATE_SHARE of them from LATE_FROM on."""
    everywhere = torch.randint(0, 1000, (count,), generator=generator)
    late = torch.randint(LATE_FROM, 1000, (count,), generator=generator)
    return torch.where(torch.rand(count, generator=generator) < LATE_SHARE, late, everywhere)


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
