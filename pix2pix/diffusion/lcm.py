"""An LCM-LoRA fused into a checkpoint, which then draws in a few steps: Luo et al., arXiv:2311.05556."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from diffusers import LCMScheduler, StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel
from diffusers.utils import USE_PEFT_BACKEND
from safetensors import SafetensorError
from safetensors.torch import load_file

from pix2pix.diffusion.checkpoints import LORA_WEIGHTS, USE_POCKET
from pix2pix.diffusion.device import is_out_of_memory
from pix2pix.errors import CheckpointError

PEFT = "peft==0.21.2"  # optional; as in requirements-lora.txt
SPEAKERS = ("diffusers.loaders.peft", "diffusers.loaders.lora_base", "diffusers.utils.peft_utils")


def require_peft() -> None:
    """Make sure that LoRAs can be read.

    Raises:
        CheckpointError: PEFT is not there, or too old for diffusers.
    """
    if not USE_PEFT_BACKEND:
        raise CheckpointError(f"A LoRA needs PEFT, which is not installed: “pip install {PEFT}” brings it.")


def fuse(pipeline: StableDiffusionInstructPix2PixPipeline, file: Path, name: str) -> None:
    """Add the LoRA in ``file`` to the weights of the UNet, in their dtype, and let the scheduler be that of LCMs.

    Args:
        name: what people call the LoRA.

    Raises:
        CheckpointError: it cannot be read, or not all of it fits; then ``pipeline`` is of no use any more.
    """
    tensors = _read(file, name)
    try:
        weights = _scaled(tensors)
        with _unheard():
            pipeline.load_lora_weights(weights)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise _misfit(name) from error
    if not _is_all_of(weights, pipeline.unet):
        raise _misfit(name)
    pipeline.fuse_lora(components=["unet"])
    pipeline.unload_lora_weights()
    pipeline.scheduler = LCMScheduler.from_config(pipeline.scheduler.config)


def _read(file: Path, name: str) -> dict[str, torch.Tensor]:
    """Its tensors only: the settings for PEFT that a file may hold as well could name code to import."""
    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"The LoRA {name} cannot be read (its {LORA_WEIGHTS} is missing or broken); get it again, or {USE_POCKET}."
        ) from error


def _scaled(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same LoRA without its alphas, of which diffusers forgets those of attention where layers have different ones.

    A layer adds alpha / rank * up @ down; without an alpha up @ down.
    """
    weights = {name: tensor.float() for name, tensor in tensors.items() if not name.endswith(".alpha")}
    for name in tensors.keys() - weights.keys():
        up = f"{name.removesuffix('.alpha')}.lora_up.weight"
        weights[up] = tensors[name].float() / weights[up].shape[1] * weights[up]
    return weights


def _is_all_of(weights: Mapping[str, torch.Tensor], unet: UNet2DConditionModel) -> bool:
    """Whether the UNet took all ``weights`` and has nothing besides them, for diffusers only warns where it did not."""
    taken = [tensor.shape for name, tensor in unet.state_dict().items() if ".lora_" in name]
    return bool(taken) and sorted(taken) == sorted(tensor.shape for tensor in weights.values())


def _misfit(name: str) -> CheckpointError:
    return CheckpointError(f"The LoRA {name} does not fit this model; take one made for it, or {USE_POCKET}.")


@contextmanager
def _unheard() -> Iterator[None]:
    """What diffusers remarks on a LoRA is held back: it lists tensors by the hundred, and people get a sentence."""
    loggers = [logging.getLogger(name) for name in SPEAKERS]
    before = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled
