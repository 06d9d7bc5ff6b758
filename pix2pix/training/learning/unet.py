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
CARRIER = 6.0  # added to what is carried, so that normalisations hardly depend on the picture
SIGNS = torch.tensor([[1, -1, 1, -1], [1, -1, -1, 1]])  # of the carrier and of a carried value, in its four channels
SPREAD = 0.03  # variance that edits have around the photo, in scaled latents, as far as the untrained network knows
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
    """Set the weights to the best linear denoiser of pictures that are the photo, give or take SPREAD.

    At every timestep it takes the photo for what will come, and believes the noisy latents the more, the less noise is
    in them. So “do nothing” is there before any training, and edits are learnt as differences.

    Normalisations and SiLUs stand in the way. Each value x passes them as the four channels c + x, -c - x, c - x,
    x - c: their mean is zero and their deviation nearly the constant c, and silu(z) - silu(-z) = z. So the first block
    multiplies noisy latents and photo by a gain each that follows the time, and adds them up; the way to the end is
    the first skip connection. The words begin without a say in the time, and get one.
    """
    for module in unet.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
            nn.init.zeros_(module.conv2.bias)
    nn.init.zeros_(unet.add_embedding.norm2.weight)
    latents, first, (early, late) = unet.config.out_channels, unet.down_blocks[0].resnets[0], unet.up_blocks[-1].resnets
    for convolution in (unet.conv_in, first.conv1, unet.conv_out):
        nn.init.zeros_(convolution.weight)
        nn.init.zeros_(convolution.bias)
    for place in range(2 * latents):
        four = slice(4 * place, 4 * place + 4)
        unet.conv_in.weight[four, place, 1, 1] = SIGNS[1] * (1 if place < latents else scaling_factor)
        unet.conv_in.bias[four] = SIGNS[0] * CARRIER
        first.conv1.weight[four, four, 1, 1] = torch.outer(SIGNS[1], _reading())
        first.conv1.bias[four] = SIGNS[0] * CARRIER
    _follow_the_time(unet, first)
    for latent in range(latents):
        four, photo = slice(4 * latent, 4 * latent + 4), slice(4 * (latents + latent), 4 * (latents + latent) + 4)
        for read in (four, photo):  # the first block adds the velocity to what it was given, in one channel of four
            first.conv2.weight[4 * latent, read, 1, 1] = _reading()
        _carry_on(early.conv_shortcut, latent, {early.conv_shortcut.in_channels - 8 * latents + 4 * latent: 1.0})
        for channel, of_carrier, of_value in zip(range(four.start, four.stop), *SIGNS.tolist(), strict=True):
            known = late.conv_shortcut.in_channels - 8 * latents + 4 * latent  # what it had been given
            _carry_on(late.conv_shortcut, channel, {latent: of_value, known: -of_value}, of_carrier * CARRIER)
        unet.conv_out.weight[latent, four, 1, 1] = _reading()


def _reading() -> Tensor:
    """(4,): the weights that read a value from its four channels behind a normalisation and a SiLU."""
    weights: Tensor = SIGNS[1] * (CARRIER**2 + 1) ** 0.5 / 2
    return weights


def _carry_on(convolution: nn.Conv2d, channel: int, weights: dict[int, float], bias: float = 0.0) -> None:
    """Let ``channel`` be the sum of the channels in ``weights``, which have a carrier each unless they cancel."""
    assert convolution.bias is not None
    convolution.weight[channel] = 0
    for seen, weight in weights.items():
        convolution.weight[channel, seen] = weight
    convolution.bias[channel] = bias


def _follow_the_time(unet: UNet2DConditionModel, block: ResnetBlock2D) -> None:
    """Let ``block`` multiply what it carries by the gains of noisy latents and photo: a least squares fit."""
    timesteps = torch.arange(1000)
    known = F.silu(unet.time_embedding(unet.time_proj(timesteps))).double()
    known = torch.cat([known, torch.ones(1000, 1, dtype=torch.float64)], 1)
    wanted = torch.stack(linear_gains(make_scheduler().alphas_cumprod.double()), 1) - 1
    square = known.T @ known + 1e-4 * torch.eye(known.shape[1], dtype=torch.float64)
    fit = torch.linalg.solve(square, known.T @ wanted).float()
    half = block.conv1.out_channels // 2
    nn.init.zeros_(block.time_emb_proj.weight)
    nn.init.zeros_(block.time_emb_proj.bias)
    for index, rows in enumerate((slice(0, half), slice(half, 2 * half))):  # the second half of all are shifts
        block.time_emb_proj.weight[rows] = fit[:-1, index]
        block.time_emb_proj.bias[rows] = fit[-1, index]


def linear_gains(alphas: Tensor) -> tuple[Tensor, Tensor]:
    """By what noisy latents and the photo's scaled latents are multiplied in the best linear guess of the velocity.

    x_0 is the photo plus an edit of variance SPREAD: x_0 = (1 - k) s + k x_t / sqrt(a), with
    k = SPREAD / (SPREAD + (1 - a) / a).
    """
    trust = SPREAD * alphas / (SPREAD * alphas + 1 - alphas)
    noise = (1 - alphas).sqrt()
    return (alphas - trust) / (alphas.sqrt().clamp_min(1e-9) * noise), -(1 - trust) / noise


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
