"""Everything that can be wrong with a checkpoint is one sentence that says what to do instead."""

import json
import logging
import shutil
from unittest.mock import MagicMock

import pytest
import torch
from diffusers import UNet2DConditionModel
from huggingface_hub.errors import RemoteEntryNotFoundError

from benchmarks.architecture import UNET
from pix2pix import CheckpointError
from pix2pix.diffusion import loading
from pix2pix.diffusion.checkpoints import find
from pix2pix.diffusion.loading import load

CPU = torch.device("cpu")


def remove_weights(folder):
    for file in folder.glob("vae/*.safetensors"):
        file.unlink()


def cut_weights(folder):
    for file in folder.glob("unet/*.safetensors"):
        file.write_bytes(file.read_bytes()[:1000])


def remove_index(folder):
    (folder / "model_index.json").unlink()


def empty_index(folder):
    (folder / "model_index.json").write_text("{}")


def garbled_index(folder):
    (folder / "model_index.json").write_text("[1, 2")


def remove_tokenizer(folder):
    shutil.rmtree(folder / "tokenizer")


def foreign_code(folder):
    (folder / "unet" / "evil.py").write_text("raise SystemExit('executed')")
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "unet": ["evil", "UNet"]}))


def foreign_pipeline(folder):
    (folder / "pipeline.py").write_text("raise SystemExit('executed')")
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "_class_name": ["pipeline", "Evil"]}))


def text_to_image_unet(folder):
    """A checkpoint of plain Stable Diffusion: its UNet takes the noisy latents only."""
    UNet2DConditionModel(
        **{**UNET, "in_channels": 4, "block_out_channels": [32] * 4, "layers_per_block": 1, "cross_attention_dim": 32}
    ).save_pretrained(folder / "unet")
    for file in folder.glob("*/*.fp16.safetensors"):
        file.unlink()


@pytest.mark.parametrize(
    "damage",
    [
        remove_weights,
        cut_weights,
        remove_index,
        empty_index,
        garbled_index,
        remove_tokenizer,
        foreign_code,
        foreign_pipeline,
        text_to_image_unet,
    ],
)
def test_a_broken_checkpoint_is_one_sentence(folder, damage):
    damage(folder)
    with pytest.raises(CheckpointError) as caught:
        load(find(str(folder)), CPU)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert str(folder.parent) not in text
    assert "instruct-pix2pix" in text
    assert "pocket" in text  # what to do instead
    if damage is text_to_image_unet:
        assert "4 channels" in text


def name_pipeline(folder, kind):
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "_class_name": kind}))


OTHER_PIPELINES = [
    "StableDiffusionXLPipeline",
    "StableDiffusionPipeline",
    "StableDiffusionXLInstructPix2PixPipeline",
    "FluxKontextPipeline",
]


@pytest.mark.parametrize("kind", OTHER_PIPELINES)
def test_another_pipeline_is_told_what_it_is(folder, kind):
    name_pipeline(folder, kind)
    with pytest.raises(CheckpointError, match=rf"^instruct-pix2pix is a {kind}, not an InstructPix2Pix; .*pocket.*\.$"):
        load(find(str(folder)), CPU)


@pytest.mark.parametrize("kind", OTHER_PIPELINES)
def test_another_pipeline_of_the_hub_is_told_before_it_is_downloaded(folder, kind, monkeypatch):
    name_pipeline(folder, kind)
    monkeypatch.setattr(loading, "hf_hub_download", lambda name, file: str(folder / file))
    monkeypatch.setattr(loading.StableDiffusionInstructPix2PixPipeline, "download", lambda *_, **__: pytest.fail("no"))
    with pytest.raises(CheckpointError, match=f"^somebody/something is a {kind}, not an InstructPix2Pix"):
        load(find("somebody/something"), CPU)


@pytest.mark.parametrize("kind", ["<b>Evil</b>", "a.b", "two\nlines", "X" * 1000, ""])
def test_a_name_of_a_pipeline_that_is_none_is_not_repeated(folder, kind):
    name_pipeline(folder, kind)
    with pytest.raises(CheckpointError, match="is no InstructPix2Pix that this program can run") as caught:
        load(find(str(folder)), CPU)
    assert not kind or kind not in str(caught.value)


def test_a_repository_without_an_index_is_no_question_of_the_network(monkeypatch):
    def download(name, file):
        raise RemoteEntryNotFoundError("404", response=MagicMock())

    monkeypatch.setattr(loading, "hf_hub_download", download)
    with pytest.raises(CheckpointError, match=r"^somebody/something lacks a file .*\.$"):
        load(find("somebody/something"), CPU)


def test_too_little_memory_is_told_as_such(written, monkeypatch, caplog):
    def full(*_):
        raise RuntimeError("MPS backend out of memory (MPS allocated: 8.9 GB)")

    monkeypatch.setattr(loading, "_place", full)
    with pytest.raises(CheckpointError, match=r"too little memory for instruct-pix2pix; .*pocket"):
        load(find(str(written[0])), CPU)
    assert caplog.records == []


def test_an_unexpected_error_while_loading_is_logged(written, monkeypatch, caplog):
    def broken(*_):
        raise IndexError("a library broke")

    monkeypatch.setattr(loading, "_place", broken)
    with caplog.at_level(logging.ERROR), pytest.raises(CheckpointError, match="missing or broken"):
        load(find(str(written[0])), CPU)
    (record,) = caplog.records
    assert "a library broke" in str(record.exc_info[1])
    assert str(written[0]) not in record.getMessage()
