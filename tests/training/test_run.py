"""The whole training in miniature: one command makes a checkpoint, and a kill changes nothing of it."""

import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from pix2pix import Editor, EditRequest
from pix2pix.training.learning import denoiser
from pix2pix.training.learning.autoencoder import make_autoencoder, start_as_pca
from pix2pix.training.learning.batches import ALIKE_WEIGHT, NEITHER, NO_IMAGE, NO_TEXT, draw_batch
from pix2pix.training.learning.checkpoint import make_checkpoint
from pix2pix.training.learning.colour_loss import ColourLoss
from pix2pix.training.learning.export import size_in_megabytes
from pix2pix.training.learning.network.locating import Locator
from pix2pix.training.learning.network.noise import (
    FIRST_SHARE,
    LATE_SHARE,
    MAX_WEIGHT,
    add_noise,
    draw_noise,
    draw_timesteps,
    make_scheduler,
    step_down,
    weights_of_clean,
)
from pix2pix.training.learning.network.start import SPREAD, linear_gains
from pix2pix.training.learning.network.unet import make_unet
from pix2pix.training.learning.pairs import Pairs, random_pictures
from pix2pix.training.learning.watch import SIDE
from pix2pix.training.recipe import AutoencoderRecipe, DenoiserRecipe, LanguageRecipe, Recipe, Shards
from pix2pix.training.state import numpy_generator, seeded
from pix2pix.training.targets.scenes import make_scenes
from pix2pix.training.words.meanings import Change

TINY = Recipe(
    scenes=6,
    autoencoder=AutoencoderRecipe(steps=4, last_steps=1, batch=8, last_batch=8, last_crop=64, latent_channels=8),
    language=LanguageRecipe(steps=3, batch=8, tokens=700, width=32, layers=1, heads=2),
    denoiser=DenoiserRecipe(
        steps=6,
        cooldown=0.34,
        crops=Shards(sides=(32,), whole=False, pixels=4 * 32**2, sources=4, edits=4),
        whole=Shards(sides=(32, 64), whole=True, pixels=64**2, sources=4, edits=4),
        widths=(64, 64, 64, 64),
        block=2,
        pool=2,
    ),
)
CPU = torch.device("cpu")


@contextmanager
def deterministic_algorithms():
    """As the command does, but torch's switch is put back."""
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def make(recipe, run):
    """The folder of the checkpoint, made as the command makes it."""
    with deterministic_algorithms():
        return make_checkpoint(recipe, run, CPU)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of an uninterrupted run."""
    run = tmp_path_factory.mktemp("run")
    make(TINY, run)
    return run


def weights(checkpoint):
    return {path.relative_to(checkpoint): path.read_bytes() for path in checkpoint.rglob("*.safetensors")}


class Killed(Exception):
    """Stands for the kill."""


def test_a_killed_training_goes_on_to_the_same_weights(made, tmp_path, monkeypatch):
    step = denoiser.train_step

    def killed_at_the_fourth(learner, *arguments):
        if learner.step == 3:
            raise Killed
        return step(learner, *arguments)

    monkeypatch.setattr("pix2pix.training.state.SAVE_EVERY_SECONDS", 0)
    monkeypatch.setattr(denoiser, "train_step", killed_at_the_fourth)
    with pytest.raises(Killed):
        make(TINY, tmp_path)
    monkeypatch.setattr(denoiser, "train_step", step)
    assert weights(make(TINY, tmp_path)) == weights(made / "checkpoint")


def switches():
    """What the training and the evaluation might change of torch for everybody."""
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.get_num_threads(),
        (torch.tensor(1e-40) * 1).item() == 0,  # whether the smallest numbers are taken for zero
        torch.random.get_rng_state().tolist(),
    )


def test_the_training_changes_nothing_for_others(made):
    before = switches()
    make_checkpoint(TINY, made, CPU)
    assert switches() == before


def longer(made, run, steps):
    """The checkpoint of ``made``'s training with more steps, gone on with in the folder ``run``."""
    for name in ("scenes.npy", "autoencoder.pt", "language.pt", "denoiser.pt", "denoiser-cooling.pt"):
        if (made / name).exists():
            (run / name).write_bytes((made / name).read_bytes())
    return make(replace(TINY, denoiser=replace(TINY.denoiser, steps=steps)), run)


