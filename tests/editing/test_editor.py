"""The editor: one edit at a time, nothing computed twice, nothing lost when something breaks."""

import threading
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import HeunDiscreteScheduler
from PIL import Image

from benchmarks.architecture import SCHEDULER
from pix2pix import EditRequest, EditSession, InvalidImage, Result, Step
from pix2pix.photo import to_canvas
from tests.diffusion.test_denoising import OTHER_SCHEDULERS, SCHEDULERS

REQUEST = EditRequest("make it snowy", num_inference_steps=3, seed=4)


def test_a_stream_of_steps_ends_with_the_result(tiny_editor, scene):
    *steps, result = tiny_editor.stream(scene, REQUEST)
    assert [(step.index, step.total) for step in steps] == [(1, 3), (2, 3), (3, 3)]
    assert all(isinstance(step, Step) for step in steps)
    assert isinstance(result, Result)
    assert result.image.size == scene.size
    assert result.request == EditRequest("make it snowy", 3, 3.0, 1.5, 4, 32)
    assert (result.checkpoint, result.revision, result.truncated) == ("tiny", None, None)
    assert result.seconds > 0


def test_canvas_image_is_what_diffusers_draws(tiny_editor, scene):
    result = tiny_editor.edit(scene, REQUEST)
    canvas = to_canvas(tiny_photo(scene), 32, tiny_editor.grid)
    expected = tiny_editor.pipeline(
        "make it snowy",
        image=canvas.image,
        num_inference_steps=3,
        guidance_scale=3.0,
        image_guidance_scale=1.5,
        generator=torch.Generator().manual_seed(4),
    ).images[0]
    assert np.abs(np.asarray(result.canvas_image, int) - np.asarray(expected, int)).max() <= 1


def tiny_photo(image):
    from pix2pix.photo import open_photo

    return open_photo(image)


def test_the_same_seed_gives_the_same_picture_and_another_seed_another(tiny_editor, scene):
    first, again = tiny_editor.edit(scene, REQUEST), tiny_editor.edit(scene, REQUEST)
    other = tiny_editor.edit(scene, replace(REQUEST, seed=5))
    assert first.image.tobytes() == again.image.tobytes() != other.image.tobytes()


def test_a_seed_that_was_drawn_is_reported_and_repeats_the_edit(tiny_editor, scene):
    drawn = tiny_editor.edit(scene, replace(REQUEST, seed=None))
    assert tiny_editor.edit(scene, drawn.request).image.tobytes() == drawn.image.tobytes()


def test_nothing_is_encoded_twice_and_results_are_those_without_a_session(tiny_editor, scene, encoder_calls):
    flipped = scene.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    other = replace(REQUEST, instruction="make it night")
    alone = [tiny_editor.edit(photo, request).image for photo, request in ((scene, REQUEST), (flipped, other))]
    session = EditSession()
    encoder_calls.update(text=0, vae=0)
    together = [tiny_editor.edit(scene, REQUEST, session=session).image]
    assert encoder_calls == {"text": 1, "vae": 1}
    tiny_editor.edit(scene, replace(REQUEST, seed=9), session=session)
    assert encoder_calls == {"text": 1, "vae": 1}
    tiny_editor.edit(scene, other, session=session)
    assert encoder_calls == {"text": 2, "vae": 1}
    together.append(tiny_editor.edit(flipped, other, session=session).image)
    assert encoder_calls == {"text": 2, "vae": 2}
    assert (session.conditionings.hits, session.conditionings.misses) == (2, 2)
    assert (session.image_latents.hits, session.image_latents.misses) == (2, 2)
    assert [image.tobytes() for image in together] == [image.tobytes() for image in alone]


def test_what_a_session_keeps_is_on_the_cpu(tiny_editor, scene):
    session = EditSession()
    tiny_editor.edit(scene, REQUEST, session=session)
    (conditioning,) = session.conditionings._values.values()
    (latents,) = session.image_latents._values.values()
    assert {conditioning.prompt_embeds.device.type, latents.device.type} == {"cpu"}
    (copy,) = session.copies._values.values()
    assert (copy.mode, copy.size) == ("RGB", (latents.shape[3] * 2, latents.shape[2] * 2))


def test_results_go_into_the_sessions_history(tiny_editor, scene):
    session = EditSession()
    first = tiny_editor.edit(scene, REQUEST, session=session)
    second = tiny_editor.edit(first.image, REQUEST, session=session)
    assert session.history == (first, second)
    assert session.undo() is first


