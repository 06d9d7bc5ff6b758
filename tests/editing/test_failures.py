"""Whatever breaks is one sentence for a person, a traceback in the log, and no harm to the next edit."""

import logging
from dataclasses import replace

import pytest
import torch

from pix2pix import EditFailed, EditRequest, EditSession, InvalidImage, Outcome, OutOfMemory, Result
from pix2pix.photo import open_photo, to_canvas
from tests.diffusion.test_device import OUT_OF_MEMORY

REQUEST = EditRequest("make it snowy", num_inference_steps=3, seed=4)


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (MemoryError(), OutOfMemory),
        (torch.OutOfMemoryError("CUDA out of memory"), OutOfMemory),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"), OutOfMemory),
        (RuntimeError("something at /home/somebody"), EditFailed),
        (IndexError("index"), EditFailed),
    ],
)
@pytest.mark.parametrize("component", ["unet", "text_encoder", "vae.encoder", "vae.decoder"])
def test_a_failure_becomes_one_of_our_errors_and_the_next_edit_works(tiny_editor, scene, failure, error, component):
    def fail(*_):
        raise failure

    session = EditSession()
    hook = tiny_editor.pipeline
    for name in component.split("."):
        hook = getattr(hook, name)
    hook = hook.register_forward_pre_hook(fail)
    with pytest.raises(error) as caught:
        tiny_editor.edit(scene, REQUEST, session=session)
    assert str(caught.value).endswith(".")
    assert "/home" not in str(caught.value)
    assert caught.value.__cause__ is failure
    hook.remove()
    assert isinstance(tiny_editor.edit(scene, REQUEST, session=session), Result)
    assert len(session.history) == 1


def test_an_unexpected_failure_is_logged_with_its_traceback_and_without_what_was_asked(
    tiny_editor, scene, caplog, tmp_path
):
    def fail(*_):
        raise IndexError("inside the model")

    scene.save(tmp_path / "holiday.png")
    tiny_editor.pipeline.unet.register_forward_pre_hook(fail)
    with caplog.at_level(logging.DEBUG), pytest.raises(EditFailed):
        tiny_editor.edit(tmp_path / "holiday.png", REQUEST)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert isinstance(record.exc_info[1], IndexError)
    assert "inside the model" in caplog.text
    assert "Traceback" in caplog.text
    assert "snowy" not in caplog.text
    assert "holiday" not in caplog.text


def test_what_was_expected_is_not_logged_as_an_error(tiny_editor, caplog):
    with caplog.at_level(logging.INFO), pytest.raises(InvalidImage):
        tiny_editor.edit(b"no photo", REQUEST)
    assert caplog.records == []


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_after_a_failure_the_device_gets_its_memory_back(tiny_editor, scene, monkeypatch, kind):
    given_back = []
    monkeypatch.setattr("pix2pix.editing.batch.give_back_memory", given_back.append)

    def fail(*_):
        monkeypatch.setattr(type(tiny_editor.pipeline), "_execution_device", torch.device(kind))
        raise RuntimeError("MPS backend out of memory (MPS allocated: 8.9 GB)")

    tiny_editor.pipeline.unet.register_forward_pre_hook(fail)
    with pytest.raises(OutOfMemory):
        tiny_editor.edit(scene, REQUEST)
    assert given_back == [torch.device(kind)]


@pytest.mark.parametrize(("failure", "error"), [(MemoryError(), OutOfMemory), (KeyError("x"), EditFailed)])
def test_a_failure_before_the_model_becomes_one_of_our_errors_too(tiny_editor, scene, monkeypatch, failure, error):
    def fail(*_):
        raise failure

    monkeypatch.setattr("pix2pix.editing.job.to_canvas", fail)
    with pytest.raises(error):
        tiny_editor.edit(scene, REQUEST)


def test_a_failure_keeps_no_tensors_alive(tiny_editor, scene):
    import gc
    import weakref

    seen = []

    def fail(module, inputs):
        seen.append(weakref.ref(inputs[0]))
        raise MemoryError

    tiny_editor.pipeline.unet.register_forward_pre_hook(fail)
    with pytest.raises(OutOfMemory) as caught:
        tiny_editor.edit(scene, REQUEST)
    gc.collect()
    assert caught.value is not None
    assert seen[0]() is None