def test_a_finished_training_can_be_made_longer(made, tmp_path):
    assert weights(longer(made, tmp_path, 8)) != weights(made / "checkpoint")


def test_who_watches_sees_a_sheet_and_changes_nothing(made, tmp_path, monkeypatch):
    (tmp_path / "watched").mkdir()
    (tmp_path / "alone").mkdir()
    alone = weights(longer(made, tmp_path / "alone", 7))
    monkeypatch.setattr(denoiser, "WATCH_EVERY", 7)
    assert weights(longer(made, tmp_path / "watched", 7)) == alone
    with Image.open(tmp_path / "watched" / "sheet-000007.png") as sheet:
        assert min(sheet.size) > 4 * SIDE


def test_an_autoencoder_can_be_taken_over(made, tmp_path):
    (tmp_path / "scenes.npy").write_bytes((made / "scenes.npy").read_bytes())
    with deterministic_algorithms():
        folder = make_checkpoint(TINY, tmp_path, CPU, made / "checkpoint")
    same = weights(folder)[Path("vae/diffusion_pytorch_model.safetensors")]
    assert same == weights(made / "checkpoint")[Path("vae/diffusion_pytorch_model.safetensors")]


def test_a_finished_run_can_be_begun_with(made, tmp_path, monkeypatch):
    (tmp_path / "scenes.npy").write_bytes((made / "scenes.npy").read_bytes())
    begun = {}

    def first_step(learner, *arguments):
        begun["unet"] = learner.unet.state_dict()
        begun["naming"] = learner.reader.naming.weight.detach().clone()
        raise Killed

    monkeypatch.setattr(denoiser, "train_step", first_step)
    with pytest.raises(Killed):
        make_checkpoint(TINY, tmp_path, CPU, begin_with=made)
    weights_of_unet = load_file(made / "checkpoint" / "unet" / "diffusion_pytorch_model.safetensors")
    assert all(torch.equal(begun["unet"][name], weight.float()) for name, weight in weights_of_unet.items())
    assert torch.equal(begun["naming"], load_file(made / "heads.safetensors")["naming.weight"])
    assert not (tmp_path / "language.pt").exists()


def test_the_checkpoint_is_what_the_app_runs(made):
    folder = made / "checkpoint"
    assert (folder / "model_index.json").exists()
    assert size_in_megabytes(folder) < 25
    editor = Editor.load(str(folder), device="cpu")
    photo = np.full((64, 64, 3), 128, np.uint8)
    result = editor.edit(Image.fromarray(photo), EditRequest("make it night", num_inference_steps=2, seed=0))
    assert result.image.size == (64, 64)


def test_the_weights_are_half_precision(made):
    header = (made / "checkpoint" / "unet" / "diffusion_pytorch_model.safetensors").read_bytes()
    length = int.from_bytes(header[:8], "little")
    kinds = {entry["dtype"] for name, entry in json.loads(header[8 : 8 + length]).items() if name != "__metadata__"}
    assert kinds == {"F16"}


def test_scenes_do_not_depend_on_the_number_of_workers(tmp_path):
    one, two = (make_scenes(tmp_path / f"{n}.npy", 3, seed=1, workers=n) for n in (1, 2))
    assert one.shape == (3, 256, 256, 3)
    assert np.array_equal(one, two)


def test_the_encoder_starts_as_the_principal_components():
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(32, 3, 32, 32, generator=generator)
    vae = make_autoencoder(TINY.autoencoder, seed=0)
    start_as_pca(vae, pictures)
    patches = torch.nn.functional.pixel_unshuffle(pictures, 4).permute(0, 2, 3, 1).reshape(-1, 48)
    patches = patches - patches.mean(0)
    with torch.no_grad():
        # the encoder takes pictures in 0..1 here; AutoencoderTiny's own scaling to -1..1 is learnt later
        latents = vae.encoder.layers(pictures).permute(0, 2, 3, 1).reshape(-1, 8)
    explained = torch.linalg.lstsq(latents, patches).solution
    left = (patches - latents @ explained).pow(2).sum()
    _, values, _ = torch.linalg.svd(patches, full_matrices=False)
    assert left.item() == pytest.approx(values[8:].pow(2).sum().item(), rel=0.05)


