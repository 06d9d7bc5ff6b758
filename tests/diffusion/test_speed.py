"""Fast: what a short step leaves out, and half precision where it is quicker."""

import pytest
import torch
from diffusers import UNet2DConditionModel

from pix2pix.diffusion.speed import precision
from pix2pix.diffusion.speed.graphs import at_once
from pix2pix.diffusion.speed.models import exact_models, fast_models
from pix2pix.diffusion.speed.precision import in_dtype, quickest_dtype
from pix2pix.diffusion.speed.reuse import FULL_EVERY
from pix2pix.diffusion.speed.steps import SharedSteps

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
    steps = SharedSteps(tiny_pipeline.unet, at_once)
    for index in range(1, 2 * FULL_EVERY + 1):
        steps(**inputs, return_dict=False)
        assert len(deep_calls) == 3 * -(-index // FULL_EVERY)
    tiny_pipeline.unet(**inputs)
    assert len(deep_calls) == 3 * 3, "outside of a step nothing is left out"


@torch.inference_mode()
def test_with_the_same_input_a_short_step_gives_what_a_full_one_gives(tiny_pipeline, inputs):
    steps = SharedSteps(tiny_pipeline.unet, at_once)
    expected = tiny_pipeline.unet(**inputs).sample
    for _ in range(2):
        assert torch.equal(steps(**inputs, return_dict=False)[0], expected)


def test_forwards_that_somebody_else_put_there_come_back(tiny_pipeline, inputs):
    block = tiny_pipeline.unet.up_blocks[0]
    own = block.forward

    def theirs(*arguments, **named):
        own(*arguments, **named)
        raise KeyError

    block.forward = theirs
    with pytest.raises(KeyError):
        SharedSteps(tiny_pipeline.unet, at_once)(**inputs, return_dict=False)
    assert block.forward is theirs
    assert "forward" not in vars(tiny_pipeline.unet.mid_block)


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
    assert exact.steps() is tiny_pipeline.unet
    assert fast.steps() is not fast.steps(), "each edit counts its own"


def test_a_network_of_one_level_shares_nothing(tiny_pipeline, no_half):
    tiny_pipeline.unet = UNet2DConditionModel(
        in_channels=8,
        out_channels=4,
        block_out_channels=(16,),
        down_block_types=("CrossAttnDownBlock2D",),
        up_block_types=("CrossAttnUpBlock2D",),
        mid_block_type=None,
        cross_attention_dim=16,
        attention_head_dim=4,
        norm_num_groups=4,
    )
    assert not fast_models(tiny_pipeline).shares_steps
