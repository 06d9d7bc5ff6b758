"""The untrained denoiser: the best that a network can do which knows nothing but the photo."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn

from pix2pix.training.learning.network.noise import make_scheduler

GROUPS = 16  # of the group normalisations
STEADY = 20.0  # constants beside what is carried, so that normalisations hardly depend on the picture
RIDGE = 1e-5
TIME_ONLY = 192  # features of the time's embedding that the words leave alone at first
SPREAD = 0.03  # variance that edits have around the photo, in scaled latents, as far as the untrained network knows


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
    """By what noisy latents and the photo's scaled latents are multiplied in the best linear guess of the clean ones.

    x_0 is the photo plus an edit of variance SPREAD: x_0 = (1 - k) s + k x_t / sqrt(a), with
    k = SPREAD / (SPREAD + (1 - a) / a).
    """
    trust = SPREAD * alphas / (SPREAD * alphas + 1 - alphas)
    return trust / alphas.sqrt().clamp_min(1e-9), 1 - trust