@pytest.mark.parametrize("timestep", [999, 874, 500, 249, 124])
def test_an_untrained_denoiser_draws_the_photo_out_of_any_noise(timestep):
    vae = make_autoencoder(AutoencoderRecipe(), seed=0)
    vae.register_to_config(scaling_factor=1.7)
    with seeded(0):
        unet = make_unet(DenoiserRecipe(), LanguageRecipe(), vae)
    photo = 0.6 * torch.randn(1, 16, 16, 16, generator=torch.Generator().manual_seed(0))
    noise, timesteps = torch.randn_like(photo), torch.tensor([timestep])
    alphas = make_scheduler().alphas_cumprod
    noisy = add_noise(1.7 * photo, noise, timesteps, alphas)
    with torch.no_grad():
        drawn = unet(torch.cat([noisy, photo], 1), timesteps, torch.randn(1, 32, 128)).sample
    assert (drawn - 1.7 * photo).square().mean().sqrt() < 0.08
    assert (noisy - 1.7 * photo).square().mean().sqrt() > 0.3


def test_the_first_guess_is_the_best_linear_one():
    """Of pictures that are the photo and an edit of variance SPREAD: no other gains have a smaller error."""
    alphas, generator = torch.tensor(0.7, dtype=torch.float64), torch.Generator().manual_seed(0)
    photo, edit, noise = torch.randn(3, 100_000, generator=generator, dtype=torch.float64)
    clean = photo + SPREAD**0.5 * edit
    noisy = alphas.sqrt() * clean + (1 - alphas).sqrt() * noise
    fitted = torch.linalg.lstsq(torch.stack([noisy, photo], 1), clean[:, None]).solution[:, 0]
    assert torch.allclose(fitted, torch.stack(linear_gains(alphas)), atol=0.02)


def test_words_are_looked_at_on_two_levels():
    vae = make_autoencoder(AutoencoderRecipe(), seed=0)
    with seeded(0):
        unet = make_unet(DenoiserRecipe(), LanguageRecipe(), vae)
    places = {name.split(".attentions")[0] for name, _ in unet.named_modules() if name.endswith("attn2")}
    assert places == {"down_blocks.2", "mid_block", "up_blocks.1"}


def test_noisy_latents_are_those_of_the_scheduler():
    scheduler, generator = make_scheduler(), torch.Generator().manual_seed(0)
    clean, noise = torch.randn(2, 6, 1, 4, 4, generator=generator)
    timesteps = torch.tensor([999, 850, 500, 250, 30, 0])
    noisy = add_noise(clean, noise, timesteps, scheduler.alphas_cumprod)
    assert torch.allclose(noisy, scheduler.add_noise(clean, noise, timesteps), atol=1e-5)


def test_a_step_down_is_that_of_the_scheduler():
    scheduler, generator = make_scheduler(), torch.Generator().manual_seed(0)
    scheduler.set_timesteps(8)
    noisy, clean = torch.randn(2, 1, 1, 4, 4, generator=generator)
    for earlier, timestep in zip(scheduler.timesteps[:-1], scheduler.timesteps[1:], strict=True):
        stepped = step_down(clean, noisy, earlier[None], timestep[None], scheduler.alphas_cumprod)
        assert torch.allclose(stepped, scheduler.step(clean, earlier, noisy).prev_sample, atol=1e-4)


def test_errors_of_clean_latents_weigh_as_those_of_velocities():
    alphas, timesteps = make_scheduler().alphas_cumprod, torch.tensor([999, 600, 0])
    first, middle, last = weights_of_clean(timesteps, alphas).flatten().tolist()
    assert first == pytest.approx(1)
    assert middle == pytest.approx(1 / (1 - alphas[600].item()))
    assert last == MAX_WEIGHT


