"""Makes the results that the page shows with its examples: ``python -m docs.make_examples``."""

from pathlib import Path

from PIL import Image

from pix2pix import Editor, EditRequest
from pix2pix.photo.thumbnail import fitted
from pix2pix.ui.examples import EXAMPLES, Example

SEED = 7
SIDE = 360  # pixels; the page shows them smaller
MOST_BYTES = 30_000


def main() -> None:
    """Edit every example's photo with pocket and keep a small picture of the result."""
    editor = Editor.load("pocket")
    for example in EXAMPLES:
        result = editor.edit(Path(example.path), EditRequest(example.instruction, seed=SEED))
        print(example.result.name, _save(fitted(result.image, SIDE), example), "bytes")


def _save(picture: Image.Image, example: Example) -> int:
    """Written as well as it fits; returns the size of the file."""
    for quality in range(85, 30, -5):
        picture.save(example.result, "WEBP", quality=quality, method=6)
        if example.result.stat().st_size <= MOST_BYTES:
            break
    return example.result.stat().st_size


if __name__ == "__main__":
    main()
