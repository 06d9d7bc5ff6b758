"""What stands where the result will be: an invitation, the picture as it forms, or a sentence on what went wrong.

The forming picture travels inside the page as a data URL, so that previews never become files.
"""

import base64
import html
import io

from PIL.Image import Image

from pix2pix.events import Step

INVITATION = '<div class="stage"><p>Drop in a photo, say what should change, and press <b>Edit</b>.</p></div>'
WAITING = (
    '<div class="stage" role="status"><p>Your edit is waiting for its turn. Its place in the queue is shown above; '
    "<b>Stop</b> gives it up.</p></div>"
)
STARTING = '<div class="stage" role="status"><p>Getting ready …</p></div>'
STOPPED = '<div class="stage" role="status"><p>Stopped. Your photo and your words are still here.</p></div>'


def forming(step: Step, seconds_left: float) -> str:
    """The picture after ``step`` with a bar below it."""
    left = f"about {seconds_left:.0f} s left" if seconds_left >= 1 else "almost done"
    return (
        f'<div class="stage"><img src="{data_url(step.preview)}" alt="The picture as it forms">'
        f'<progress value="{step.index}" max="{step.total}" aria-label="Progress of the edit"></progress>'
        f"<p>Step {step.index} of {step.total} · {left}</p></div>"
    )


def failed(sentence: str) -> str:
    """The one sentence about what went wrong."""
    return f'<div class="stage" role="alert"><p>{html.escape(sentence)}</p></div>'


def token_count(tokens: int, limit: int) -> str:
    """How much of the instruction the model can read."""
    if not tokens:
        return ""
    if tokens > limit:
        return f'<span class="over">{tokens} of {limit} word pieces: the end will not be read.</span>'
    return f"{tokens} of {limit} word pieces"


def data_url(picture: Image) -> str:
    """An RGB ``picture`` as a JPEG inside an address, so that a page shows it without asking for a file."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
