"""Takes the README's picture of the detail: a photo, its edit as the model drew it, and the result, at 100 % zoom.

``python -m docs.take_detail``
"""

import sys
from pathlib import Path

from PIL import Image

from pix2pix import Editor, EditRequest
from pix2pix.training.evaluation.photos import open_photos

SIDE, GAP = 300, 8


def main(out: Path, instruction: str = "make it look like sunset") -> None:
    """Edit the last of the photos with pocket and write the same square of all three pictures to ``out``."""
    photo = list(open_photos().values())[-1]
    editor = Editor.load("pocket", device="cpu")
    drawn, result = (editor.edit(photo, EditRequest(instruction, seed=3, detail=kept)).image for kept in (False, True))
    left, top = photo.width // 4, (photo.height - SIDE) // 2
    row = Image.new("RGB", (3 * SIDE + 2 * GAP, SIDE), "white")
    for number, picture in enumerate((photo, drawn, result)):
        row.paste(picture.crop((left, top, left + SIDE, top + SIDE)), (number * (SIDE + GAP), 0))
    row.save(out, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("detail.png"), *sys.argv[2:3])
