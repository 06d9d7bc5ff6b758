"""What stands in front of the photo: nothing, the picture as it forms, or a sentence on how things are.

The forming picture travels inside the page as a data URL, so that previews never become files.
"""

import base64
import html
import io
from collections.abc import Sequence

from PIL.Image import Image

from pix2pix.events import Step
from pix2pix.request import EditRequest

PNG_URL = "data:image/png;base64,"
INVITATION = '<div class="stage"></div>'  # the photo itself is seen, or the field that asks for one


def note(sentence: str) -> str:
    """A sentence in front of the photo; it may hold markup."""
    return f'<div class="stage note"><p data-say>{sentence}</p></div>'


WAITING = note("Your edit is waiting for its turn. <b>Stop</b> gives it up.")
STARTING = note("Getting ready …")
STOPPED = note("Stopped. Your photo and your words are still here.")


def forming(step: Step, seconds_left: float) -> str:
    """The picture after ``step`` with a bar below it."""
    said = "Step {0} of {1} · about {2} s left" if seconds_left >= 1 else "Step {0} of {1} · almost done"
    words = worded(said, step.index, step.total, round(seconds_left))
    return (
        f'<div class="stage forming"><img src="{data_url(step.preview)}" alt="The picture as it forms">'
        f'<progress value="{step.index}" max="{step.total}" aria-label="Progress of the edit"></progress>'
        f"<p>{words}</p></div>"
    )


def draft(picture: Image) -> str:
    """A draft, RGB, of what has been typed."""
    said = "A draft. <b>Edit</b> draws it in full."
    return f'<div class="stage forming draft"><img src="{data_url(picture)}" alt=""><p data-say>{said}</p></div>'


def forming_together(pictures: Sequence[str], done: int) -> str:
    """Several pictures as they form, addresses or empty texts, of which ``done`` are finished."""
    cells = "".join(f'<img src="{picture}" alt="">' if picture else "<i></i>" for picture in pictures)
    words = worded("{0} of {1} pictures are done", done, len(pictures))
    return f'<div class="stage forming several"><div {_columns(pictures)}>{cells}</div><p>{words}</p></div>'


def variants(cells: Sequence[tuple[str, int]]) -> str:
    """Finished pictures to choose from: the address of each, and its place in the strip of results."""
    said = "Click the one you like. All of them are among your results."
    return _to_choose_from([(picture, f'data-strip="{place}"', "") for picture, place in cells], said)


def strengths(cells: Sequence[tuple[str, EditRequest]]) -> str:
    """Drafts to choose from, with the request of each."""

    def cell(picture: str, request: EditRequest) -> tuple[str, str, str]:
        text, image = request.guidance_scale, request.image_guidance_scale
        return picture, f'data-scales="[{text}, {image}]"', f"{text} · {image}"

    said = "Your words count more to the right, your photo less downwards. Click one to draw it in full."
    return _to_choose_from([cell(*one) for one in cells], said)


def _to_choose_from(cells: Sequence[tuple[str, str, str]], said: str) -> str:
    buttons = "".join(
        f'<button type="button" {marks} aria-label="{number}">'
        f'<img src="{picture}" alt=""><small>{caption}</small></button>'
        for number, (picture, marks, caption) in enumerate(cells, start=1)
    )
    return f'<div class="stage several choices"><div {_columns(cells)}>{buttons}</div><p data-say>{said}</p></div>'


def _columns(cells: Sequence[object]) -> str:
    return f'style="--columns: {2 if len(cells) <= 4 else 3}"'


def failed(sentence: str) -> str:
    """The one sentence about what went wrong."""
    return f'<div class="stage note failed" role="alert"><p>{html.escape(sentence)}</p></div>'


def token_count(tokens: int, limit: int) -> str:
    """How much of the instruction the model can read."""
    if not tokens:
        return ""
    if tokens > limit:
        return worded("{0} of {1} word pieces: the end will not be read.", tokens, limit, kind="over")
    return worded("{0} of {1} word pieces", tokens, limit)


def too_long(limit: int) -> str:
    """That the instruction has more characters than it may have."""
    return worded("Too many words: keep it to {0} characters.", limit, kind="over")


def worded(said: str, *values: int, kind: str = "") -> str:
    """A sentence with numbers in it, which the browser can say in other words; ``said`` may hold simple tags."""
    numbers, english = "|".join(map(str, values)), said.format(*values)
    return f'<span class="{kind}" data-say="{html.escape(said)}" data-values="{numbers}">{english}</span>'


def data_url(picture: Image) -> str:
    """An RGB ``picture`` as a JPEG inside an address, so that a page shows it without asking for a file."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return jpeg_url(buffer.getvalue())


def jpeg_url(jpeg: bytes) -> str:
    """The file ``jpeg`` inside an address."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def png_url(png: bytes) -> str:
    """The file ``png`` inside an address."""
    return PNG_URL + base64.b64encode(png).decode()


def png_in(address: str) -> bytes:
    """The file inside an address that ``png_url`` could have made; raises ``ValueError`` if it is none."""
    if not address.startswith(PNG_URL):
        raise ValueError(address[:20])
    return base64.b64decode(address.removeprefix(PNG_URL), validate=True)
