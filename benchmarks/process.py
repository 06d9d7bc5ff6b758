"""What a person waits for around the model: starting, opening and saving large photos; and how much memory it takes."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from pix2pix import Editor

HERE = Path(__file__).parent.parent
LARGE = 4000, 3000
PATIENCE = 60  # seconds


@dataclass(frozen=True)
class Figure:
    """One measured number with its goal, both in ``unit``."""

    what: str
    value: float
    goal: float
    unit: str

    def __str__(self) -> str:
        met = "met" if self.value <= self.goal else "not met"
        return f"| {self.what} | {self.value:.4g} {self.unit} | {self.goal:g} {self.unit} | {met} |"


def figures() -> Iterator[Figure]:
    """All of them, each from processes of its own."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = _photo(), _large_photo(folder)
        yield Figure("start to page open", _page_open(Path(folder)), 3, "s")
        yield Figure("start to first finished pocket edit, command line", _shell(small, folder), 4, "s")
        with_small, with_large = _inside(small, folder), _inside(large, folder)
        yield Figure("12-megapixel JPEG in, JPEG out, beyond the model's own time", with_large["beyond"], 1, "s")
        yield Figure("resident memory of one pocket edit", with_small["peak"], 700, "MB")
        yield Figure("peak above it with 12 megapixels", with_large["peak"] - with_small["peak"], 150, "MB")


def beyond_the_model() -> float:
    """Seconds that a JPEG of 12 megapixels takes from file to file beside the model's own time."""
    with tempfile.TemporaryDirectory() as folder:
        return _inside(_large_photo(folder), folder)["beyond"]


def _photo() -> str:
    from gradio.media import get_image  # only here: an edit does without gradio, and what it takes is measured below

    path: str = get_image("lion.jpg")
    return path


def _large_photo(folder: str) -> str:
    path = f"{folder}/large.jpg"
    with Image.open(_photo()) as photo:
        photo.convert("RGB").resize(LARGE).save(path, quality=90)
    return path


def table(measured: list[Figure]) -> str:
    """All of them in Markdown."""
    return "\n".join(["| | measured | goal | |\n|---|---|---|---|", *map(str, measured)])


def _page_open(folder: Path) -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {"PIX2PIX_DATA": str(folder / "data"), "GRADIO_SERVER_PORT": str(port), "PIX2PIX_MODEL": "pocket"}
    started = time.perf_counter()
    app = subprocess.Popen([sys.executable, "app.py"], cwd=HERE, env=os.environ | places, stdout=subprocess.DEVNULL)
    try:
        while time.perf_counter() - started < PATIENCE:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
                page.read()
                return time.perf_counter() - started
            time.sleep(0.02)
        raise TimeoutError("the page did not open")
    finally:
        app.terminate()
        app.wait()


def _shell(photo: str, folder: str) -> float:
    """Seconds from the shell to the finished file."""
    arguments = ["edit", photo, "make it night", "--out", f"{folder}/shell.jpg", "--model", "pocket", "--device", "cpu"]
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "pix2pix", *arguments], cwd=HERE, check=True, capture_output=True)
    return time.perf_counter() - started


def _inside(photo: str, folder: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.process", photo, f"{folder}/inside.jpg"]
    done = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main(photo: str, out: str) -> None:
    """Two edits by pocket, as on the command line: what the second took beyond the model, and the peak of memory."""
    from pix2pix.cores import share_cores

    share_cores()  # as the program does, before torch is imported
    from benchmarks.memory import peak
    from pix2pix import Editor

    editor = Editor.load("pocket", device="cpu")
    _, beyond = (_edited(editor, photo, words, out) for words in ("make it night", "make it a sunset"))
    print(json.dumps({"beyond": beyond, "peak": peak()}))


def _edited(editor: "Editor", photo: str, words: str, out: str) -> float:
    """Seconds beyond the model's own; the result is gone after it, as a program does not keep it either."""
    from pix2pix import EditRequest
    from pix2pix.files.formats import save_result

    started = time.perf_counter()
    result = editor.edit(photo, EditRequest(words, seed=1))
    save_result(result, Path(out))
    return time.perf_counter() - started - result.seconds


if __name__ == "__main__":
    main(*sys.argv[1:])
