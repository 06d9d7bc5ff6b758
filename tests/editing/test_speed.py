"""Fast edits: how near they stay to exact ones, what they leave out, and that neither speed disturbs the other."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from pix2pix import EditRequest, EditSession
from pix2pix.diffusion.speed import precision, steps
from pix2pix.training.pictures import psnr, to_tensor

REQUEST = EditRequest("make it snowy", num_inference_steps=4, seed=4)
FAST = replace(REQUEST, speed="fast")
NEAR = 30  # dB


@pytest.fixture
def no_half(monkeypatch):
    monkeypatch.setattr(precision, "_is_bfloat16_quicker", lambda: False)


def test_where_every_step_is_full_fast_is_exact(tiny_editor, scene, monkeypatch, no_half):
    monkeypatch.setattr(steps, "FULL_EVERY", 1)
    exact, fast = (tiny_editor.edit(scene, request).image for request in (REQUEST, FAST))
    assert exact.tobytes() == fast.tobytes()


def test_fast_computes_less(tiny_editor, scene, no_half):
    calls = []
    tiny_editor.pipeline.unet.mid_block.resnets[0].register_forward_hook(lambda *_: calls.append(1))
    tiny_editor.edit(scene, REQUEST)
    assert len(calls) == 4
    tiny_editor.edit(scene, FAST)
    assert len(calls) == 4 + 2  # the first step and the fourth


def test_a_fast_edit_that_is_stopped_leaves_the_model_as_it_was(tiny_editor, scene, no_half):
    before = tiny_editor.edit(scene, REQUEST).image.tobytes()
    with closing(tiny_editor.stream(scene, FAST)) as stream:
        next(stream)
    assert tiny_editor.edit(scene, REQUEST).image.tobytes() == before


def test_exact_and_fast_share_the_photo_and_never_a_picture(tiny_editor, scene, monkeypatch):
    monkeypatch.setattr(precision, "_is_bfloat16_quicker", lambda: True)
    session = EditSession()
    fast = tiny_editor.edit(scene, FAST, session=session)
    exact = tiny_editor.edit(scene, REQUEST, session=session)
    assert (len(session.image_latents), len(session.copies)) == (1, 2)
    assert fast.image.tobytes() != exact.image.tobytes()
    assert exact.image.tobytes() == tiny_editor.edit(scene, REQUEST).image.tobytes()
    assert (fast.request.speed, exact.request.speed) == ("fast", "exact")


def test_a_gallery_of_both_speeds_is_its_single_edits(tiny_editor, scene, micro_batch, no_half):
    requests = [REQUEST, FAST, REQUEST]
    outcomes = tiny_editor.edit_gallery([scene] * 3, requests, session=EditSession())
    for request, outcome in zip(requests, outcomes, strict=True):
        alone = np.asarray(tiny_editor.edit(scene, request).image, int)
        assert np.abs(np.asarray(outcome.result.image, int) - alone).max() <= 1


@pytest.mark.parametrize("sentence", ["make it night", "make it snowy", "turn it into an oil painting"])
def test_pocket_draws_nearly_the_same_fast(pocket, photos, sentence):
    request = EditRequest(sentence, seed=1)
    for photo in photos[:2]:
        exact, fast = (pocket.edit(photo, replace(request, speed=speed)).image for speed in ("exact", "fast"))
        assert psnr(to_tensor(exact.convert("RGB")), to_tensor(fast.convert("RGB"))) > NEAR
