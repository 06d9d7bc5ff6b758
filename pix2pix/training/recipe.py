"""The settings of a training run: small for a CPU and the shipped checkpoint, large for a GPU."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AutoencoderRecipe:
    """Attributes: ``last_steps`` of the ``steps`` are at the end and train on larger crops.

    A batch has ``batch`` crops of ``crop`` x ``crop`` pixels, and at the end those of ``last_batch`` and ``last_crop``.
    """

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
    """Attributes: the text encoder's size, and how it is trained on sentences alone, before the denoiser."""

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
        sides: of the pictures in pixels; a random one of them for each shard.
        whole: whether they are whole scenes in several formats, each with the area of side x side; otherwise crops.
        pixels: in a batch, of all its pictures together.
        sources: pictures in a shard, if they have the smallest side; fewer larger ones.
        edits: made of each of them.
        group: as many pictures get the same edits.
    """

    sides: tuple[int, ...]
    whole: bool
    pixels: int
    sources: int
    edits: int
    group: int = 4


@dataclass(frozen=True)
class DenoiserRecipe:
    """How the denoiser is trained.

    A step trains on a batch of crops and on a batch of whole pictures, each drawn from a pool of shards of its kind.

    Attributes:
        steps: in all.
        cooldown: share of the steps, at the end, in which the learning rate goes down.
        widths: channels of the UNet at each level, from the top.
        block: steps after which a pool gets a new shard and loses its oldest.
        pool: shards in a pool.
    """

    steps: int = 12_000
    cooldown: float = 0.65
    crops: Shards = Shards(sides=(64, 128), whole=False, pixels=32 * 64**2, sources=32, edits=12)
    whole: Shards = Shards(sides=(128, 192, 256), whole=True, pixels=256**2, sources=8, edits=12)
    widths: tuple[int, ...] = (128, 192, 96, 96)
    learning_rate: float = 6e-4
    block: int = 32
    pool: int = 12

    @property
    def cooldown_steps(self) -> int:
        """The number of steps at the end in which the learning rate goes down."""
        return round(self.steps * self.cooldown)

    @property
    def shards(self) -> tuple[Shards, Shards]:
        """The two kinds of pairs that a step trains on."""
        return self.crops, self.whole


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, but for the machine and its number of threads."""

    seed: int = 0
    scenes: int = 10_000
    autoencoder: AutoencoderRecipe = AutoencoderRecipe()
    language: LanguageRecipe = LanguageRecipe()
    denoiser: DenoiserRecipe = DenoiserRecipe()


SMALL = Recipe()
LARGE = Recipe(
    scenes=20_000,
    autoencoder=AutoencoderRecipe(steps=30_000, last_steps=5_000, batch=64, last_batch=32),
    language=LanguageRecipe(steps=4_000, batch=256),
    denoiser=DenoiserRecipe(
        crops=Shards(sides=(64, 128), whole=False, pixels=64 * 128**2, sources=512, edits=16, group=32),
        whole=Shards(sides=(128, 192, 256), whole=True, pixels=16 * 256**2, sources=256, edits=12, group=32),
        block=64,
    ),
)
SIZES = {"small": SMALL, "large": LARGE}