def test_many_timesteps_are_the_first_of_an_edit_and_all_are_drawn():
    timesteps = draw_timesteps(20_000, torch.Generator().manual_seed(0))
    assert (timesteps == 999).float().mean().item() == pytest.approx(FIRST_SHARE, abs=0.02)
    assert (timesteps < 500).float().mean().item() == pytest.approx(0.5 * (1 - FIRST_SHARE - LATE_SHARE), abs=0.02)
    assert timesteps.min() < 10


def unet_and_locator():
    with seeded(0):
        vae = make_autoencoder(TINY.autoencoder, seed=0)
        return make_unet(TINY.denoiser, TINY.language, vae), Locator(TINY.denoiser.widths)


def test_the_locator_hears_the_way_up_and_leaves_nothing_behind():
    unet, locator = unet_and_locator()
    with torch.no_grad(), locator.listening(unet) as features:
        unet(torch.randn(2, 16, 16, 24), torch.tensor([999]), torch.randn(2, 32, 32))
    assert [tuple(seen.shape[1:]) for seen in features] == [(64, 2, 3), (64, 4, 6), (64, 8, 12), (64, 16, 24)]
    assert locator.loss(features) > 0
    assert not any(block._forward_hooks for block in (unet.mid_block, *unet.up_blocks))


def test_the_locator_leaves_nothing_behind_after_an_error():
    unet, locator = unet_and_locator()
    with pytest.raises(ZeroDivisionError), locator.listening(unet):
        raise ZeroDivisionError
    assert not any(block._forward_hooks for block in (unet.mid_block, *unet.up_blocks))


def test_the_locators_loss_is_nothing_where_features_tell_the_position():
    locator = Locator((2, 2, 2))
    y, x = torch.meshgrid((torch.arange(4) + 0.5) / 2 - 1, (torch.arange(6) + 0.5) / 3 - 1, indexing="ij")
    for reader in locator.readers:
        reader.weight.data = torch.eye(2)[..., None, None]
        reader.bias.data.zero_()
    assert locator.loss([torch.stack([y, x])[None]] * 3).item() == pytest.approx(0, abs=1e-9)


def test_the_noisiest_timestep_is_pure_noise():
    alphas = make_scheduler().alphas_cumprod
    clean, noise = torch.ones(1, 1, 4, 4), torch.randn(1, 1, 4, 4)
    assert torch.allclose(add_noise(clean, noise, torch.tensor([999]), alphas), noise, atol=1e-3)
    nearly = add_noise(clean, noise, torch.tensor([0]), alphas)
    assert (nearly - clean).abs().mean() < 0.05


def test_noise_is_white_for_half_and_slow_for_the_rest():
    noise = draw_noise(torch.Size((400, 2, 16, 16)), torch.Generator().manual_seed(0))
    assert noise.std().item() == pytest.approx(1, abs=0.05)
    assert torch.nn.functional.avg_pool2d(noise, 4).std() > 1.04 / 4


def pairs_of(names):
    """Pairs with a weight of 4 everywhere, one of each edit of ``names``, as the pool has them."""
    latents = torch.rand(len(names), 16, 8, 8)
    return Pairs(
        sources=latents + 1,
        targets=latents,
        weights=torch.full((len(latents), 1, 8, 8), 4.0),
        kinds=["global"] * len(latents),
        meanings=[(Change(name),) for name in names],
    )


def spoken_rows(name):
    """A batch of 3,000 rows of the edit ``name``, and which of them have no words, and no photo."""
    batch = draw_batch([pairs_of([name])], 3000 * 32**2, numpy_generator(0, "batch", 0))
    silent = torch.tensor([sentence == "" for sentence in batch.sentences])
    return batch, silent, (batch.sources == 0).flatten(1).all(1)


def test_where_flakes_are_counts_only_once_it_can_be_seen():
    snow, silent, blind = spoken_rows("snow")
    night, night_silent, night_blind = spoken_rows("night")
    seen, seen_at_night = ~silent & ~blind, ~night_silent & ~night_blind
    for timestep, wanted in ((999, 1), (100, 4)):
        assert (snow.weights_at(torch.full((3000,), timestep))[seen] == wanted).all()
        assert (night.weights_at(torch.full((3000,), timestep))[seen_at_night] == 4).all()


