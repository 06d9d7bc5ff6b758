"""A checkpoint onto a device. Weights are read from safetensors only, and nothing that comes with them is executed."""

import json
import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import (
    HFValidationError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from pix2pix.diffusion.checkpoints import LORA_WEIGHTS, USE_POCKET, Checkpoint, Lora
from pix2pix.diffusion.device import is_out_of_memory
from pix2pix.diffusion.lcm import fuse, require_peft
from pix2pix.diffusion.speed.convolutions import quicken
from pix2pix.errors import CheckpointError

INDEX = "model_index.json"
KIND = "StableDiffusionInstructPix2PixPipeline"
MAX_KIND_LENGTH = 80
SAFETY_CHECKER_SWITCH = "PIX2PIX_SAFETY_CHECKER"
OFFLOAD_BELOW_BYTES = 6 * 1024**3
TRUSTED_LIBRARIES = {"diffusers", "transformers", "stable_diffusion", None}

logger = logging.getLogger(__name__)


def load(checkpoint: Checkpoint, device: torch.device) -> tuple[StableDiffusionInstructPix2PixPipeline, Checkpoint]:
    """Read ``checkpoint`` onto ``device``, downloading it first if it must be: fp16 on a GPU, fp32 on the CPU.

    Returns:
        The pipeline, and the checkpoint with its revision and resolution filled in.

    Raises:
        CheckpointError: it cannot be reached, a file is missing or broken, or it is no InstructPix2Pix; or its LoRA
            cannot be reached or read, does not fit, or needs PEFT.
    """
    lora_file = _lora_file(checkpoint.lora) if checkpoint.lora else None  # first, because it is the smaller one
    folder = Path(checkpoint.source) if checkpoint.is_folder else _download(checkpoint)
    index = _read_index(folder, checkpoint)
    try:
        pipeline = _read(folder, index, torch.float32 if device.type == "cpu" else torch.float16)
        if checkpoint.lora and lora_file:
            fuse(pipeline, lora_file, checkpoint.lora.name)
        _place(pipeline, device)
    except CheckpointError:
        raise
    except Exception as error:
        failure = _not_loaded(checkpoint, error)
        raise failure from error.with_traceback(None)  # its frames would keep the weights in memory
    _check_channels(pipeline, checkpoint)
    resolution = checkpoint.defaults.resolution or pipeline.unet.config.sample_size * pipeline.vae_scale_factor
    defaults = replace(checkpoint.defaults, resolution=resolution)
    return pipeline, replace(checkpoint, revision=_revision(checkpoint, folder, lora_file), defaults=defaults)


def _revision(checkpoint: Checkpoint, folder: Path, lora_file: Path | None) -> str | None:
    """The commits of what came from the hub, whose cache names folders by them."""
    commits = [] if checkpoint.is_folder else [folder.name]
    if lora_file and checkpoint.lora and not checkpoint.lora.is_folder:
        commits.append(lora_file.parent.name)
    return "+".join(commits) or None


def _lora_file(lora: Lora) -> Path:
    """The weights of ``lora``, in its folder or in the hub's cache."""
    require_peft()
    if lora.is_folder:
        return Path(lora.source) / LORA_WEIGHTS
    try:
        return Path(hf_hub_download(lora.source, LORA_WEIGHTS, revision=lora.revision))
    except Exception as error:
        raise CheckpointError(f"{_why_not_downloaded(lora.name, error, 'a LoRA')}, or {USE_POCKET}.") from error


def _download(checkpoint: Checkpoint) -> Path:
    """The folder of ``checkpoint`` in the hub's cache; huggingface_hub draws the progress line."""
    try:
        if checkpoint.revision is None:  # nobody has looked at it yet, and another kind of model has gigabytes, too
            _read_index(Path(hf_hub_download(checkpoint.source, INDEX)).parent, checkpoint)
        folder = StableDiffusionInstructPix2PixPipeline.download(
            checkpoint.source,
            revision=checkpoint.revision,
            use_safetensors=True,
            variant="fp16",
            **_without_safety_checker(),
        )
        return Path(folder)
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(f"{_why_not_downloaded(checkpoint.name, error)}, or {USE_POCKET}.") from error


def _why_not_downloaded(name: str, error: Exception, kind: str = "a model in diffusers layout") -> str:
    if _is_caused_by(error, HFValidationError, RepositoryNotFoundError, RevisionNotFoundError):
        return f"Hugging Face has no public model “{name}”; check its name"
    if _is_caused_by(error, RemoteEntryNotFoundError):
        return f"{name} lacks a file of {kind}; take another one"
    if not _is_caused_by(error, OSError):  # which the network and the hub itself raise
        logger.error("A model could not be downloaded.", exc_info=error)
    return f"{name} is not on this machine and Hugging Face cannot be reached; go online once"


def _is_caused_by(error: BaseException | None, *kinds: type[BaseException]) -> bool:
    while error is not None and not isinstance(error, kinds):
        error = error.__cause__
    return error is not None


def _read_index(folder: Path, checkpoint: Checkpoint) -> dict[str, Any]:
    """The checkpoint's ``model_index.json``, once it is sure that it describes an InstructPix2Pix and runs no code.

    Raises:
        CheckpointError: it does not, or it cannot be read.
    """
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        kind = index["_class_name"]
        parts = {name: value for name, value in index.items() if isinstance(value, list)}
        is_trusted = isinstance(kind, str) and all(library in TRUSTED_LIBRARIES for library, _ in parts.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{checkpoint.name} is no model in diffusers layout (its {INDEX} cannot be read); {USE_POCKET}."
        ) from error
    if is_trusted and kind != KIND and kind.isidentifier() and len(kind) < MAX_KIND_LENGTH:
        raise CheckpointError(f"{checkpoint.name} is a {kind}, not an InstructPix2Pix; {USE_POCKET}.")
    if not is_trusted or kind != KIND or "unet" not in parts:
        raise CheckpointError(f"{checkpoint.name} is no InstructPix2Pix that this program can run; {USE_POCKET}.")
    return index


def _read(folder: Path, index: dict[str, Any], dtype: torch.dtype) -> StableDiffusionInstructPix2PixPipeline:
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(
        folder,
        dtype=dtype,
        use_safetensors=True,
        variant=_variant(folder),
        local_files_only=True,
        **_replaced_components(index, folder),
    )
    if len(pipeline.tokenizer) < pipeline.text_encoder.config.vocab_size:  # transformers makes up what is missing
        raise FileNotFoundError("the tokenizer's files are missing")
    return pipeline


def _replaced_components(index: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Components that are not read as the index says: no safety checker if switched off, and renamed classes."""
    components = _without_safety_checker()
    if index.get("feature_extractor", [None, None])[1] == "CLIPFeatureExtractor":  # its name before transformers 5
        from transformers import CLIPImageProcessorPil

        components["feature_extractor"] = CLIPImageProcessorPil.from_pretrained(folder / "feature_extractor")
    return components


def _without_safety_checker() -> dict[str, Any]:
    if os.environ.get(SAFETY_CHECKER_SWITCH, "").lower() == "off":
        return {"safety_checker": None, "requires_safety_checker": False}
    return {}


def _variant(folder: Path) -> str | None:
    return "fp16" if any(folder.glob("unet/*.fp16*.safetensors")) else None


def _place(pipeline: StableDiffusionInstructPix2PixPipeline, device: torch.device) -> None:
    if device.type == "cuda" and torch.cuda.mem_get_info(device)[0] < OFFLOAD_BELOW_BYTES:
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.to(device)
    if device.type == "cpu":
        quicken(pipeline.unet)
        quicken(pipeline.vae)


def _not_loaded(checkpoint: Checkpoint, error: Exception) -> CheckpointError:
    if is_out_of_memory(error):
        return CheckpointError(f"There is too little memory for {checkpoint.name}; {USE_POCKET}.")
    logger.error("A model could not be loaded.", exc_info=error)
    return CheckpointError(f"A file of {checkpoint.name} is missing or broken; get the model again, or {USE_POCKET}.")


def _check_channels(pipeline: StableDiffusionInstructPix2PixPipeline, checkpoint: Checkpoint) -> None:
    channels, latent_channels = pipeline.unet.config.in_channels, pipeline.vae.config.latent_channels
    if channels != 2 * latent_channels:
        raise CheckpointError(
            f"{checkpoint.name} is no InstructPix2Pix: its UNet takes {channels} channels where an InstructPix2Pix "
            f"takes twice the {latent_channels} of its latents; {USE_POCKET}."
        )
