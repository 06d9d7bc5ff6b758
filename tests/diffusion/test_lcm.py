"""A LoRA fused into a checkpoint: its weights are those computed by hand, its pictures those of diffusers."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import LCMScheduler, StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file, save_file

from pix2pix import Editor, EditRequest, EditSession, InvalidRequest, save_result
from pix2pix.diffusion import loading
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX, find
from pix2pix.diffusion.lcm import fuse
from pix2pix.files.receipt import find_receipt
from tests.diffusion.test_denoising import diffusers_picture, our_picture
from tests.tiny import lora, tiny_pipeline

WEIGHTS = "pytorch_lora_weights.safetensors"
OF_HUB = "latent-consistency/lcm-lora-sdv1-5"


def load(folder: Path) -> Editor:
    return Editor.load(f"{folder / 'base'}+{folder / 'lcm'}", device="cpu")


def by_hand(unet: UNet2DConditionModel, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """W + alpha / rank * up @ down, and the weights that the LoRA leaves alone."""
    state = {name: weight.float() for name, weight in unet.state_dict().items()}
    names = {f"lora_unet_{name.removesuffix('.weight').replace('.', '_')}": name for name in state}
    for key in sorted({name.partition(".")[0] for name in tensors}):
        down, up = (tensors[f"{key}.lora_{which}.weight"] for which in ("down", "up"))
        change = tensors.get(f"{key}.alpha", torch.tensor(4.0)) / 4 * up.flatten(1) @ down.flatten(1)
        state[names[key]] = state[names[key]] + change.view_as(state[names[key]])
    return state


def assert_fused(unet: UNet2DConditionModel, expected: dict[str, torch.Tensor], tolerance: float) -> None:
    state = unet.state_dict()
    assert state.keys() == expected.keys()  # nothing of PEFT is left in it
    assert all((state[name].float() - expected[name]).abs().max() < tolerance for name in state)


@pytest.mark.parametrize("alphas", [(8.0,), (2.0, 4.0, 12.0)])
def test_the_weights_are_those_computed_by_hand(lora_folder, alphas):
    """Also where layers have different alphas, of which diffusers itself forgets those of attention."""
    unet = tiny_pipeline().unet
    tensors = lora(unet, alphas)
    save_file(tensors, lora_folder / "lcm" / WEIGHTS)
    expected = by_hand(unet, tensors)
    assert sum(not torch.equal(expected[name], weight) for name, weight in unet.state_dict().items()) == 79
    pipeline = load(lora_folder).pipeline
    assert_fused(pipeline.unet, expected, 1e-6)
    assert pipeline.unet.dtype == torch.float32
    assert isinstance(pipeline.scheduler, LCMScheduler)
    assert pipeline.scheduler.config.beta_schedule == "scaled_linear"  # that of the checkpoint


def test_one_with_the_names_of_diffusers_fits_too(lora_folder):
    layer = "mid_block.attentions.0.proj_in"
    down, up = torch.ones(4, 32, 1, 1), torch.ones(32, 4, 1, 1)
    tensors = {f"unet.{layer}.lora_A.weight": down, f"unet.{layer}.lora_B.weight": up}
    save_file(tensors, lora_folder / "lcm" / WEIGHTS)
    before = tiny_pipeline().unet.get_submodule(layer).weight
    assert torch.allclose(load(lora_folder).pipeline.unet.get_submodule(layer).weight, before + 4, atol=1e-5)


def test_the_layers_of_the_real_checkpoint_take_it(written, tmp_path):
    base, original = written
    tensors = lora(original.unet)
    save_file(tensors, tmp_path / WEIGHTS)
    unet = Editor.load(f"{base}+{tmp_path}", device="cpu").pipeline.unet
    assert_fused(unet, by_hand(original.unet, tensors), 1e-6)


def test_it_is_fused_in_half_precision_where_the_unet_is(made):
    pipeline = tiny_pipeline().to(torch.float16)
    expected = by_hand(pipeline.unet, load_file(made / "lcm" / WEIGHTS))
    fuse(pipeline, made / "lcm" / WEIGHTS, "lcm")
    assert {weight.dtype for weight in pipeline.unet.parameters()} == {torch.float16}
    assert_fused(pipeline.unet, expected, 2e-3)


@pytest.fixture(scope="module")
def editor(made):
    return load(made)


@pytest.fixture(scope="module")
def of_diffusers(made):
    """The same by diffusers alone, with the LoRA beside the weights and not in them."""
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(made / "base")
    pipeline.load_lora_weights(made / "lcm", weight_name=WEIGHTS)
    pipeline.scheduler = LCMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.mark.parametrize("guidance", [(1.5, 1.0), (1.5, 1.5), (2.0, 1.2), (1.0, 1.0)])
@pytest.mark.parametrize(("steps", "batch"), [(4, 1), (4, 3), (1, 1), (8, 1)])
def test_equals_diffusers(editor, of_diffusers, three_photos, guidance, steps, batch):
    arguments = (three_photos[:batch], steps, guidance, range(5, 5 + batch))
    expected = diffusers_picture(of_diffusers, *arguments)
    assert (our_picture(editor.pipeline, *arguments) - expected).abs().max() < 1e-4


def test_the_lora_shows(editor, made, three_photos):
    plain = Editor.load(str(made / "base"), device="cpu").pipeline
    plain.scheduler = editor.pipeline.scheduler
    pictures = [our_picture(pipeline, three_photos[:1], 4, (1.5, 1.0), [5]) for pipeline in (plain, editor.pipeline)]
    assert (pictures[0] - pictures[1]).abs().max() > 0.01


def test_what_it_draws_best_with(editor, made):
    defaults = editor.checkpoint.defaults
    assert (defaults.num_inference_steps, defaults.guidance_scale, defaults.image_guidance_scale) == (4, 1.5, 1.0)
    assert defaults.resolution == Editor.load(str(made / "base"), device="cpu").checkpoint.defaults.resolution == 32
    assert editor.checkpoint.steps_advice == (
        "1: rough · 2 to 3: quick · 4 to 8: balanced · 9 and more: more than it was made for"
    )
    assert find(f"{INSTRUCT_PIX2PIX.name}+{OF_HUB}").defaults.resolution == 512


@pytest.mark.parametrize(("asked", "taken"), [(None, 1.0), (1.5, 1.5)])
def test_an_edit_and_its_receipt(editor, scene, tmp_path, asked, taken):
    result = editor.edit(scene, EditRequest("make it snowy", seed=3, image_guidance_scale=asked))
    assert result.image.size == scene.size
    assert result.request.image_guidance_scale == taken
    for name in ("result.png", "result.jpg"):
        save_result(result, tmp_path / name)
        receipt = find_receipt(tmp_path / name)
        assert (receipt.checkpoint, receipt.request) == ("base+lcm", result.request)
    again = editor.edit(scene, receipt.request)
    assert np.array_equal(again.image, result.image)


def test_steps_end_with_an_edit_in_one_sentence(editor, scene):
    assert editor.edit(scene, EditRequest("make it snowy", num_inference_steps=50)).request.num_inference_steps == 50
    with pytest.raises(InvalidRequest, match=r"^This model cannot draw in 51 steps; take fewer\.$"):
        editor.edit(scene, EditRequest("make it snowy", num_inference_steps=51))


def test_outside_of_a_mask_the_photo_stays(editor, scene):
    mask = Image.new("L", scene.size)
    mask.paste(255, (0, 0, 48, 64))
    request = EditRequest("make it snowy", seed=3, detail=False, speed="fast")
    result = np.asarray(editor.edit(scene, request, mask=mask).image)
    assert np.array_equal(result[:, 60:], np.asarray(scene)[:, 60:])
    assert not np.array_equal(result[:, :40], np.asarray(scene)[:, :40])


def test_a_session_tells_the_model_with_it_from_the_one_without(editor, made, scene):
    session, request = EditSession(), EditRequest("make it snowy", 1, 1.5, 1.0, seed=3)
    plain = Editor.load(str(made / "base"), device="cpu")
    for one in (plain, editor):
        (outcome,) = one.edit_gallery([scene], request, session=session)
        assert np.array_equal(outcome.result.image, one.edit(scene, request).image)


def test_a_lora_of_the_hub_is_named_with_its_commit(made, tmp_path, monkeypatch):
    commit, asked = "c" * 40, []
    shutil.copytree(made / "lcm", tmp_path / commit)

    def download(*arguments, **options):
        asked.append((arguments, options))
        return str(tmp_path / commit / WEIGHTS)

    monkeypatch.setattr(loading, "hf_hub_download", download)
    checkpoint = Editor.load(f"{made / 'base'}+{OF_HUB}", device="cpu").checkpoint
    assert asked == [((OF_HUB, WEIGHTS), {"revision": None})]
    assert (checkpoint.name, checkpoint.revision) == (f"base+{OF_HUB}", commit)
    monkeypatch.setattr(loading.StableDiffusionInstructPix2PixPipeline, "download", lambda *_, **__: str(made / "base"))
    checkpoint = Editor.load(f"{INSTRUCT_PIX2PIX.name}+{OF_HUB}", device="cpu").checkpoint
    assert checkpoint.revision == f"base+{commit}"
