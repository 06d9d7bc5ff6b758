"""Examples: a photograph that comes with gradio, words, and the result, made by ``docs/make_examples.py``."""

from pathlib import Path
from typing import NamedTuple

import gradio as gr
from gradio.media import get_image

from pix2pix.ui.edit.fields import Fields

HERE = Path(__file__).parent


class Example(NamedTuple):
    """One example; the result lies beside this file under the photo's name."""

    photo: str
    instruction: str

    @property
    def path(self) -> str:
        return get_image(self.photo)  # type: ignore[no-any-return]  # gradio is read without types

    @property
    def result(self) -> Path:
        return HERE / Path(self.photo).with_suffix(".webp").name


EXAMPLES = (
    Example("tower.jpg", "make it night"),
    Example("lion.jpg", "turn it into a pencil sketch"),
    Example("cheetah1.jpg", "make it look like sunset"),
)


def draw_examples(f: Fields) -> None:
    """Draw them into the Blocks at hand; a click fills in photo and words."""
    gr.set_static_paths(
        [path for one in EXAMPLES for path in (one.path, one.result)]
    )  # no copies, which would be tidied
    result = gr.Image(visible=False)  # only tells the examples how to draw the results
    gr.Examples(
        [[one.path, one.instruction, str(one.result)] for one in EXAMPLES],
        [f.photo, f.instruction, result],
        label="Try one of these",
        elem_id="examples",
    )
