"""The settings of a training run: small for a CPU and the shipped checkpoint, large for a GPU."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AutoencoderRecipe:
    """Attributes: steps in all, and those at the end on larger crops; batch and crop (pixels) of the two parts."""

    steps: int = 9000
    last_steps: int = 1200
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

    steps: int = 3000
    batch: int = 64
    learning_rate: float = 1e-3
    tokens: int = 1500
    positions: int = 32
    width: int = 128
    layers: int = 3
    heads: int = 4


@dataclass(frozen=True)
class Shards:
    """Pairs of one kind: how they are drawn, and how many of them train in a step.

    Attributes:
        sides: of the pictures in pixels; one of them, at random, for all pictures of a shard.
        whole: whether they are whole scenes, of several shapes with the area of ``side`` x ``side``, and not crops.
        pixels: of all pictures of a batch together.
        sources, edits: a shard is ``sources`` pictures of the smallest side, or fewer larger ones, times ``edits``.
    """

    sides: tuple[int, ...]
    whole: bool
    pixels: int
    sources: int
    edits: int


@dataclass(frozen=True)
class DenoiserRecipe:
    """Attributes: steps in all; the last share of them cools the learning rate down.

    A step trains on a batch of crops and one of whole pictures, each drawn from the pool of the last shards of its
    kind; a block of steps later the pool moves on by a shard.
    """

    steps: int = 19_200
    cooldown: float = 0.65
    crops: Shards = Shards(sides=(64, 128), whole=False, pixels=32 * 64**2, sources=32, edits=12)
    whole: Shards = Shards(sides=(128, 192, 256), whole=True, pixels=256**2, sources=8, edits=12)
    widths: tuple[int, ...] = (128, 192, 96, 96)
    learning_rate: float = 6e-4
    block: int = 32
    pool: int = 12

    @property
    def cooldown_steps(self) -> int:
        """The steps at the end while the learning rate goes down."""
        return round(self.steps * self.cooldown)

    @property
    def shards(self) -> tuple[Shards, Shards]:
        """The two kinds that a step trains on."""
        return self.crops, self.whole


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, together with the machine."""

    seed: int = 0
    scenes: int = 10_000
    autoencoder: AutoencoderRecipe = AutoencoderRecipe()
    language: LanguageRecipe = LanguageRecipe()
    denoiser: DenoiserRecipe = DenoiserRecipe()


SMALL = Recipe()
LARGE = Recipe(
    scenes=40_000,
    autoencoder=AutoencoderRecipe(steps=30_000, last_steps=5_000, batch=64, last_batch=32),
    language=LanguageRecipe(steps=5_000, batch=512),
    denoiser=DenoiserRecipe(
        steps=120_000,
        crops=Shards(sides=(64, 128, 256), whole=False, pixels=64 * 128**2, sources=128, edits=32),
        whole=Shards(sides=(128, 192, 256), whole=True, pixels=16 * 256**2, sources=64, edits=24),
    ),
)
SIZES = {"small": SMALL, "large": LARGE}
