"""How quick drafts are here: whether a machine can draw while somebody types."""

import time
from contextlib import closing
from dataclasses import replace

from PIL import Image

from pix2pix.engine import Engine
from pix2pix.events import Step
from pix2pix.request import EditRequest

REQUEST = EditRequest("make it night", seed=0)
SLOW = 2.0  # seconds for a single step
SIDE = 256  # pixels of the picture that is tried


def seconds_of_a_draft(editor: Engine) -> float:
    """How long ``editor`` takes for a draft at its checkpoint's defaults; after a first step, which takes longer."""
    picture = Image.linear_gradient("L").convert("RGB").resize((SIDE, SIDE))
    draft = REQUEST.resolved(editor.checkpoint.defaults).as_draft()
    for steps in (1, 2):
        started = time.perf_counter()
        with closing(editor.stream(picture, replace(draft, num_inference_steps=steps))) as stream:
            total = sum(isinstance(event, Step) for event in stream)
        seconds = time.perf_counter() - started
        if seconds > SLOW:
            break  # the second time would be no better, and somebody waits for the page
    return seconds / max(1, total) * (draft.num_inference_steps or 1)
