"""The real checkpoint's way in, on a folder of its exact layout."""

import json

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, EulerAncestralDiscreteScheduler, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

from benchmarks.architecture import TEXT, UNET, VAE
from pix2pix import CheckpointError, Editor, EditRequest
from pix2pix.diffusion import loading
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX, POCKET, find
from pix2pix.diffusion.loading import load

CPU = torch.device("cpu")


def assert_same_weights(module, original) -> None:
    state, expected = module.state_dict(), original.state_dict()
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[name].float(), expected[name].float()) for name in state)


def test_the_layout_of_the_real_checkpoint_loads_and_edits(written, scene):
    folder, original = written
    editor = Editor.load(str(folder), device="cpu")
    pipeline = editor.pipeline
    assert isinstance(pipeline.unet, UNet2DConditionModel)
    assert isinstance(pipeline.vae, AutoencoderKL)
    assert isinstance(pipeline.text_encoder, CLIPTextModel)
    assert isinstance(pipeline.safety_checker, StableDiffusionSafetyChecker)
    assert isinstance(pipeline.scheduler, EulerAncestralDiscreteScheduler)
    for name in ("unet", "vae", "text_encoder", "safety_checker"):
        assert_same_weights(getattr(pipeline, name), getattr(original, name))  # also under their old names
        assert getattr(pipeline, name).dtype == torch.float32
    assert pipeline.tokenizer.model_max_length == 77
    assert pipeline.vae.config.scaling_factor == pytest.approx(0.18215)
    assert (editor.grid, editor.checkpoint.defaults.resolution, editor.checkpoint.name) == (64, 512, "instruct-pix2pix")
    result = editor.edit(scene, EditRequest("make it snowy", num_inference_steps=1, seed=1))
    assert result.image.size == scene.size
    assert result.canvas_image.size == (640, 448)
    assert (result.request.guidance_scale, result.request.image_guidance_scale) == (7.5, 1.5)


def test_the_real_sizes():
    """On the meta device: shapes only, no memory."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(**UNET)
        vae = AutoencoderKL(**VAE)
        text_encoder = CLIPTextModel(CLIPTextConfig(**TEXT))
        embeds = text_encoder(torch.zeros(1, 77, dtype=torch.long))[0]
        latents = vae.encode(torch.zeros(1, 3, 512, 512)).latent_dist.mean
        prediction = unet(torch.cat([latents, latents], 1), torch.zeros(1), encoder_hidden_states=embeds).sample
    assert unet.conv_in.in_channels == 8
    assert embeds.shape == (1, 77, 768)
    assert latents.shape == prediction.shape == (1, 4, 64, 64)
    millions = [round(sum(p.numel() for p in part.parameters()) / 1e6, 1) for part in (unet, vae, text_encoder)]
    assert millions == [859.5, 83.7, 123.1]


def test_the_fp16_variant_is_read_where_there_is_one(folder):
    """The two variants are told apart by changing one of them."""
    file = folder / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    tensors = load_file(file)
    tensors["conv_in.bias"] = torch.full_like(tensors["conv_in.bias"], 0.5)
    save_file(tensors, file, metadata={"format": "pt"})
    pipeline, _ = load(find(str(folder)), CPU)
    assert (pipeline.unet.conv_in.bias == 0.5).all()
    assert pipeline.unet.dtype == pipeline.text_encoder.dtype == torch.float32
    for file in folder.glob("*/*.fp16.safetensors"):
        file.unlink()
    pipeline, _ = load(find(str(folder)), CPU)
    assert not (pipeline.unet.conv_in.bias == 0.5).any()


def test_only_safetensors_are_read(folder):
    for file in folder.glob("unet/*.safetensors"):
        torch.save(load_file(file), file.with_suffix(".bin"))
        file.unlink()
    with pytest.raises(CheckpointError):
        load(find(str(folder)), CPU)


def test_the_safety_checker_works_and_can_be_switched_off(folder, scene, monkeypatch):
    from pix2pix import Filtered

    editor = Editor.load(str(folder), device="cpu")
    editor.pipeline.safety_checker.concept_embeds_weights.data.fill_(-10.0)  # now everything is near a concept
    with pytest.raises(Filtered):
        editor.edit(scene, EditRequest("x", num_inference_steps=1))
    monkeypatch.setenv("PIX2PIX_SAFETY_CHECKER", "off")
    assert Editor.load(str(folder), device="cpu").pipeline.safety_checker is None


def test_the_old_name_of_the_image_processor_is_understood(folder):
    index = json.loads((folder / "model_index.json").read_text())
    index["feature_extractor"] = ["transformers", "CLIPFeatureExtractor"]
    (folder / "model_index.json").write_text(json.dumps(index))
    pipeline, _ = load(find(str(folder)), CPU)
    assert pipeline.feature_extractor is not None


def test_no_folder_takes_the_place_of_the_pinned_model(folder, monkeypatch, tmp_path):
    """A whole checkpoint under the hub's name in the current folder, and a hub that cannot be reached."""
    (tmp_path / "timbrooks").mkdir()
    folder.rename(tmp_path / "timbrooks" / "instruct-pix2pix")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(CheckpointError, match="cannot be reached"):
        Editor.load("timbrooks/instruct-pix2pix", device="cpu")
    assert Editor.load("./timbrooks/instruct-pix2pix", device="cpu").checkpoint.revision is None


