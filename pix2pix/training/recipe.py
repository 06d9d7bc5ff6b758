"""The settings of a training run: small for a CPU and the shipped checkpoint, large for a GPU."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AutoencoderRecipe:
    """Attributes: steps in all, and those at the end on larger crops; batch and crop (pixels) of the two parts."""

    steps: int = 3600
    last_steps: int = 500
    batch: int = 16
    crop: int = 64
    last_batch: int = 8
    last_crop: int = 128
    latent_channels: int = 16
    width: int = 48
    learning_rate: float = 1.5e-3


@dataclass(frozen=True)
class LanguageRecipe:
    """Attributes: the text encoder's size, and its training on wordings alone before the denoiser's."""

    steps: int = 1300
    batch: int = 64
    learning_rate: float = 1e-3
    tokens: int = 1400
    positions: int = 32
    width: int = 128
    layers: int = 3
    heads: int = 4


@dataclass(frozen=True)
class DenoiserRecipe:
    """Attributes: steps in all; the last share of them cools the learning rate down, on larger crops.

    A shard is the pairs that are drawn and encoded at once; a block of steps trains on the pool of the last shards.
    """

    steps: int = 10800
    cooldown: float = 0.12
    batch: int = 16
    crop: int = 64
    last_batch: int = 8
    last_crop: int = 128
    widths: tuple[int, ...] = (128, 192)
    learning_rate: float = 7e-4
    shard_sources: int = 32
    shard_edits: int = 12
    block: int = 48
    pool: int = 12

    @property
    def cooldown_steps(self) -> int:
        """The steps at the end on larger crops while the learning rate goes down."""
        return round(self.steps * self.cooldown)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, together with the machine."""

    seed: int = 0
    scenes: int = 6000
    autoencoder: AutoencoderRecipe = AutoencoderRecipe()
    language: LanguageRecipe = LanguageRecipe()
    denoiser: DenoiserRecipe = DenoiserRecipe()


SMALL = Recipe()
LARGE = Recipe(
    scenes=40_000,
    autoencoder=AutoencoderRecipe(steps=30_000, last_steps=5_000, batch=64, last_batch=32),
    language=LanguageRecipe(steps=5_000, batch=512),
    denoiser=DenoiserRecipe(
        steps=120_000, batch=128, last_batch=64, crop=128, last_crop=256, shard_sources=64, shard_edits=32, block=32
    ),
)
SIZES = {"small": SMALL, "large": LARGE}
