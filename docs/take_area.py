"""Takes the README's picture of an area: photo, where the words act, the edit everywhere, and the edit where asked.

``python -m docs.take_area``; ``--photo`` names a picture, otherwise it is the lion that comes with gradio.
"""

import argparse
from pathlib import Path

from gradio.media import get_image
from PIL import Image

from pix2pix import Editor, EditRequest
from pix2pix.photo import open_photo
from pix2pix.photo.thumbnail import fitted
from pix2pix.request import AUTOMATIC, EVERYWHERE
from pix2pix.session import EditSession
from pix2pix.ui.edit.why import heated

HERE = Path(__file__).parent
SIDE, GAP = 300, 8


def main(photo: Path, out: Path, instruction: str) -> None:
    """Edit ``photo`` with pocket in both ways and write the four pictures to ``out``, side by side."""
    picture = fitted(open_photo(photo).rgb, 2 * SIDE)
    editor, session = Editor.load("pocket", device="cpu"), EditSession()
    told = editor.explain(picture, EditRequest(instruction), session=session)
    heat = heated(told.photo, told.relevance)
    edits = [
        editor.edit(picture, EditRequest(instruction, seed=3, area=area), session=session).image
        for area in (EVERYWHERE, AUTOMATIC)
    ]
    shown = [one.resize((SIDE, round(SIDE * picture.height / picture.width))) for one in (picture, heat, *edits)]
    row = Image.new("RGB", (4 * SIDE + 3 * GAP, shown[0].height), "white")
    for number, one in enumerate(shown):
        row.paste(one, (number * (SIDE + GAP), 0))
    row.save(out, quality=88)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--photo", type=Path, default=Path(get_image("lion.jpg")))
    parser.add_argument("--out", type=Path, default=HERE / "area.jpg")
    parser.add_argument("--instruction", default="make the top half black and white")
    main(**vars(parser.parse_args()))
