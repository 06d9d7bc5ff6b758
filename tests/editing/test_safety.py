"""What a checkpoint's safety checker withholds is an error, and is never shown."""

import pytest
import torch

from pix2pix import EditFailed, EditRequest, Filtered, Outcome, PhotoStep
from tests.tiny import safety_checker

REQUEST = EditRequest("make it snowy", num_inference_steps=3, seed=4)


def test_a_flagged_result_is_an_error_and_no_black_picture(tiny_editor, scene, monkeypatch):
    def flag(image, device, dtype):
        return torch.zeros_like(image), [True]

    monkeypatch.setattr(tiny_editor.pipeline, "run_safety_checker", flag)
    with pytest.raises(Filtered):
        tiny_editor.edit(scene, REQUEST)
    monkeypatch.undo()
    tiny_editor.edit(scene, REQUEST)


def test_no_preview_shows_at_last_what_the_safety_checker_withholds(tiny_editor, scene, monkeypatch):
    verdicts = []

    def flag(image, device, dtype):
        verdicts.append(len(image))
        return torch.zeros_like(image), [True]

    tiny_editor.pipeline.safety_checker = safety_checker()
    monkeypatch.setattr(tiny_editor.pipeline, "run_safety_checker", flag)
    steps, stream = [], tiny_editor.stream(scene, REQUEST)
    for number in (1, 2, 3):
        steps.append(next(stream))
        assert len(verdicts) == (number == 3)
    with pytest.raises(Filtered):
        next(stream)
    assert [step.index for step in steps] == [1, 2, 3]
    assert steps[-1].preview.size == steps[0].preview.size
    assert len(set(steps[-1].preview.get_flattened_data())) == 1
    assert len(set(steps[0].preview.get_flattened_data())) > 1


def test_what_the_safety_checker_passes_is_as_without_one(tiny_editor, scene, monkeypatch):
    *steps, result = tiny_editor.stream(scene, REQUEST)
    tiny_editor.pipeline.safety_checker = safety_checker()
    monkeypatch.setattr(tiny_editor.pipeline, "run_safety_checker", lambda image, device, dtype: (image, [False]))
    *checked, again = tiny_editor.stream(scene, REQUEST)
    assert again.image.tobytes() == result.image.tobytes()
    assert [step.preview.tobytes() for step in checked] == [step.preview.tobytes() for step in steps]


def test_one_withheld_result_and_one_that_is_lost(tiny_editor, scene, micro_batch, monkeypatch):
    def lose(module, inputs, output):
        output[0][1::3] = torch.nan  # the second photo of the batch
        return output

    def flag(image, device, dtype):
        return image, [False, False, True]

    tiny_editor.pipeline.unet.register_forward_hook(lose)
    monkeypatch.setattr(tiny_editor.pipeline, "run_safety_checker", flag)
    outcomes = list(tiny_editor.edit_gallery([scene] * 3, REQUEST))
    assert [type(outcome.error) for outcome in outcomes] == [type(None), EditFailed, Filtered]


def test_a_withheld_photo_of_a_batch_shows_nothing_at_its_last_step(tiny_editor, many, micro_batch, monkeypatch):
    def flag_the_second(image, device, dtype):
        return image, [number == 1 for number in range(len(image))]

    photos = [photo for photo in many if photo.width > photo.height][:3]
    plain = list(tiny_editor.stream_gallery(photos, REQUEST))
    tiny_editor.pipeline.safety_checker = safety_checker()
    monkeypatch.setattr(tiny_editor.pipeline, "run_safety_checker", flag_the_second)
    checked = list(tiny_editor.stream_gallery(photos, REQUEST))
    assert [type(event) for event in checked] == [type(event) for event in plain]
    for before, after in zip(plain, checked, strict=True):
        if isinstance(before, PhotoStep):
            assert (before.index, before.step.index) == (after.index, after.step.index)
            is_hidden = after.index == 1 and after.step.index == after.step.total
            assert (len(set(after.step.preview.get_flattened_data())) == 1) == is_hidden
            assert (before.step.preview.tobytes() == after.step.preview.tobytes()) != is_hidden
            assert before.step.preview.size == after.step.preview.size
    outcomes = [event for event in checked if isinstance(event, Outcome)]
    assert [type(outcome.error) for outcome in outcomes] == [type(None), Filtered, type(None)]