def test_latents_that_are_not_finite_are_no_black_picture(tiny_editor, scene):
    hook = tiny_editor.pipeline.unet.register_forward_hook(lambda module, inputs, output: (output[0] * torch.nan,))
    with pytest.raises(EditFailed):
        tiny_editor.edit(scene, REQUEST)
    hook.remove()
    tiny_editor.edit(scene, REQUEST)


class FullDevice:
    """Runs out of memory whenever more than ``room`` photos are edited at once."""

    def __init__(self, editor, room: int) -> None:
        self.room, self.calls = room, []
        self.error = torch.OutOfMemoryError("CUDA out of memory")
        editor.pipeline.unet.register_forward_pre_hook(self)

    def __call__(self, module, inputs) -> None:
        photos = len(inputs[0]) // 3
        self.calls.append(photos)
        if photos > self.room:
            raise self.error


def test_out_of_memory_halves_the_batch_and_tries_again(tiny_editor, scene, micro_batch):
    micro_batch(8)
    device = FullDevice(tiny_editor, room=2)
    request = replace(REQUEST, num_inference_steps=1)
    outcomes = list(tiny_editor.edit_gallery([scene] * 12, request))
    assert all(isinstance(outcome.result, Result) for outcome in outcomes)
    assert device.calls[:2] == [8, 4]
    assert device.calls.count(8) == 1
    assert [size for size in device.calls if size <= 2][-2:] == [2, 2]  # it keeps to what fits
    list(tiny_editor.edit_gallery([scene] * 4, request))
    assert device.calls[-2:] == [2, 2]
    assert max(device.calls[-3:]) == 2


def test_a_photo_that_fits_nowhere_fails_alone(tiny_editor, many, micro_batch):
    FullDevice(tiny_editor, room=0)
    outcomes = list(tiny_editor.edit_gallery(many, REQUEST))
    assert [type(outcome.error) for outcome in outcomes] == [OutOfMemory] * 8
    assert [outcome.result for outcome in outcomes] == [None] * 8


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=repr)
def test_however_memory_runs_out_the_smaller_batch_is_remembered(tiny_editor, many, micro_batch, error):
    device = FullDevice(tiny_editor, room=2)
    device.error = error
    micro_batch(4)
    alike = [photo for photo in many if photo.width > photo.height]
    outcomes = list(tiny_editor.edit_gallery(alike * 2, REQUEST))
    assert [outcome.error for outcome in outcomes] == [None] * 8
    assert list(tiny_editor.micro_batches.values()) == [2]
    assert device.calls.count(4) == 1
    assert max(device.calls[1:]) == 2


def test_variants_go_one_by_one_where_memory_ran_out(tiny_editor, scene):
    device = FullDevice(tiny_editor, room=1)
    requests = [replace(REQUEST, seed=seed) for seed in range(4)]
    events = [*tiny_editor.edit_variants(scene, requests)]
    assert [event.error for event in events if isinstance(event, Outcome)] == [None] * 4
    assert device.calls.count(2) == 1


def test_what_breaks_one_photo_breaks_no_other(tiny_editor, many, micro_batch):
    """The VAE's encoder fails for one photo, inside a batch of three."""
    poison = to_canvas(open_photo(many[3]), 32, tiny_editor.grid).image
    poison = tiny_editor.pipeline.image_processor.preprocess(poison)

    def fail(module, inputs):
        if inputs[0].shape == poison.shape and torch.equal(inputs[0], poison):
            raise RuntimeError("something at /home/somebody")

    tiny_editor.pipeline.vae.encoder.register_forward_pre_hook(fail)
    outcomes = list(tiny_editor.edit_gallery(many, REQUEST))
    assert [outcome.index for outcome in outcomes if outcome.error] == [3]
    assert isinstance(outcomes[3].error, EditFailed)
    assert "/home" not in str(outcomes[3].error)


def test_a_photo_that_nobody_can_open_for_an_unknown_reason_is_logged(tiny_editor, scene, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("a library broke")

    monkeypatch.setattr("pix2pix.editing.job.to_canvas", broken)
    with caplog.at_level(logging.ERROR):
        (outcome,) = tiny_editor.edit_gallery([scene], REQUEST)
    assert isinstance(outcome.error, EditFailed)
    (record,) = caplog.records
    assert "a library broke" in str(record.exc_info[1])
    assert "snowy" not in caplog.text
