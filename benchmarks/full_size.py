"""Full-size results: ``transfer`` against Lanczos on edits whose full-size result is known, its time and its memory.

``make detail`` writes ``benchmarks/FULL_SIZE.md``; ``--count 3`` looks at three photos only.

The edit is computed at the small size and copied as an autoencoder copies it; what ``transfer`` compares it with is
such a copy of the small photo, as in the program. The result is compared with the same closed form at full size.
Flakes, streaks and grain lie where noise says, pixel by pixel, so two sizes never agree on them. For these the layer of
flakes is that of the small picture, enlarged, over the closed form of the full-size photo.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from PIL import Image
from torch import Tensor

from benchmarks.memory import most_during
from pix2pix.detail.upsampling import transfer
from pix2pix.diffusion.checkpoints import POCKET
from pix2pix.training.evaluation.measured.scatter import AMOUNTS
from pix2pix.training.evaluation.photos import open_photos
from pix2pix.training.pictures import psnr, to_image, to_tensor
from pix2pix.training.targets.edits import EDITS, PLAIN, TINTS, apply
from pix2pix.training.targets.filters import gaussian_blur

RESULTS = Path(__file__).parent / "FULL_SIZE.md"
REDRAWN = [name for name, edit in EDITS.items() if edit.redraws]
CANVAS_AREA = 256**2
NOISE = 0.012
RUNS = 3
MEGA = 10**6


@dataclass(frozen=True)
class Setting:
    """A column.

    Attributes:
        scale: by how much the edit is smaller than the photo on each side.
        copy: what the autoencoder makes of every picture.
        noise: deviation in 0..1, which the model leaves in what it draws, and so not in the copy of the photo.
    """

    name: str
    scale: int
    copy: Callable[[Tensor], Tensor]
    noise: float = 0.0


Gains = dict[str, list[tuple[float, float]]]  # by edit, for each photo: dB of Lanczos, and what transfer adds to it


def main() -> None:
    """Read the command line, measure everything and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.full_size", description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder of PNG photographs; without it gradio's")
    parser.add_argument("--count", type=int, help="only the first so many photos")
    given = parser.parse_args()
    pictures = list(open_photos(given.photos).values())[: given.count]
    settings = [
        Setting("1/4, blur and noise", 4, _blur, NOISE),
        Setting("1/2, blur and noise", 2, _blur, NOISE),
        Setting("1/4, pocket's autoencoder", 4, _through_pocket()),
        Setting("same size, pocket's autoencoder", 1, _through_pocket()),
    ]
    text = "\n\n".join(
        [
            "# Full-size results",
            _introduction(len(pictures)),
            _quality(pictures, settings),
            _identity(pictures),
            _cost(pictures),
        ]
    )
    RESULTS.write_text(text + "\n", encoding="utf-8")
    print(text)


def _introduction(photos: int) -> str:
    return (
        f"Measured with `make detail` on {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, on {photos} photographs. An edit is made at the small size, copied as an "
        "autoencoder copies it, and brought to the photo's size: by Lanczos, and by `transfer`, which compares it with "
        "such a copy of the small photo. Both are compared with the same edit at full size. A cell has the mean PSNR "
        "of Lanczos, what `transfer` adds to it, and in brackets what it adds on the worst photo. The last column is "
        "why `transfer` is used for photos of the canvas's own size as well: Lanczos leaves the drawing as it is "
        "there, and `transfer` repairs what the autoencoder lost."
    )


def _blur(pictures: Tensor) -> Tensor:
    return gaussian_blur(pictures, 0.6)


def _through_pocket() -> Callable[[Tensor], Tensor]:
    vae = AutoencoderTiny.from_pretrained(POCKET.source, subfolder="vae")

    @torch.no_grad()
    def copy(pictures: Tensor) -> Tensor:
        height, width = pictures.shape[2:]
        padded = F.pad(pictures, (0, -width % 4, 0, -height % 4), mode="replicate")
        drawn: Tensor = vae.decode(vae.encode(padded * 2 - 1).latents).sample
        return (drawn[..., :height, :width] + 1) / 2

    return copy


def _quality(photos: Iterable[Image.Image], settings: list[Setting]) -> str:
    columns = [_gains(photos, setting) for setting in settings]
    tones = [name for name in EDITS if name not in REDRAWN and name not in TINTS]
    rows = [(name, [name]) for name in tones] + [("the 12 tints", list(TINTS))]
    rows += [("**tone and colour**", [*tones, *TINTS])]
    rows += [(name, [name]) for name in REDRAWN] + [("**redrawn**", list(REDRAWN))]
    lines = [f"| {label} | " + " | ".join(_cell(column, names) for column in columns) + " |" for label, names in rows]
    head = "| PSNR in dB | " + " | ".join(one.name for one in settings) + " |"
    return "\n".join(["## Sharpness", "", head, "|---|" + "---|" * len(settings), *lines])


def _cell(gains: Gains, names: list[str]) -> str:
    pairs = [pair for name in names for pair in gains[name]]
    lanczos, gain = (statistics.mean(values) for values in zip(*pairs, strict=True))
    return f"{lanczos:.1f} {gain:+.1f} ({min(gain for _, gain in pairs):+.1f})"