def test_a_session_may_be_shared_by_editors_of_different_checkpoints(tiny_editor, scene):
    from pix2pix import Editor

    session = EditSession()
    tiny_editor.edit(scene, REQUEST, session=session)
    other = Editor(tiny_editor.pipeline, replace(tiny_editor.checkpoint, source="another/one"))
    other.edit(scene, REQUEST, session=session)
    assert session.conditionings.misses == session.image_latents.misses == 2


@pytest.mark.parametrize("steps_taken", [0, 1, 2])
def test_closing_the_stream_stops_before_the_next_call_of_the_unet(tiny_editor, scene, unet_calls, steps_taken):
    session = EditSession()
    with closing(tiny_editor.stream(scene, REQUEST, session=session)) as stream:
        for _ in range(steps_taken):
            next(stream)
    assert len(unet_calls) == steps_taken
    assert session.history == ()
    assert isinstance(tiny_editor.edit(scene, REQUEST), Result)  # the lock is free


def test_letting_go_of_a_stream_frees_the_lock(tiny_editor, scene):
    next(tiny_editor.stream(scene, REQUEST))
    assert isinstance(tiny_editor.edit(scene, REQUEST), Result)


def test_a_stopped_edit_leaves_no_trace_in_the_next(tiny_editor, scene):
    expected = tiny_editor.edit(scene, REQUEST).image.tobytes()
    with closing(tiny_editor.stream(scene, replace(REQUEST, num_inference_steps=30))) as stream:
        next(stream)
    assert tiny_editor.edit(scene, REQUEST).image.tobytes() == expected


def test_threads_take_turns(tiny_editor, scene):
    inside, most, guard = [0], [0], threading.Lock()

    def enter(*_):
        with guard:
            inside[0] += 1
            most[0] = max(most[0], inside[0])

    def leave(*_):
        with guard:
            inside[0] -= 1

    tiny_editor.pipeline.unet.register_forward_pre_hook(enter)
    tiny_editor.pipeline.unet.register_forward_hook(leave)
    expected = tiny_editor.edit(scene, REQUEST).image.tobytes()
    pictures = []
    threads = [
        threading.Thread(target=lambda: pictures.append(tiny_editor.edit(scene, REQUEST).image.tobytes()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pictures == [expected] * 4
    assert most == [1]


def test_seconds_are_those_of_the_edit_and_not_those_of_who_watches_it(tiny_editor, scene):
    tiny_editor.edit(scene, REQUEST)
    for event in tiny_editor.stream(scene, REQUEST):
        if isinstance(event, Step):
            time.sleep(0.5)
    assert 0 < event.seconds < 1.0


def test_single_edits_do_not_fill_what_only_galleries_read(tiny_editor, scene):
    session = EditSession()
    tiny_editor.edit(scene, REQUEST, session=session)
    assert len(session.drawings) == 0
    list(tiny_editor.edit_gallery([scene], REQUEST, session=session))
    assert len(session.drawings) == 1


@pytest.mark.parametrize("steps", [1, 2, 6])
@pytest.mark.parametrize("scheduler", [*SCHEDULERS, *OTHER_SCHEDULERS], ids=lambda scheduler: scheduler.__name__)
def test_steps_count_to_their_total_whatever_the_scheduler(tiny_editor, scene, scheduler, steps):
    """Heun calls the model twice for a step and PNDM more often at first, so 6 steps need not be 6 events."""
    tiny_editor.pipeline.scheduler = scheduler.from_config(SCHEDULER)
    *events, result = tiny_editor.stream(scene, replace(REQUEST, num_inference_steps=steps))
    assert [event.index for event in events] == list(range(1, len(events) + 1))
    assert {event.total for event in events} == {len(events)}
    assert result.request.num_inference_steps == steps
    if scheduler is HeunDiscreteScheduler:
        assert len(events) == 2 * steps - 1


def test_a_photo_that_cannot_be_opened_does_not_touch_the_model(tiny_editor, unet_calls, encoder_calls):
    with pytest.raises(InvalidImage):
        tiny_editor.edit(b"no photo", REQUEST)
    assert not unet_calls
    assert encoder_calls == {"text": 0, "vae": 0}


def test_what_was_not_read_is_in_the_result(tiny_editor, scene):
    result = tiny_editor.edit(scene, replace(REQUEST, instruction="make it snowy " * 20 + "and add a dog"))
    assert result.truncated.endswith("and add a dog")


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "I;16", "1"])
def test_any_mode_of_picture(tiny_editor, scene, mode):
    photo = Image.fromarray(np.asarray(scene.convert("L")).astype(np.uint16) * 257) if mode == "I;16" else None
    photo = photo or scene.convert(mode)
    result = tiny_editor.edit(photo, REQUEST)
    assert result.image.size == scene.size
    assert result.image.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
