"""Fast: what a short step leaves out, and half precision where it is quicker."""

import pytest
import torch

from pix2pix.diffusion import precision
from pix2pix.diffusion.precision import in_dtype, quickest_dtype
from pix2pix.diffusion.reuse import FULL_EVERY, DeepFeatures
from pix2pix.diffusion.speed import exact_models, fast_models

CPU, FLOAT, HALF = torch.device("cpu"), torch.float32, torch.bfloat16


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    return {
        "sample": torch.randn(1, 8, 16, 16, generator=generator),
        "timestep": torch.tensor(500),
        "encoder_hidden_states": torch.randn(1, 32, 16, generator=generator),
    }


@pytest.fixture
def deep_calls(tiny_pipeline):
    """Which of the deep blocks worked, call by call."""
    unet, calls = tiny_pipeline.unet, []
    deep = {"down": unet.down_blocks[1], "middle": unet.mid_block, "up": unet.up_blocks[0]}
    for name, block in deep.items():
        block.resnets[0].register_forward_hook(lambda *_, name=name: calls.append(name))
    return calls


@pytest.fixture
def no_half(monkeypatch):
    monkeypatch.setattr(precision, "_is_bfloat16_quicker", lambda: False)


@torch.inference_mode()
def test_short_steps_leave_out_the_deep_blocks(tiny_pipeline, inputs, deep_calls):
    unet, features = tiny_pipeline.unet, DeepFeatures(tiny_pipeline.unet)
    for index in range(1, 2 * FULL_EVERY + 1):
        with features.in_step(index):
            unet(**inputs)
        assert len(deep_calls) == 3 * -(-index // FULL_EVERY)
    unet(**inputs)
    assert len(deep_calls) == 3 * 3, "outside of a step nothing is left out"


@torch.inference_mode()
def test_with_the_same_input_a_short_step_gives_what_a_full_one_gives(tiny_pipeline, inputs):
    unet, features = tiny_pipeline.unet, DeepFeatures(tiny_pipeline.unet)
    expected = unet(**inputs).sample
    for index in (1, 2):
        with features.in_step(index):
            assert torch.equal(unet(**inputs).sample, expected)


def test_forwards_that_somebody_else_put_there_come_back(tiny_pipeline):
    block = tiny_pipeline.unet.mid_block
    own = block.forward
    block.forward = lambda *arguments, **named: own(*arguments, **named)
    theirs = block.forward
    with pytest.raises(KeyError), DeepFeatures(tiny_pipeline.unet).in_step(1):
        raise KeyError
    assert block.forward is theirs
    assert "forward" not in vars(tiny_pipeline.unet.up_blocks[0])


def test_a_copy_in_half_precision_leaves_the_model_alone(tiny_pipeline):
    unet = tiny_pipeline.unet
    half = in_dtype(unet, HALF)
    assert {weight.dtype for weight in half.parameters()} == {HALF}
    assert {weight.dtype for weight in unet.parameters()} == {FLOAT}
    assert torch.equal(half.conv_in.weight, unet.conv_in.weight.to(HALF))
    assert in_dtype(unet, FLOAT) is unet


@pytest.mark.parametrize(("seconds", "expected"), [((1.0, 2.0), HALF), ((1.0, 1.1), FLOAT), ((9.0, 2.0), FLOAT)])
def test_half_precision_is_for_cpus_that_are_quicker_with_it(monkeypatch, seconds, expected):
    precision._is_bfloat16_quicker.cache_clear()
    monkeypatch.setattr(precision, "_seconds", dict(zip((HALF, FLOAT), seconds, strict=True)).__getitem__)
    assert quickest_dtype(CPU, FLOAT) == expected
    assert quickest_dtype(torch.device("cuda"), torch.float16) == torch.float16
    assert quickest_dtype(CPU, HALF) == HALF
    precision._is_bfloat16_quicker.cache_clear()


def test_models_in_one_precision_are_the_same_ones(tiny_pipeline, no_half):
    exact, fast = exact_models(tiny_pipeline), fast_models(tiny_pipeline)
    assert (fast.unet, fast.vae) == (exact.unet, exact.vae)
    assert exact.deep_features() is None
