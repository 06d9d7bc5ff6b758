"""The spine: with the same seed our loop gives what diffusers' own pipeline gives."""

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    HeunDiscreteScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)

from benchmarks.architecture import SCHEDULER
from pix2pix.diffusion.conditioning import encode_instruction, encode_photo
from pix2pix.diffusion.denoising import Guidance, denoise
from pix2pix.photo import open_photo, to_canvas

SCHEDULERS = [EulerAncestralDiscreteScheduler, DDIMScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler]
OTHER_SCHEDULERS = [HeunDiscreteScheduler, PNDMScheduler]
GUIDANCES = [(7.5, 1.5), (7.5, 1.0), (3.0, 3.0), (1.2, 1.9), (1.0, 1.0)]
INSTRUCTION = "make it snowy"


def diffusers_picture(pipeline, images, steps, guidance, seeds):
    """(N, 3, H, W) in 0..1, by the pipeline of diffusers."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    return pipeline(
        [INSTRUCTION] * len(images),
        image=images,
        num_inference_steps=steps,
        guidance_scale=guidance[0],
        image_guidance_scale=guidance[1],
        generator=generators,
        output_type="pt",
    ).images


def our_latents(pipeline, images, steps, guidance, seeds):
    conditioning = encode_instruction(pipeline, INSTRUCTION)
    *_, last = denoise(
        pipeline.unet,
        pipeline.scheduler,
        conditioning.prompt_embeds.repeat(len(images), 1, 1),
        conditioning.negative_prompt_embeds.repeat(len(images), 1, 1),
        torch.cat([encode_photo(pipeline, image) for image in images]),
        Guidance(*guidance),
        steps,
        [torch.Generator().manual_seed(seed) for seed in seeds],
    )
    return last


@torch.no_grad()
def our_picture(pipeline, *arguments):
    latents = our_latents(pipeline, *arguments).latents
    decoded = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor).sample
    return pipeline.image_processor.postprocess(decoded, output_type="pt")


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize(
    ("steps", "guidance"), [*((steps, GUIDANCES[0]) for steps in (1, 2, 7, 20)), *((7, pair) for pair in GUIDANCES[1:])]
)
@pytest.mark.parametrize("batch", [1, 3])
def test_equals_diffusers(tiny_pipeline, three_photos, scheduler, steps, guidance, batch):
    tiny_pipeline.scheduler = scheduler.from_config(SCHEDULER)
    arguments = (three_photos[:batch], steps, guidance, range(5, 5 + batch))
    expected = diffusers_picture(tiny_pipeline, *arguments)
    assert (our_picture(tiny_pipeline, *arguments) - expected).abs().max() < 1e-4


@pytest.mark.parametrize("scheduler", OTHER_SCHEDULERS)
def test_equals_diffusers_with_other_schedulers(tiny_pipeline, three_photos, scheduler):
    tiny_pipeline.scheduler = scheduler.from_config(SCHEDULER)
    arguments = (three_photos[:1], 6, (3.0, 1.5), [5])
    expected = diffusers_picture(tiny_pipeline, *arguments)
    assert (our_picture(tiny_pipeline, *arguments) - expected).abs().max() < 1e-4


@pytest.mark.parametrize("guidance", [(1.0, 1.0), (1.5, 1.5), (1.5, 1.0), (2.0, 1.2)])
def test_pocket_equals_diffusers_on_real_photos(pocket, photos, guidance):
    images = [to_canvas(open_photo(path), 128, pocket.grid).image for path in photos[:2]]
    for image in images:  # photos of different shapes, so one at a time
        arguments = ([image], 4, guidance, [9])
        expected = diffusers_picture(pocket.pipeline, *arguments)
        assert (our_picture(pocket.pipeline, *arguments) - expected).abs().max() < 1e-4


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_photo_in_a_batch_equals_the_photo_alone(tiny_pipeline, three_photos, scheduler):
    tiny_pipeline.scheduler = scheduler.from_config(SCHEDULER)
    together = our_picture(tiny_pipeline, three_photos, 5, (5.0, 1.5), [1, 2, 3])
    for k, image in enumerate(three_photos):
        alone = our_picture(tiny_pipeline, [image], 5, (5.0, 1.5), [k + 1])
        assert (together[k] - alone[0]).abs().max() < 1e-4


@pytest.mark.parametrize(
    ("guidance", "rows"),
    [
        ((7.5, 1.5), ("text", "image", "none")),
        ((7.5, 1.0), ("text", "image")),
        ((2.0, 2.0), ("text", "none")),
        ((1.0, 1.0), ("text",)),
        ((1.0, 1.5), ("text", "image", "none")),
    ],
)
def test_guidance_is_the_equation_of_the_paper_without_rows_that_cancel(guidance, rows):
    s_t, s_i = guidance
    e = {row: torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(k)) for k, row in enumerate(rows)}
    full = {**{row: torch.randn(2, 4, 8, 8) for row in ("text", "image", "none")}, **e}
    expected = full["none"] + s_i * (full["image"] - full["none"]) + s_t * (full["text"] - full["image"])
    assert Guidance(*guidance).rows == rows
    assert torch.allclose(Guidance(*guidance).combine(e), expected, atol=1e-4)


def test_text_guidance_of_one_still_guides_by_the_image(tiny_pipeline, three_photos):
    """diffusers would switch all guidance off here; the equation does not."""
    guided = our_picture(tiny_pipeline, three_photos[:1], 3, (1.0, 2.0), [1])
    unguided = our_picture(tiny_pipeline, three_photos[:1], 3, (1.0, 1.0), [1])
    assert (guided - unguided).abs().max() > 1e-3


@pytest.mark.parametrize("guidance", [(7.5, 1.5), (7.5, 1.0), (2.0, 2.0), (1.0, 1.0)])
def test_unet_computes_only_the_rows_needed(tiny_pipeline, three_photos, guidance):
    batches = []
    tiny_pipeline.unet.register_forward_pre_hook(lambda module, inputs: batches.append(len(inputs[0])))
    our_latents(tiny_pipeline, three_photos[:1], 2, guidance, [1])
    assert batches == [len(Guidance(*guidance).rows)] * 2


@pytest.mark.parametrize("scheduler", [*SCHEDULERS, *OTHER_SCHEDULERS])
@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
def test_predicted_x0_of_the_last_step_is_the_result(tiny_pipeline, three_photos, scheduler, prediction_type):
    tiny_pipeline.scheduler = scheduler.from_config({**SCHEDULER, "prediction_type": prediction_type})
    last = our_latents(tiny_pipeline, three_photos[:1], 12, (1.0, 1.0), [1])
    scale = last.latents.abs().max()
    assert (last.predicted_x0 - last.latents).abs().max() / scale < 0.1


def test_scheduler_of_the_pipeline_is_left_alone(tiny_pipeline, three_photos):
    before = tiny_pipeline.scheduler.timesteps.clone()
    our_latents(tiny_pipeline, three_photos[:1], 3, (1.0, 1.0), [1])
    assert torch.equal(tiny_pipeline.scheduler.timesteps, before)