def _gains(photos: Iterable[Image.Image], setting: Setting) -> Gains:
    gains: Gains = {name: [] for name in EDITS}
    for photo in photos:
        if setting.scale == 1:
            photo = photo.resize(_canvas_size(photo, CANVAS_AREA), Image.Resampling.LANCZOS)
        photo = photo.crop((0, 0, photo.width // setting.scale * setting.scale, photo.height))
        size = photo.width // setting.scale, photo.height // setting.scale
        canvas = to_tensor(photo.resize(size, Image.Resampling.LANCZOS))
        before = to_image(setting.copy(canvas))
        for name in EDITS:
            generator = torch.Generator().manual_seed(1)
            noise = torch.randn((1, 1, *before.size[::-1]), generator=generator)
            drawn = setting.copy(apply(name, canvas, noise))
            after = to_image(drawn + setting.noise * torch.randn(drawn.shape, generator=generator))
            target = _at_full_size(name, to_tensor(photo), noise)
            lanczos = psnr(to_tensor(after.resize(photo.size, Image.Resampling.LANCZOS)), target)
            gains[name].append((lanczos, psnr(to_tensor(transfer(photo, before, after)), target) - lanczos))
    return gains


def _at_full_size(name: str, photo: Tensor, noise: Tensor) -> Tensor:
    """The edit of ``photo``, (1, 3, H, W); ``noise`` is that of the small size.

    Flakes, streaks and grain are ``edit(picture) = clear(picture) * share + layer`` at every pixel. So share and layer
    can be computed from what they make of a black and of a white picture.
    """
    calm = torch.zeros_like(photo[:, :1])
    if name not in AMOUNTS:
        return apply(name, photo, calm)
    target, still = EDITS[name].target, torch.zeros_like(noise)
    black = torch.zeros((1, 3, *noise.shape[2:]))
    span, clear_span = (target(black + 1, PLAIN, n) - target(black, PLAIN, n) for n in (noise, still))
    share = span / clear_span
    layer = target(black, PLAIN, noise) - share * target(black, PLAIN, still)
    share, layer = (F.interpolate(part, photo.shape[2:], mode="bicubic") for part in (share, layer))
    return (target(photo, PLAIN, calm) * share + layer).clamp(0, 1)


def _canvas_size(photo: Image.Image, area: int) -> tuple[int, int]:
    scale = (area / (photo.width * photo.height)) ** 0.5
    return round(photo.width * scale), round(photo.height * scale)


def _identity(photos: Iterable[Image.Image]) -> str:
    worst = min(
        psnr(to_tensor(transfer(photo, small, small)), to_tensor(photo))
        for photo in photos
        for small in [photo.resize(_canvas_size(photo, CANVAS_AREA), Image.Resampling.LANCZOS)]
    )
    return f"An unchanged canvas gives the photo back with {worst:.0f} dB in the worst case (100 is the same bytes)."


def _cost(photos: list[Image.Image]) -> str:
    rows = [
        f"| {megapixels} megapixels, canvas {side} x {side} | {_measured(photos, megapixels * MEGA, side**2)} |"
        for megapixels in (12, 40)
        for side in (256, 512)
    ]
    load = f"The load of the machine was {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
    head = [
        "| photo | seconds | seconds of processor time | MB above the photo, the result included |",
        "|---|---|---|---|",
    ]
    return "\n".join(["## Time and memory", "", *head, *rows, "", f"Medians of {RUNS} runs. {load}"])


def _measured(photos: list[Image.Image], pixels: int, area: int) -> str:
    """One row, measured in a process of its own, which holds no freed memory that would hide what is needed."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_measure, photos, pixels, area).result()


def _measure(photos: list[Image.Image], pixels: int, area: int) -> str:
    photo = _tiled(photos, pixels)
    before = photo.resize(_canvas_size(photo, area), Image.Resampling.LANCZOS)
    after = to_image(apply("night", to_tensor(before), torch.zeros(1)))
    seconds, processor, memory = zip(*_runs(photo, before, after), strict=True)
    return f"{statistics.median(seconds):.2f} | {statistics.median(processor):.2f} | {max(memory):.0f}"


def _tiled(photos: list[Image.Image], pixels: int) -> Image.Image:
    """The photos side by side, over and over, as one picture of 3:2 and at least ``pixels``: detail at every pixel."""
    height = round((pixels / 1.5) ** 0.5)
    large = Image.new("RGB", (-(-pixels // height), height))
    width, height = photos[0].size
    places = [(left, top) for top in range(0, large.height, height) for left in range(0, large.width, width)]
    for number, place in enumerate(places):
        large.paste(photos[number % len(photos)].resize((width, height)), place)
    return large


def _runs(photo: Image.Image, before: Image.Image, after: Image.Image) -> Iterator[tuple[float, float, float]]:
    """Seconds, seconds of processor time, and MB above what was held before, of every run of ``transfer``."""
    for _ in range(RUNS):
        started, processor = time.perf_counter(), time.process_time()
        most = most_during(lambda: transfer(photo, before, after))
        yield time.perf_counter() - started, time.process_time() - processor, most


if __name__ == "__main__":
    main()
