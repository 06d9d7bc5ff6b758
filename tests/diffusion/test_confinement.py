"""Outside of the area the loop keeps the photo's own latents, re-noised for the scheduler at hand; inside it edits."""

import pytest
import torch

from benchmarks.architecture import SCHEDULER
from pix2pix.diffusion.conditioning import encode_instruction, encode_photo
from pix2pix.diffusion.denoising import Confinement, Guidance, denoise
from tests.diffusion.test_denoising import OTHER_SCHEDULERS, SCHEDULERS

STEPS = 5


def denoised(pipeline, images, cells):
    """All steps of edits of ``images``, confined to ``cells``, (N, 1, H, W), or free where that is ``None``."""
    conditioning = encode_instruction(pipeline, "make it snowy")
    latents = torch.cat([encode_photo(pipeline, image) for image in images])
    photos = latents * pipeline.vae.config.scaling_factor
    return photos, list(
        denoise(
            pipeline.unet,
            pipeline.scheduler,
            conditioning.prompt_embeds.repeat(len(images), 1, 1),
            conditioning.negative_prompt_embeds.repeat(len(images), 1, 1),
            latents,
            Guidance(3.0, 1.5),
            STEPS,
            [torch.Generator().manual_seed(seed) for seed in range(len(images))],
            None if cells is None else Confinement(cells, photos),
        )
    )


@pytest.fixture
def images(scene):
    return [scene.resize((48, 32)), scene.rotate(180).resize((48, 32))]


@pytest.fixture
def left_half():
    cells = torch.zeros(2, 1, 16, 24, dtype=torch.bool)
    cells[..., :12] = True
    return cells


@pytest.mark.parametrize("scheduler", [*SCHEDULERS, *OTHER_SCHEDULERS])
def test_outside_is_the_photo_and_inside_an_edit(tiny_pipeline, images, left_half, scheduler):
    tiny_pipeline.scheduler = scheduler.from_config(SCHEDULER)
    photos, steps = denoised(tiny_pipeline, images, left_half)
    assert torch.equal(steps[-1].latents[..., 12:], photos[..., 12:])
    assert all(torch.equal(step.predicted_x0[..., 12:], photos[..., 12:]) for step in steps)
    assert steps[-1].latents.isfinite().all()
    assert (steps[-1].latents - photos)[..., :12].abs().mean() > 0.05


@pytest.mark.parametrize("scheduler", [*SCHEDULERS, *OTHER_SCHEDULERS])
def test_on_the_way_outside_has_the_noise_of_the_next_step(tiny_pipeline, images, left_half, scheduler):
    """Oracle: the noise that is left in it, in the scheduler's own measure, gets less and less, down to nothing."""
    tiny_pipeline.scheduler = scheduler.from_config(SCHEDULER)
    photos, steps = denoised(tiny_pipeline, images, left_half)
    fresh = scheduler.from_config(SCHEDULER)
    fresh.set_timesteps(STEPS)
    noise = torch.stack([torch.randn(4, 16, 24, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1)])
    for index, step in enumerate(steps[:-1], start=1):
        expected = fresh.add_noise(photos, noise, fresh.timesteps[index].reshape(1))
        assert (step.latents - expected)[..., 12:].abs().max() < 1e-3


def test_an_area_of_everything_changes_nothing(tiny_pipeline, images, left_half):
    _, free = denoised(tiny_pipeline, images, None)
    _, confined = denoised(tiny_pipeline, images, torch.ones_like(left_half))
    for one, other in zip(free, confined, strict=True):
        assert torch.equal(one.latents, other.latents)
