"""Whether anybody still waits for the event that is at work. Gradio tells generators only, by closing them."""

import time

from gradio.context import LocalContext
from gradio.queueing import Event, Queue
from gradio.server_messages import ProcessStartsMessage

UNHEARD_SECONDS = 5.0  # after joining; by then whoever waits for an answer has begun to listen


def is_wanted() -> bool:
    """Whether somebody waits for what this thread does; also true where it does nothing for gradio's queue."""
    blocks, event_id = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if blocks is None or event_id is None:
        return True
    at_work = (event for job in list(blocks._queue.active_jobs) if job for event in job)
    event = next((event for event in at_work if event._id == event_id), None)
    if event is None or not event.alive:  # it was cancelled, or whoever listened has left
        return False
    return time.monotonic() - event.enqueue_time < UNHEARD_SECONDS or _is_heard(blocks._queue, event)


def _is_heard(queue: Queue, event: Event) -> bool:
    """Whether the first message of ``event``, that it has begun, was fetched."""
    messages = queue.pending_messages_per_session.get(event.session_hash)
    unread = list(messages._queue) if messages else []
    return not any(isinstance(one, ProcessStartsMessage) and one.event_id == event._id for one in unread)
