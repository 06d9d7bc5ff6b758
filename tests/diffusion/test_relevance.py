"""Where an instruction acts: the map's shape and scale, what it costs, and what it says of closed forms."""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler

from benchmarks.architecture import SCHEDULER
from pix2pix.diffusion.conditioning import encode_instruction, encode_photo
from pix2pix.diffusion.relevance import relevance
from tests.diffusion.test_denoising import SCHEDULERS


class Painter(torch.nn.Module):
    """Predicts the photo, changed by ``change`` in the row that has text."""

    def __init__(self, change, scaling_factor) -> None:
        super().__init__()
        self.change, self.scaling_factor, self.calls = change, scaling_factor, 0

    def forward(self, seen, timestep, encoder_hidden_states, return_dict):
        self.calls += 1
        photo = seen[:1, seen.shape[1] // 2 :] * self.scaling_factor
        return (torch.cat([self.change(photo), photo]),)


def asked(pipeline, image, unet):
    conditioning = encode_instruction(pipeline, "make it snowy")
    latents = encode_photo(pipeline, image)
    embeds = conditioning.prompt_embeds, conditioning.negative_prompt_embeds
    return relevance(unet, pipeline.scheduler, *embeds, latents, pipeline.vae.config.scaling_factor)


@pytest.fixture
def painted(tiny_pipeline, scene):
    """``painted(change)``: the relevance of an edit that changes clean latents so."""
    tiny_pipeline.scheduler = DDIMScheduler.from_config(SCHEDULER, prediction_type="sample")

    def of(change):
        unet = Painter(change, tiny_pipeline.vae.config.scaling_factor)
        found = asked(tiny_pipeline, scene, unet)
        assert unet.calls == 1
        return found

    return of


def in_left_third(change):
    def local(photo):
        return torch.cat([change(photo[..., :16]), photo[..., 16:]], -1)

    return local


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_map_of_the_size_of_the_latents_from_0_to_1(tiny_pipeline, scene, scheduler):
    tiny_pipeline.scheduler = scheduler.from_config(SCHEDULER)
    map = asked(tiny_pipeline, scene, tiny_pipeline.unet).map
    assert map.shape == (32, 48)
    assert map.dtype == np.float32
    assert map.min() == 0
    assert map.max() == 1


def test_the_same_again(tiny_pipeline, scene):
    maps = [asked(tiny_pipeline, scene, tiny_pipeline.unet).map for _ in range(2)]
    assert np.array_equal(*maps)


@pytest.mark.parametrize("change", [lambda x: -x, lambda x: x + 0.5, lambda x: 0.3 * x - 0.2])
def test_a_change_of_a_part_is_found_where_it_is(painted, change):
    found = painted(in_left_third(change))
    area = found.map >= 0.5
    assert not found.is_everywhere
    assert area[:, :16].mean() > 0.9
    assert area[:, 22:].mean() < 0.02


@pytest.mark.parametrize("change", [lambda x: -x, lambda x: x + 0.5, lambda x: 0.3 * x - 0.2])
def test_a_change_of_all_is_known_for_one(painted, change):
    assert painted(change).is_everywhere


def test_no_change_at_all_is_no_accident(painted):
    found = painted(lambda photo: photo.clone())
    assert np.isfinite(found.map).all()
    assert np.isfinite(found.evenness)
