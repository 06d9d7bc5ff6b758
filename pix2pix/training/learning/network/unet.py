"""The denoiser: diffusers' UNet2DConditionModel, begun as the identity edit."""

import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel

from pix2pix.training.learning.network.start import GROUPS, start_as_identity
from pix2pix.training.recipe import DenoiserRecipe, LanguageRecipe

ATTENDING = 4  # latents per side of a cell that looks at the words


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