@pytest.mark.parametrize("name", ["timbrooks/instruct-pix2pix", "nobody/nothing"])
def test_a_hub_that_cannot_be_reached_is_one_sentence(name, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("diffusers.pipelines.pipeline_utils.HF_HUB_CACHE", str(tmp_path), raising=False)
    with pytest.raises(CheckpointError, match=r"cannot be reached.*pocket") as caught:
        Editor.load(name, device="cpu")
    assert "\n" not in str(caught.value)


def test_a_hub_id_is_looked_up_at_its_pinned_revision(written, monkeypatch):
    """Everything but the download itself: the hub's cache is a folder named by the commit."""
    asked = {}

    def download(name, **options):
        asked.update(options, name=name)
        return str(written[0])

    monkeypatch.setattr(loading.StableDiffusionInstructPix2PixPipeline, "download", download)
    pipeline, checkpoint = load(INSTRUCT_PIX2PIX, CPU)
    assert asked["name"] == "timbrooks/instruct-pix2pix"
    assert asked["revision"] == "31519b5cb02a7fd89b906d88731cd4d6a7bbf88d"
    assert asked["use_safetensors"] is True
    assert asked["variant"] == "fp16"
    assert checkpoint.revision == written[0].name
    assert checkpoint.defaults.guidance_scale == 7.5
    assert pipeline.unet.config.in_channels == 8


def test_auto_without_a_gpu_is_pocket_and_says_why(monkeypatch, scene):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    editor = Editor.load("auto", device="cpu")
    assert editor.checkpoint.name == "pocket"
    assert "GPU" in editor.note
    assert np.asarray(editor.edit(scene, EditRequest("make it night")).image).std() > 0


def test_auto_with_a_gpu_and_no_hub_is_pocket_and_says_why(monkeypatch):
    tried = []

    def cannot_be_reached(checkpoint, device):
        tried.append(checkpoint.name)
        if checkpoint is INSTRUCT_PIX2PIX:
            raise CheckpointError("Hugging Face cannot be reached.")
        return object(), checkpoint

    monkeypatch.setattr("pix2pix.editing.editor.load", cannot_be_reached)
    editor = Editor._load_auto(torch.device("cuda"))
    assert tried == ["timbrooks/instruct-pix2pix", "pocket"]
    assert editor.checkpoint is POCKET
    assert "cannot be reached" in editor.note


@pytest.mark.parametrize(("free", "placed"), [(5 * 1024**3, "offloaded"), (7 * 1024**3, "moved")])
def test_a_gpu_with_little_memory_is_given_one_model_at_a_time(monkeypatch, free, placed):
    class Pipeline:
        def enable_model_cpu_offload(self, device):
            self.placed = "offloaded"

        def to(self, device):
            self.placed = "moved"

    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 24 * 1024**3))
    pipeline = Pipeline()
    loading._place(pipeline, torch.device("cuda"))
    assert pipeline.placed == placed
