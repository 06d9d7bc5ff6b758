"""How long a gallery may keep the model to itself: one turn after the other, and between them others come in."""

from collections.abc import Iterator, Sequence

from pix2pix.request import EditRequest

TURN_SECONDS = 5.0
STEP_SECONDS = 0.2  # of the full model on 512 x 512 pixels and a lent GPU; generous
USUAL_STEPS, USUAL_SIDE = 30, 512  # stand in for what a request leaves open


def seconds_of_work(request: EditRequest) -> float:
    """How long one edit may take; grows with the steps and with the pixels of the canvas."""
    steps, side = request.num_inference_steps or USUAL_STEPS, request.resolution or USUAL_SIDE
    return STEP_SECONDS * steps * (side / USUAL_SIDE) ** 2


def portions(requests: Sequence[EditRequest]) -> Iterator[range]:
    """The indices of ``requests`` in order, in portions of at most a turn's work each, but never less than one."""
    first, work = 0, 0.0
    for index, request in enumerate(requests):
        seconds = seconds_of_work(request)
        if index > first and work + seconds > TURN_SECONDS:
            yield range(first, index)
            first, work = index, 0.0
        work += seconds
    if requests:
        yield range(first, len(requests))
