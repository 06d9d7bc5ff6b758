"""Small random checkpoints: one for mechanics, one with the exact layout of timbrooks/instruct-pix2pix."""

import itertools
import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    EulerAncestralDiscreteScheduler,
    StableDiffusionInstructPix2PixPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import pix2pix
from benchmarks.architecture import SCHEDULER, UNET, VAE
from pix2pix import Editor
from pix2pix.diffusion.checkpoints import Checkpoint
from pix2pix.request import Defaults

POCKET = Path(pix2pix.__file__).parent / "pocket"


def tiny_pipeline() -> StableDiffusionInstructPix2PixPipeline:
    """Seeded random weights; VAE factor 2, UNet downsampling 2, so the grid is 4."""
    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(POCKET / "tokenizer")
    pipeline = StableDiffusionInstructPix2PixPipeline(
        vae=AutoencoderKL(
            block_out_channels=(16, 16),
            down_block_types=["DownEncoderBlock2D"] * 2,
            up_block_types=["UpDecoderBlock2D"] * 2,
            norm_num_groups=8,
            latent_channels=4,
        ),
        text_encoder=CLIPTextModel(_text_config(len(tokenizer), tokenizer.eos_token_id, positions=32)),
        tokenizer=tokenizer,
        unet=UNet2DConditionModel(
            sample_size=16,
            in_channels=8,
            out_channels=4,
            block_out_channels=(16, 32),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            layers_per_block=1,
            cross_attention_dim=16,
            attention_head_dim=4,
            norm_num_groups=8,
        ),
        scheduler=EulerAncestralDiscreteScheduler.from_config(SCHEDULER),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def editor_of(pipeline: StableDiffusionInstructPix2PixPipeline) -> Editor:
    """An editor of ``tiny_pipeline()``, whose own size is small, too."""
    defaults = Defaults(num_inference_steps=3, guidance_scale=3.0, image_guidance_scale=1.5, resolution=32)
    return Editor(pipeline, Checkpoint("tiny", "tiny/tiny", defaults=defaults))


def _text_config(vocabulary: int, eos: int, positions: int, width: int = 16) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=positions,
        projection_dim=width,
        bos_token_id=eos - 1,
        eos_token_id=eos,
        pad_token_id=eos,
    )


MODEL_INDEX = {
    "_class_name": "StableDiffusionInstructPix2PixPipeline",
    "_diffusers_version": "0.12.0.dev0",
    "feature_extractor": ["transformers", "CLIPImageProcessor"],
    "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
    "scheduler": ["diffusers", "EulerAncestralDiscreteScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def write_instruct_pix2pix(folder: Path, fp16: bool = True) -> StableDiffusionInstructPix2PixPipeline:
    """Write the files of timbrooks/instruct-pix2pix with few channels and random weights, and return what was written.

    Names of files and of tensors are those of the hub, older than the libraries that read them here.
    """
    torch.manual_seed(1)
    _write_tokenizer(folder / "tokenizer")
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    pipeline = StableDiffusionInstructPix2PixPipeline(
        vae=AutoencoderKL(**{**VAE, "block_out_channels": [32, 32, 32, 32], "layers_per_block": 1}),
        text_encoder=CLIPTextModel(_text_config(len(tokenizer), tokenizer.eos_token_id, positions=77, width=32)),
        tokenizer=tokenizer,
        unet=UNet2DConditionModel(
            **{**UNET, "block_out_channels": [32, 32, 64, 64], "layers_per_block": 1, "cross_attention_dim": 32},
        ),
        scheduler=EulerAncestralDiscreteScheduler.from_config(SCHEDULER),
        safety_checker=safety_checker(),
        feature_extractor=CLIPImageProcessorPil(size={"shortest_edge": 224}, crop_size={"height": 224, "width": 224}),
    )
    for variant in (None, "fp16") if fp16 else (None,):
        pipeline.to(dtype=torch.float16 if variant else torch.float32).save_pretrained(folder, variant=variant)
    _rename_tensors(folder)
    _write_tokenizer(folder / "tokenizer")
    (folder / "tokenizer" / "tokenizer.json").unlink()
    (folder / "model_index.json").write_text(json.dumps(MODEL_INDEX))
    return pipeline


LORA_LAYERS = (  # those that diffusers' script for LCM-LoRAs trains; conv_in, which is wider here, is none of them
    *("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"),
    *("conv1", "conv2", "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv", "time_emb_proj"),
)


def lora(unet: UNet2DConditionModel, alphas: tuple[float, ...] = (8.0,)) -> dict[str, torch.Tensor]:
    """Seeded random tensors under the kind of names that latent-consistency/lcm-lora-sdv1-5 has, kohya's.

    The rank is 4; the layers take the ``alphas`` in turn.
    """
    generator = torch.Generator().manual_seed(2)
    tensors = {}
    layers = [(name, module.weight) for name, module in unet.named_modules() if name.endswith(LORA_LAYERS)]
    for (name, weight), alpha in zip(layers, itertools.cycle(alphas)):
        size, inputs, *kernel = weight.shape
        key = f"lora_unet_{name.replace('.', '_')}"
        tensors[f"{key}.lora_down.weight"] = torch.randn(4, inputs, *kernel, generator=generator) * 0.1
        tensors[f"{key}.lora_up.weight"] = torch.randn(size, 4, *(1 for _ in kernel), generator=generator) * 0.1
        tensors[f"{key}.alpha"] = torch.tensor(alpha)
    return tensors


def safety_checker() -> StableDiffusionSafetyChecker:
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision = {**tower, "image_size": 224, "patch_size": 32}
    checker = StableDiffusionSafetyChecker(CLIPConfig(text_config=tower, vision_config=vision, projection_dim=16))
    checker.concept_embeds_weights.data.fill_(10.0)  # random concepts are never near enough, so nothing is flagged
    checker.special_care_embeds_weights.data.fill_(10.0)
    return checker


def _write_tokenizer(folder: Path) -> None:
    """vocab.json and merges.txt with single letters only, and the special tokens CLIP has."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: index for index, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    special = {
        name: {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
        for name, content in (
            ("bos_token", "<|startoftext|>"),
            ("eos_token", "<|endoftext|>"),
            ("unk_token", "<|endoftext|>"),
        )
    }
    (folder / "special_tokens_map.json").write_text(json.dumps({**special, "pad_token": "<|endoftext|>"}))
    config = {
        **special,
        "pad_token": "<|endoftext|>",
        "model_max_length": 77,
        "do_lower_case": True,
        "errors": "replace",
        "add_prefix_space": False,
        "tokenizer_class": "CLIPTokenizer",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def _rename_tensors(folder: Path) -> None:
    old_attention = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    for file in folder.glob("*/*.safetensors"):
        tensors = load_file(file)
        if file.parent.name == "text_encoder":
            tensors = {f"text_model.{name}": tensor for name, tensor in tensors.items()}
            tensors["text_model.embeddings.position_ids"] = torch.arange(77)[None]
        if file.parent.name == "safety_checker":
            tensors = {name.replace("vision_model.", "vision_model.vision_model.", 1): t for name, t in tensors.items()}
        if file.parent.name == "vae":
            for new, old in old_attention.items():
                tensors = {name.replace(f".{new}.", f".{old}."): tensor for name, tensor in tensors.items()}
        save_file(tensors, file, metadata={"format": "pt"})