def test_some_samples_lack_words_or_photo():
    _, silent, blind = spoken_rows("night")
    shares = [(silent & ~blind), (blind & ~silent), (silent & blind)]
    for share, wanted in zip(shares, (NO_TEXT, NO_IMAGE, NEITHER), strict=True):
        assert share.float().mean().item() == pytest.approx(wanted, abs=0.015)


def test_without_words_what_is_drawn_goes_half_of_the_way_back_to_the_photo():
    batch, silent, blind = spoken_rows("night")
    halved = silent & ~blind
    assert torch.allclose(batch.targets[halved], (batch.sources + batch.drawn)[halved] / 2)
    assert torch.equal(batch.targets[~halved], batch.drawn[~halved])


def test_what_stays_as_it_is_counts_more():
    pairs = pairs_of(["night"])
    pairs.targets[:, :, 4:] = pairs.sources[:, :, 4:]
    batch = draw_batch([pairs], 8 * 32**2, numpy_generator(0, "batch", 0))
    assert (batch.weights[:, :, :4] == 4).all()
    assert (batch.weights[:, :, 4:] == 4 + ALIKE_WEIGHT).all()


def test_photo_and_words_tell_all_but_what_falls_at_random_places():
    night, silent, blind = spoken_rows("night")
    assert torch.equal(night.told, ~silent & ~blind)
    snow, _, _ = spoken_rows("snow")
    assert snow.scattered.all()
    assert not snow.told.any()


def test_a_batch_has_one_size_and_the_pixels_asked_for():
    small, large = pairs_of(["night"] * 3), pairs_of(["night"] * 3)
    large = replace(
        large, sources=torch.zeros(3, 16, 16, 16), targets=torch.zeros(3, 16, 16, 16), weights=torch.ones(3, 1, 16, 16)
    )
    batches = [draw_batch([small, large], 4 * 64**2, numpy_generator(0, "batch", index)) for index in range(12)]
    assert {tuple(batch.sources.shape) for batch in batches} == {(16, 16, 8, 8), (4, 16, 16, 16)}
    assert all(len(batch.sentences) == len(batch.scattered) == len(batch.sources) for batch in batches)


def test_whole_pictures_have_the_usual_formats_on_the_grid():
    scenes = np.full((2, 256, 256, 3), 128, np.uint8)
    sizes = {
        tuple(random_pictures(scenes, numpy_generator(0, "whole", index), 2, 128, whole=True).shape[2:])
        for index in range(40)
    }
    assert sizes == {(128, 128), (96, 160), (160, 96)}
    assert random_pictures(scenes, numpy_generator(0, "crops", 0), 3, 64, whole=False).shape == (3, 3, 64, 64)


def test_whole_pictures_stay_in_range():
    scenes = np.full((2, 256, 256, 3), 255, np.uint8)
    for index in range(20):
        pictures = random_pictures(scenes, numpy_generator(0, "white", index), 2, 192, whole=True)
        assert pictures.max() <= 1


def test_the_loss_minds_slow_colours_most():
    loss = ColourLoss(torch.eye(3))
    clean, weights_ = torch.zeros(1, 3, 8, 8), torch.ones(1, 1, 8, 8)
    checkerboard = torch.tensor([1.0, -1.0]).repeat(1, 3, 8, 4) * 0.1
    checkerboard[:, :, ::2] *= -1
    assert loss(checkerboard.abs(), clean, weights_) > 1.5 * loss(checkerboard, clean, weights_)


def test_random_numbers_follow_seed_stage_and_step():
    draws = {(seed, stage, step) for seed in (0, 1) for stage in ("a", "b") for step in (0, 1)}
    numbers = {numpy_generator(*draw).random() for draw in draws}
    assert len(numbers) == len(draws)
    assert numpy_generator(0, "a", 1).random() == numpy_generator(0, "a", 1).random()
