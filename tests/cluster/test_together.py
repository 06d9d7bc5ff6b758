"""What several visitors ask for, drawn together by one editor: without Ray."""

from dataclasses import replace

import pytest

from pix2pix import EditRequest, EditSession
from pix2pix.cluster.replicas.together import Wish, drawn_together
from pix2pix.events import Outcome, PhotoStep

REQUEST = EditRequest("make it night", seed=3, num_inference_steps=2)


@pytest.fixture
def wishes(photos, tiny_editor):
    """Three photos, the second of them no photo, each with words of its own."""
    request = replace(REQUEST, resolution=32).resolved(tiny_editor.checkpoint.defaults)
    contents = photos[0].read_bytes(), b"no photo", photos[1].read_bytes()
    words = "make it night", "add fog", "make it sepia"
    return [Wish(content, replace(request, instruction=one)) for content, one in zip(contents, words, strict=True)]


@pytest.fixture
def calls(tiny_editor):
    """A line for each call of the UNet."""
    calls = []
    hook = tiny_editor.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    yield calls
    hook.remove()


def of_each(wishes, rows):
    """What came for each wish, until it ended."""
    rows = list(rows)
    assert all(len(row) == len(wishes) for row in rows)
    return [[event for event in column if event is not None] for column in zip(*rows, strict=True)]


def test_everybody_gets_the_edit_that_was_asked_for(wishes, tiny_editor):
    first, second, third = of_each(wishes, drawn_together(tiny_editor, wishes, EditSession()))
    assert [type(event) for event in first[:3]] == [PhotoStep, PhotoStep, Outcome]
    assert second[0].error is not None
    for events, wish in ((first, wishes[0]), (third, wishes[2])):
        alone = tiny_editor.edit(wish.photo, wish.request)
        ending = next(event for event in events if isinstance(event, Outcome))
        assert ending.result.image.tobytes() == alone.image.tobytes()
        assert ending.result.request == alone.request


def test_whoever_has_an_outcome_is_told_the_end(wishes, tiny_editor):
    first, second, _ = of_each(wishes, drawn_together(tiny_editor, wishes, EditSession()))
    for events in (first, second):
        ending = next(k for k, event in enumerate(events) if isinstance(event, Outcome))
        assert set(events[ending + 1 :]) == {StopIteration}


def test_previews_can_be_sent_elsewhere(wishes, tiny_editor):
    step = next(row[0] for row in drawn_together(tiny_editor, wishes, EditSession()) if row[0])
    assert step.step.draw().getbbox() is not None
    assert step.step.draw.__self__.size == step.step.preview.size  # a picture, and nothing of the model


def test_what_nobody_waits_for_is_not_drawn(wishes, tiny_editor, calls):
    wishes[0].is_over = True
    nobody, _, third = of_each(wishes, drawn_together(tiny_editor, wishes, EditSession()))
    assert nobody[0].error is not None
    assert third[-1].result is not None
    assert len(calls) == REQUEST.num_inference_steps


def test_the_last_one_to_leave_stops_the_batch(wishes, tiny_editor, calls):
    rows = drawn_together(tiny_editor, wishes, EditSession())
    next(rows)
    for wish in wishes:
        wish.is_over = True
    assert list(rows) == []
    assert len(calls) <= 2
    assert tiny_editor.is_idle
