"""Why this? What each word of the instruction looks at, and where all of it acts, as heat on the photo."""

import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL.Image import Image, blend, composite
from PIL.Image import new as new_image

from pix2pix.events import Explanation
from pix2pix.photo.thumbnail import fitted
from pix2pix.serving.visitors import Visitors
from pix2pix.ui import stage
from pix2pix.ui.controls import request_of
from pix2pix.ui.edit.fields import Fields
from pix2pix.ui.protocols import EditService
from pix2pix.ui.queues import MODEL_QUEUE, PRIVATE
from pix2pix.ui.safely import safely

HEAT, COLD, STRENGTH = (255, 96, 0), (15, 23, 42), 0.7
SIDE = 320  # pixels
NO_WORDS = "This model attends to the words in one place only, so what each of them looks at cannot be told."
EVERYWHERE = "These words act on the whole picture."
SOMEWHERE = "The brighter, the more these words act there."


class Why:
    """What the panel does."""

    def __init__(self, fields: Fields, service: EditService, visitors: Visitors) -> None:
        self.fields = fields
        self._service = service
        self._visitors = visitors

    def wire(self, asked: dict[str, Any], validate: Callable[..., Any]) -> None:
        """Explain when the button is pressed; ``asked`` are the inputs of an edit, which ``validate`` checks."""
        f = self.fields
        inputs = {name: part for name, part in asked.items() if name not in ("tab", "new_seed", *f.advanced.saving)}
        options = {"inputs_kwargs": inputs, "outputs": f.explained, "show_progress_on": [f.explained]}
        f.why.click(safely(self.explain), validator=validate, **options, **MODEL_QUEUE, **PRIVATE)

    def explain(self, key: str, photo: Path, instruction: str, model: str, **settings: Any) -> str:
        """The panel's content, by one call of the model."""
        workspace = self._visitors.workspace(key)
        request = request_of(instruction, settings)
        stored, session = workspace.add_photo(Path(photo)), self._visitors.session(workspace)
        return explained(self._service.explain(stored.file, request, session=session, model=model))


def explained(told: Explanation) -> str:
    """The photo with one heat map for each word, and one for where the whole instruction acts."""
    words = "".join(_figure(heated(told.photo, map), html.escape(word)) for word, map in told.words)
    where = EVERYWHERE if told.is_everywhere else SOMEWHERE
    all_of_it = _figure(heated(told.photo, told.relevance), f"<span data-say>{where}</span>")
    missing = "" if told.words else f"<p data-say>{NO_WORDS}</p>"
    return f'<div class="why">{all_of_it}{words}</div>{missing}'


def heated(photo: Image, map: Image) -> Image:
    """``photo``, RGB, dark where ``map``, mode L of its size, is 0, and glowing where it is 255."""
    dark = blend(photo, new_image("RGB", photo.size, COLD), STRENGTH)
    glowing = blend(photo, new_image("RGB", photo.size, HEAT), 1 - STRENGTH)
    return composite(glowing, dark, map)


def _figure(picture: Image, caption: str) -> str:
    return (
        f'<figure><img src="{stage.data_url(fitted(picture, SIDE))}" alt=""><figcaption>{caption}</figcaption></figure>'
    )
