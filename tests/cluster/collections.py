"""Collections of small photos, and what became of them."""

import io
import random
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from pix2pix import EditRequest, save_result
from pix2pix.cluster.store import TABLE
from pix2pix.photo.digest import digest_of
from tests import SHARED
from tests.cluster.fakes import watched

REQUEST = EditRequest("make it night", seed=3)
SIZES = ((48, 32), (32, 48), (40, 40))
SUFFIXES = (".png", ".jpg", ".webp")
BROKEN = ("xcrn0g04", "xd0n2c08", "xlfn0g04")


def write_photos(folder: Path, number: int) -> None:
    """So many small photos, no two alike, of three sizes and formats, some in a folder inside."""
    (folder / "inside").mkdir(parents=True)
    for index in range(number):
        noise = np.random.default_rng(index).integers(0, 256, (4, 5, 3), dtype=np.uint8)
        photo = Image.fromarray(noise).resize(SIZES[index % 3], Image.Resampling.BICUBIC)
        photo.save(folder / ("inside" if index % 5 == 0 else "") / f"photo {index}{SUFFIXES[index % 4 % 3]}")


def write_bad_ones(folder: Path) -> None:
    """Seven files that are called photos; three of them are PngSuite's own broken ones, where those are there."""
    whole = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(whole, "PNG")
    bad = {"text.jpg": b"no photo", "empty.png": b"", "cut.png": whole.getvalue()[:60], "narrow.png": _narrow()}
    for name in BROKEN:
        file = SHARED / "hostile" / "pngsuite" / f"{name}.png"
        bad[f"{name}.png"] = file.read_bytes() if file.exists() else random.Random(name).randbytes(99)
    for name, content in bad.items():
        (folder / name).write_bytes(content)


def _narrow() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (1, 500)).save(file, "PNG")
    return file.getvalue()


@dataclass(frozen=True)
class Scene:
    """Photos, where their results go, and the log of those who edit them."""

    source: Path
    target: Path
    log: Path

    def load(self, seconds: float = 0):
        return partial(watched, self.log, seconds)

    def rows(self) -> list[dict]:
        """The table."""
        return pq.read_table(self.target / TABLE).to_pylist()

    def results(self) -> list[Path]:
        """Files under results' names."""
        files = self.target.rglob("*.*")
        return sorted(file for file in files if file.suffix in SUFFIXES and not file.name.startswith("."))

    def edits(self) -> Counter[str]:
        """How often each photo was taken by an editor, by its digest."""
        return Counter(what for _, _, what in self._lines() if what != "text")

    def texts(self) -> Counter[str]:
        """How often each worker called its text encoder."""
        return Counter(worker for worker, _, what in self._lines() if what == "text")

    def threads(self) -> set[str]:
        """How many threads torch had in the workers."""
        return {threads for _, threads, _ in self._lines()}

    def workers(self) -> list[int]:
        """Processes that have edited, the last one last."""
        return list(dict.fromkeys(int(worker) for worker, _, _ in self._lines()))

    def photo_of(self, result: Path) -> Path:
        """The photo that ``result`` was made of."""
        return self.source / result.relative_to(self.target)

    def finished(self) -> set[str]:
        """Digests of the photos that have a result."""
        return {digest_of(self.photo_of(result)) for result in self.results()}

    def _lines(self) -> list[list[str]]:
        return [line.split() for line in self.log.read_text().splitlines()] if self.log.exists() else []


def assert_as_single_edits(scene: Scene, editor, folder: Path) -> None:
    """Every result is, byte by byte, that of an edit alone."""
    for result in scene.results():
        alone = folder / f"alone{result.suffix}"
        save_result(editor.edit(scene.photo_of(result), REQUEST), alone)
        assert alone.read_bytes() == result.read_bytes(), result
