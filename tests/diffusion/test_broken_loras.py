"""Everything that can be wrong with a LoRA is one sentence that says what to do instead."""

from unittest.mock import MagicMock

import pytest
import torch
from huggingface_hub.errors import RemoteEntryNotFoundError
from safetensors.torch import load_file, save_file

from pix2pix import CheckpointError, Editor
from pix2pix.diffusion import lcm, loading
from tests import ROOT
from tests.diffusion.test_lcm import OF_HUB, WEIGHTS, load


def no_file(file):
    file.unlink()


def cut(file):
    file.write_bytes(file.read_bytes()[:1000])


def pickled(file):
    tensors = load_file(file)
    file.unlink()
    torch.save(tensors, file.with_suffix(".bin"))


def pickled_under_its_name(file):
    torch.save(load_file(file), file)


@pytest.mark.parametrize("damage", [no_file, cut, pickled, pickled_under_its_name])
def test_one_that_cannot_be_read_is_one_sentence(lora_folder, damage):
    damage(lora_folder / "lcm" / WEIGHTS)
    with pytest.raises(CheckpointError) as caught:
        load(lora_folder)
    assert str(caught.value) == (
        "The LoRA lcm cannot be read (its pytorch_lora_weights.safetensors is missing or broken); "
        "get it again, or use the model “pocket”, which comes with this program."
    )


LAYER = "lora_unet_mid_block_attentions_0_proj_in"
PAIR = {"lora_down.weight": torch.ones(4, 32, 1, 1), "lora_up.weight": torch.ones(32, 4, 1, 1)}


def more(layer):
    return {f"{layer}.{name}": tensor for name, tensor in PAIR.items()}


MISFITS = {
    "nothing": lambda tensors: {},
    "of a wider UNet": lambda tensors: tensors | {f"{LAYER}.lora_up.weight": torch.ones(64, 4, 1, 1)},
    "of a larger kernel": lambda tensors: tensors | {f"{LAYER}.lora_down.weight": torch.ones(4, 32, 3, 3)},
    "of another rank": lambda tensors: tensors | {f"{LAYER}.lora_down.weight": torch.ones(2, 32, 1, 1)},
    "a layer more": lambda tensors: tensors | more("lora_unet_down_blocks_7_attentions_0_proj_in"),
    "another layer only": lambda tensors: more("lora_unet_down_blocks_7_attentions_0_proj_in"),
    "the text encoder, too": lambda tensors: tensors | more("lora_te_text_model_encoder_layers_0_self_attn_q_proj"),
    "half a layer": lambda tensors: {name: t for name, t in tensors.items() if name != f"{LAYER}.lora_up.weight"},
    "an alpha of nothing": lambda tensors: tensors | {"lora_unet_nowhere.alpha": torch.tensor(1.0)},
    "a magnitude": lambda tensors: tensors | {f"{LAYER}.dora_scale": torch.ones(32, 1)},
    "half a layer of diffusers": lambda tensors: {
        "unet.mid_block.attentions.0.proj_in.lora_A.weight": PAIR["lora_down.weight"]
    },
    "a layer more of diffusers": lambda tensors: {
        f"unet.{layer}.proj_in.lora_{which}.weight": tensor
        for layer in ("mid_block.attentions.0", "mid_block.attentions.1")
        for which, tensor in zip("AB", PAIR.values(), strict=True)
    },
    "weights of another kind": lambda tensors: {"conv_in.weight": torch.ones(16, 8, 3, 3)},
}


@pytest.mark.parametrize("change", MISFITS.values(), ids=MISFITS.keys())
def test_one_that_does_not_fit_as_a_whole_is_one_sentence(lora_folder, change, capfd):
    file = lora_folder / "lcm" / WEIGHTS
    save_file({name: tensor.clone() for name, tensor in change(load_file(file)).items()}, file)
    with pytest.raises(CheckpointError) as caught:
        load(lora_folder)
    assert str(caught.value) == (
        "The LoRA lcm does not fit this model; take one made for it, "
        "or use the model “pocket”, which comes with this program."
    )
    assert "size mismatch" not in capfd.readouterr().err


def test_without_peft_a_sentence_says_how_to_get_it(made, monkeypatch):
    monkeypatch.setattr(lcm, "USE_PEFT_BACKEND", False)
    with pytest.raises(CheckpointError) as caught:
        load(made)
    pinned = (ROOT / "requirements-lora.txt").read_text().strip()
    assert str(caught.value) == f"A LoRA needs PEFT, which is not installed: “pip install {pinned}” brings it."
    assert Editor.load(str(made / "base"), device="cpu").checkpoint.name == "base"


def test_a_hub_that_cannot_be_reached_is_one_sentence(made, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError) as caught:
        Editor.load(f"{made / 'base'}+{OF_HUB}", device="cpu")
    assert str(caught.value).startswith(
        f"{OF_HUB} is not on this machine and Hugging Face cannot be reached; go online"
    )


def test_a_repository_without_a_lora_is_no_question_of_the_network(made, monkeypatch):
    def download(*_, **__):
        raise RemoteEntryNotFoundError("404", response=MagicMock())

    monkeypatch.setattr(loading, "hf_hub_download", download)
    with pytest.raises(CheckpointError, match=rf"^{OF_HUB} lacks a file of a LoRA; take another one, or .*\.$"):
        Editor.load(f"{made / 'base'}+{OF_HUB}", device="cpu")
