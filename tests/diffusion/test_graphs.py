"""What is recorded, when, and what happens where it does not go; recordings themselves are in ``test_gpu.py``."""

from types import SimpleNamespace

import pytest
import torch

from pix2pix.diffusion.speed import graphs
from pix2pix.diffusion.speed.graphs import Graphs, graphs_for
from pix2pix.diffusion.speed.models import exact_models, fast_models

ONE, TWO = torch.ones(1), torch.ones(2)


UNET = object()


def doubled(unet: object, values: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return (2 * values,)


class Recorder:
    """Records nothing, but keeps count, as a GPU would be asked."""

    def __init__(self, fails_with: Exception | None = None) -> None:
        self.recorded: list[int] = []
        self.replayed = 0
        self._fails_with = fails_with

    def __call__(self, work, unet, inputs, pool):
        self.recorded.append(len(inputs[0]))
        if self._fails_with is not None:
            raise self._fails_with

        def replay(*inputs):
            self.replayed += 1
            return work(unet, *inputs)

        return SimpleNamespace(replay=replay)


def test_the_first_call_is_plain_the_second_recorded_and_all_later_ones_are_replayed():
    recorder = Recorder()
    graphs = Graphs(recorder)
    for times, replayed in enumerate([0, 1, 2, 3]):
        assert torch.equal(graphs.run(doubled, UNET, ONE * times)[0], ONE * 2 * times)
        assert recorder.replayed == replayed
    assert recorder.recorded == [1]


def test_each_shape_each_kind_of_number_and_each_work_has_a_recording_of_its_own():
    recorder = Recorder()
    graphs = Graphs(recorder)
    for _ in range(3):
        for inputs in (ONE, TWO, TWO.half()):
            graphs.run(doubled, UNET, inputs)
        graphs.run(lambda unet, values: (values,), UNET, ONE)  # another one each time
    assert recorder.recorded == [1, 2, 2]


def test_no_more_than_some_are_kept(monkeypatch):
    monkeypatch.setattr("pix2pix.diffusion.speed.graphs.MOST", 2)
    recorder = Recorder()
    graphs = Graphs(recorder)
    for length in (1, 1, 2, 2, 3, 3, 2, 1, 1):
        graphs.run(doubled, UNET, torch.ones(length))
    assert recorder.recorded == [1, 2, 3, 1]


def test_what_cannot_be_recorded_is_done_as_it_was_and_not_tried_again(caplog):
    recorder = Recorder(RuntimeError("operation not permitted when stream is capturing"))
    graphs = Graphs(recorder)
    for length in (1, 1, 1, 2, 2, 2):
        assert torch.equal(graphs.run(doubled, UNET, torch.ones(length))[0], 2 * torch.ones(length))
    assert recorder.recorded == [1]
    assert "cannot be recorded" in caplog.text


def test_where_memory_is_short_recordings_are_given_up_and_the_edit_goes_on():
    recorder = Recorder()
    graphs = Graphs(recorder)
    for _ in range(2):
        graphs.run(doubled, UNET, ONE)
    recorder._fails_with = RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    for _ in range(2):
        assert torch.equal(graphs.run(doubled, UNET, TWO)[0], 2 * TWO)
    recorder._fails_with = None
    for inputs in (TWO, ONE, ONE):
        graphs.run(doubled, UNET, inputs)
    assert recorder.recorded == [1, 2, 2, 1], "all begin anew, none is refused for ever"


@torch.inference_mode()
@pytest.mark.parametrize("models", [exact_models, fast_models])
def test_all_edits_of_a_kind_share_their_recordings(tiny_pipeline, models, monkeypatch):
    monkeypatch.setattr("pix2pix.diffusion.speed.precision._is_bfloat16_quicker", lambda: False)
    recorder = Recorder()
    made = models(tiny_pipeline, Graphs(recorder))
    plain = models(tiny_pipeline)
    inputs = torch.randn(1, 8, 16, 16), torch.tensor(500), torch.randn(1, 32, 16)
    for _ in range(3):
        steps, expected = made.steps(), plain.steps()
        for _ in range(4):
            assert torch.equal(steps(*inputs, return_dict=False)[0], expected(*inputs, return_dict=False)[0])
    assert len(recorder.recorded) == (1 if models is exact_models else 2)
    assert recorder.replayed == (11 if models is exact_models else 10)


def test_nothing_is_recorded_on_a_cpu(tiny_pipeline):
    assert graphs_for(tiny_pipeline) is None


def test_models_that_take_turns_on_a_small_gpu_are_not_recorded(tiny_pipeline, monkeypatch):
    monkeypatch.setattr(type(tiny_pipeline.unet), "device", torch.device("cuda"))
    monkeypatch.setattr(graphs, "Graphs", object)
    assert graphs_for(tiny_pipeline) is not None
    tiny_pipeline.unet._hf_hook = object()
    assert graphs_for(tiny_pipeline) is None
