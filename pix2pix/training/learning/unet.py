"""The denoiser: diffusers' UNet2DConditionModel, begun as the identity edit, and the noise it is trained with.

It predicts the velocity v = sqrt(a_t) e - sqrt(1 - a_t) x_0 (Salimans and Ho, arXiv:2202.00512). At the first timestep,
which is pure noise, that is the clean picture with its sign turned; further down it is more and more the noise, so
that what is drawn already is seen and kept.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from diffusers.models.resnet import ResnetBlock2D
from torch import Generator, Tensor, nn

from pix2pix.training.recipe import DenoiserRecipe, LanguageRecipe

ATTENDING = 4  # latents per side of a cell that looks at the words
GROUPS = 16  # of the group normalisations
STEADY = 20.0  # constants beside what is carried, so that normalisations hardly depend on the picture
RIDGE = 1e-5
TIME_ONLY = 192  # features of the time's embedding that the words leave alone at first
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

    Normalisations and SiLUs stand in the way. Each value x passes them as the pair x, -x beside constants so large that
    the deviation of the group hardly depends on the picture, and silu(z) - silu(-z) = z. The last block multiplies
    noisy latents and photo by a gain each that follows the time, and adds them up.
    """
    for module in unet.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
            nn.init.zeros_(module.conv2.bias)
    latents, width = unet.config.out_channels, unet.config.block_out_channels[0]
    early, late = unet.up_blocks[-1].resnets
    nn.init.zeros_(unet.conv_out.weight)
    nn.init.zeros_(unet.conv_out.bias)
    carried, gained, drawn = Lanes(2 * latents, 2 * width), Lanes(2 * latents, width), Lanes(latents, width)
    skip = early.conv_shortcut.in_channels - width  # the first channel of what comes straight from the beginning
    for value in range(2 * latents):
        unet.conv_in.weight[value] = 0
        unet.conv_in.bias[value] = 0
        unet.conv_in.weight[value, value, 1, 1] = 1 if value < latents else scaling_factor
    carried.prepare(early.conv_shortcut)
    gained.prepare(late.conv1)
    drawn.prepare(late.conv_shortcut)
    for value in range(2 * latents):
        for sign, channel in carried.pair(value):
            early.conv_shortcut.weight[channel, skip + value] = sign
        for sign, channel in gained.pair(value):
            carried.read(late.conv1, channel, value, sign)
        for sign, channel in drawn.pair(value % latents):
            gained.read(late.conv2, channel, value, sign)
    for value in range(latents):
        drawn.read(unet.conv_out, value, value, 1)
    _follow_the_time(unet, late, gained)


@dataclass(frozen=True)
class Lanes:
    """Where values are carried through a normalisation of ``channels`` in GROUPS groups, from the first channel on."""

    values: int
    channels: int

    @property
    def group(self) -> int:
        """Channels of a group: pairs, and two constants at the end."""
        return self.channels // GROUPS

    @property
    def used(self) -> int:
        """How many channels are taken, in whole groups."""
        return -(-self.values // (self.group // 2 - 1)) * self.group

    @property
    def deviation(self) -> float:
        """Of a group whose values have a deviation of about 1."""
        return math.sqrt((self.group - 2 + 2 * STEADY**2) / self.group)

    def pair(self, value: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Sign and channel of ``value`` and of its negative."""
        group, place = divmod(value, self.group // 2 - 1)
        return (1, group * self.group + 2 * place), (-1, group * self.group + 2 * place + 1)

    def prepare(self, convolution: nn.Conv2d) -> None:
        """Let ``convolution`` give nothing but the constants in the channels that are taken."""
        assert convolution.bias is not None
        convolution.weight[: self.used] = 0
        convolution.bias[: self.used] = 0
        for end in range(self.group, self.used + 1, self.group):
            convolution.bias[end - 2], convolution.bias[end - 1] = STEADY, -STEADY

    def read(self, convolution: nn.Conv2d, channel: int, value: int, sign: int) -> None:
        """Let ``convolution`` add ``value``, behind the normalisation and a SiLU, to its output ``channel``."""
        middle = convolution.kernel_size[0] // 2
        for sign_of_lane, lane in self.pair(value):
            convolution.weight[channel, lane, middle, middle] = sign * sign_of_lane * self.deviation


def _follow_the_time(unet: UNet2DConditionModel, block: ResnetBlock2D, gained: Lanes) -> None:
    """Let ``block`` multiply noisy latents and photo by their gains: a least squares fit to what it knows of the time.

    The words are told together with the time, and begin without a say in a part of it.
    """
    unet.add_embedding.norm2.weight[:TIME_ONLY] = 0
    timesteps = torch.cat([torch.arange(1000), torch.full((500,), 999)])  # the first one of every edit counts most
    known = F.silu(unet.time_embedding(unet.time_proj(timesteps)))[:, :TIME_ONLY].double()
    known = torch.cat([known, torch.ones(len(known), 1, dtype=torch.float64)], 1)
    wanted = torch.stack(linear_gains(make_scheduler().alphas_cumprod.double()[timesteps]), 1) - 1
    fit = torch.linalg.solve(known.T @ known + RIDGE * torch.eye(TIME_ONLY + 1), known.T @ wanted).float()
    for value in range(gained.values):
        for _, channel in gained.pair(value):
            of_photo = int(value >= gained.values // 2)
            block.time_emb_proj.weight[[channel, channel + gained.channels]] = 0  # the second half are shifts
            block.time_emb_proj.bias[[channel, channel + gained.channels]] = 0
            block.time_emb_proj.weight[channel, :TIME_ONLY] = fit[:-1, of_photo]
            block.time_emb_proj.bias[channel] = fit[-1, of_photo]


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
