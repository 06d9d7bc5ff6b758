"""Takes the README's picture of the detail: a photo, its edit as the model drew it, and the result, at 100 % zoom.

``python -m docs.take_detail``; ``--photos`` names a folder of PNG photographs, of which the last one is taken.
"""

import argparse
from pathlib import Path

from PIL import Image

from pix2pix import Editor, EditRequest
from pix2pix.training.evaluation.photos import open_photos

HERE = Path(__file__).parent
PHOTOS = HERE.parent.parent / "shared" / "photos"  # as in the Makefile; a stranger's clone has none
SIDE, GAP = 300, 8


def main(photos: Path | None, out: Path, instruction: str) -> None:
    """Edit the last of ``photos`` with pocket and write the same square of all three pictures to ``out``."""
    photo = list(open_photos(photos).values())[-1]
    editor = Editor.load("pocket", device="cpu")
    drawn, result = (editor.edit(photo, EditRequest(instruction, seed=3, detail=kept)).image for kept in (False, True))
    left, top = photo.width // 4, (photo.height - SIDE) // 2
    row = Image.new("RGB", (3 * SIDE + 2 * GAP, SIDE), "white")
    for number, picture in enumerate((photo, drawn, result)):
        row.paste(picture.crop((left, top, left + SIDE, top + SIDE)), (number * (SIDE + GAP), 0))
    row.save(out, optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=Path, default=PHOTOS if PHOTOS.is_dir() else None)
    parser.add_argument("--out", type=Path, default=HERE / "detail.png")
    parser.add_argument("--instruction", default="make it look like sunset")
    main(**vars(parser.parse_args()))
