"""How quick drafts are: a measurement that neither takes long itself nor leaves anything behind."""

from pix2pix import EditRequest
from pix2pix.editing.drafting import seconds_of_a_draft


def test_the_time_is_that_of_all_steps(tiny_editor, unet_calls, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr("pix2pix.editing.drafting.time.perf_counter", lambda: next(clock))
    monkeypatch.setattr("pix2pix.editing.drafting.SLOW", 1e9)
    seconds = seconds_of_a_draft(tiny_editor)
    assert len(unet_calls) == 1 + 2
    assert seconds > 0
    assert tiny_editor.is_idle


def test_a_slow_one_is_tried_once(tiny_editor, unet_calls, monkeypatch):
    monkeypatch.setattr("pix2pix.editing.drafting.SLOW", 0)
    seconds_of_a_draft(tiny_editor)
    assert len(unet_calls) == 1


def test_a_draft_is_half_of_everything(tiny_editor):
    request = EditRequest("x", seed=1, resolution=256, num_inference_steps=7).resolved(tiny_editor.checkpoint.defaults)
    draft = request.as_draft()
    assert (draft.resolution, draft.num_inference_steps, draft.seed) == (128, 4, 1)
    smallest = EditRequest("x", resolution=32, num_inference_steps=1).resolved(tiny_editor.checkpoint.defaults)
    assert (smallest.as_draft().resolution, smallest.as_draft().num_inference_steps) == (32, 1)
