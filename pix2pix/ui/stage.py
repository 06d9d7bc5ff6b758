"""What stands in front of the photo: nothing, the picture as it forms, or a sentence on how things are.

The forming picture travels inside the page as a data URL, so that previews never become files.
"""

import base64
import html
import io

from PIL.Image import Image

from pix2pix.events import Step

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
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
