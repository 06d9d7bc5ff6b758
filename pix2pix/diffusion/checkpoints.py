"""What can be run: pocket, checkpoints of the hub by id, folders in diffusers layout; and how one is loaded.

Weights are read from safetensors only and nothing that comes with a checkpoint is executed.
"""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from huggingface_hub import try_to_load_from_cache
from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError, RevisionNotFoundError

from pix2pix.errors import CheckpointError, InvalidRequest
from pix2pix.request import Defaults

SAFETY_CHECKER_SWITCH = "PIX2PIX_SAFETY_CHECKER"
OFFLOAD_BELOW_BYTES = 6 * 1024**3
TRUSTED_LIBRARIES = {"diffusers", "transformers", "stable_diffusion", None}
USE_POCKET = "use the model “pocket”, which comes with this program"
INSTRUCT_PIX2PIX_DEFAULTS = Defaults(num_inference_steps=30, guidance_scale=7.5, image_guidance_scale=1.5)
INSTRUCT_PIX2PIX_SUGGESTIONS = (
    "make it snowy",
    "turn it into an oil painting",
    "what if it were autumn?",
    "make it look like a medieval fresco",
    "put sunglasses on him",
    "as a watercolour",
)
INSTRUCT_PIX2PIX_ZONES = ((1, "rough"), (10, "subtle and quick"), (25, "balanced"), (50, "dramatic, slower"))
ABILITIES = "abilities.json"  # what a checkpoint of ours can do, as data beside its weights
IDEAS_PER_FAMILY = 2


@dataclass(frozen=True)
class Checkpoint:
    """Something that can be run.

    Attributes:
        name: what people call it; also written into receipts, so never a path.
        source: hub id or folder.
        revision: full commit hash on the hub; ``None`` for a folder, or for a hub id nobody pinned.
        defaults: the settings it works best with; a resolution of ``None`` means what its UNet was trained on.
        summary: one line for lists.
        about: what a person should know of it, a sentence or two.
        suggestions: instructions it does well.
        step_zones: what its numbers of steps are good for, each from a number on.
        notches: how far one press of "change more" or "keep more" moves text guidance and image guidance.
    """

    name: str
    source: str
    revision: str | None = None
    defaults: Defaults = INSTRUCT_PIX2PIX_DEFAULTS
    summary: str = ""
    about: str = ""
    suggestions: tuple[str, ...] = INSTRUCT_PIX2PIX_SUGGESTIONS
    step_zones: tuple[tuple[int, str], ...] = INSTRUCT_PIX2PIX_ZONES
    notches: tuple[float, float] = (1.0, 0.2)

    @property
    def steps_advice(self) -> str:
        """The zones as a line for people."""
        ends = [f" to {start - 1}" for start, _ in self.step_zones[1:]] + [" and more"]
        zones = zip(self.step_zones, ends, strict=True)
        parts = [f"{start}{'' if end == f' to {start}' else end}: {name}" for (start, name), end in zones]
        return " · ".join(parts)

    @property
    def is_folder(self) -> bool:
        return Path(self.source).is_dir()


def _in_folder(folder: Path) -> Checkpoint:
    """The checkpoint in ``folder``, with the defaults and suggestions of its ``abilities.json`` if it has one."""
    checkpoint = Checkpoint(name=folder.name, source=str(folder))
    try:
        abilities = json.loads((folder / ABILITIES).read_text(encoding="utf-8"))
        defaults = Defaults(**{name: abilities[name] for name in Defaults.__dataclass_fields__})
        zones = tuple((start, name) for start, name in abilities["step_zones"])
        ideas = tuple(idea for family in abilities["families"] for idea in family["examples"][:IDEAS_PER_FAMILY])
    except (OSError, ValueError, KeyError, TypeError):
        return checkpoint
    return replace(checkpoint, defaults=defaults, suggestions=ideas, step_zones=zones, notches=(0.15, 0.15))


POCKET = replace(
    _in_folder(Path(__file__).parents[1] / "pocket"),
    summary="small photo-effects model that comes with this program; runs anywhere",
    about="It changes light, colours, weather and style, of the whole picture or of a part that you name by its place, "
    "and frames pictures. Objects and faces it does not know: those are for the full InstructPix2Pix.",
)
INSTRUCT_PIX2PIX = Checkpoint(
    name="timbrooks/instruct-pix2pix",
    source="timbrooks/instruct-pix2pix",
    revision="31519b5cb02a7fd89b906d88731cd4d6a7bbf88d",
    defaults=replace(INSTRUCT_PIX2PIX_DEFAULTS, resolution=512),
    summary="the full model; wants a GPU and a download of 2.7 GB",
    about="The full InstructPix2Pix: it changes objects, people, places, seasons and styles.",
)
KNOWN = (POCKET, INSTRUCT_PIX2PIX)


def find(name: str | os.PathLike) -> Checkpoint:
    """The checkpoint that ``name`` stands for: a known name, a folder in diffusers layout, or any hub id.

    Raises:
        CheckpointError: it is none of these.
    """
    name = os.fspath(name)
    for checkpoint in KNOWN:
        if name == checkpoint.name:
            return checkpoint
    if Path(name).is_dir():
        return _in_folder(Path(name).resolve())
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise CheckpointError(f"There is no model of that name; {USE_POCKET}, a folder, or an id like “owner/name”.")
    return Checkpoint(name=name, source=name)


def is_on_this_machine(checkpoint: Checkpoint) -> bool:
    """Whether ``checkpoint`` can be loaded without a download."""
    if checkpoint.is_folder:
        return True
    weights = ("unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.safetensors")
    cached = (try_to_load_from_cache(checkpoint.source, file, revision=checkpoint.revision) for file in weights)
    return any(isinstance(path, str) for path in cached)


def choose_device(requested: str | None = None) -> torch.device:
    """The device asked for, or the best of this machine: a CUDA GPU, Apple's MPS, the CPU.

    Raises:
        InvalidRequest: the device asked for is not there.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if requested is None:
        return torch.device(next(kind for kind, there in available.items() if there))
    if not available.get(requested.partition(":")[0], False):
        raise InvalidRequest("This machine has no such device; use “cpu”, or leave the device open.")
    return torch.device(requested)


def load(checkpoint: Checkpoint, device: torch.device) -> tuple[StableDiffusionInstructPix2PixPipeline, Checkpoint]:
    """Read ``checkpoint`` onto ``device``, downloading it first if it must be: fp16 on a GPU, fp32 on the CPU.

    Returns:
        The pipeline, and the checkpoint with its revision and resolution filled in.

    Raises:
        CheckpointError: it cannot be reached, a file is missing or broken, or it is no InstructPix2Pix.
    """
    folder = Path(checkpoint.source) if checkpoint.is_folder else _download(checkpoint)
    dtype = torch.float32 if device.type == "cpu" else torch.float16
    index = _read_index(folder, checkpoint)
    try:
        pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            variant=_variant(folder),
            local_files_only=True,
            **_replaced_components(index, folder),
        )
        _check_vocabulary(pipeline)
        _place(pipeline, device)
    except torch.OutOfMemoryError:
        raise CheckpointError(f"This GPU has too little memory for {checkpoint.name}; {USE_POCKET}.") from None
    except Exception as error:
        raise CheckpointError(
            f"A file of {checkpoint.name} is missing or broken; get the model again, or {USE_POCKET}."
        ) from error
    _check_channels(pipeline, checkpoint)
    revision = None if checkpoint.is_folder else folder.name  # a snapshot's folder is named by its commit
    resolution = checkpoint.defaults.resolution or pipeline.unet.config.sample_size * pipeline.vae_scale_factor
    defaults = replace(checkpoint.defaults, resolution=resolution)
    return pipeline, replace(checkpoint, revision=revision, defaults=defaults)


def _download(checkpoint: Checkpoint) -> Path:
    """The folder of ``checkpoint`` in the hub's cache; huggingface_hub draws the progress line."""
    try:
        return Path(
            StableDiffusionInstructPix2PixPipeline.download(
                checkpoint.source,
                revision=checkpoint.revision,
                use_safetensors=True,
                variant="fp16",
                **_without_safety_checker(),
            )
        )
    except Exception as error:
        if _is_unknown(error):
            reason = f"Hugging Face has no public model “{checkpoint.name}”; check its name"
        else:
            reason = f"{checkpoint.name} is not on this machine and Hugging Face cannot be reached; go online once"
        raise CheckpointError(f"{reason}, or {USE_POCKET}.") from error


def _is_unknown(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, (HFValidationError, RepositoryNotFoundError, RevisionNotFoundError)):
            return True
        error = error.__cause__
    return False


def _read_index(folder: Path, checkpoint: Checkpoint) -> dict:
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        parts = {name: value for name, value in index.items() if isinstance(value, list)}
        trusted = isinstance(index["_class_name"], str) and all(
            library in TRUSTED_LIBRARIES for library, _ in parts.values()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{checkpoint.name} is no model in diffusers layout (its model_index.json cannot be read); {USE_POCKET}."
        ) from error
    if not trusted or "unet" not in parts:
        raise CheckpointError(f"{checkpoint.name} is no InstructPix2Pix that this program can run; {USE_POCKET}.")
    return index


def _replaced_components(index: dict, folder: Path) -> dict:
    """Components that are not read as the index says: no safety checker if switched off, and renamed classes."""
    components = _without_safety_checker()
    if index.get("feature_extractor", [None, None])[1] == "CLIPFeatureExtractor":  # its name before transformers 5
        from transformers import CLIPImageProcessorPil

        components["feature_extractor"] = CLIPImageProcessorPil.from_pretrained(folder / "feature_extractor")
    return components


def _without_safety_checker() -> dict:
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


def _check_vocabulary(pipeline: StableDiffusionInstructPix2PixPipeline) -> None:
    if len(pipeline.tokenizer) < pipeline.text_encoder.config.vocab_size:  # transformers makes up what is missing
        raise ValueError("the tokenizer's files are missing")


def _check_channels(pipeline: StableDiffusionInstructPix2PixPipeline, checkpoint: Checkpoint) -> None:
    channels, latent_channels = pipeline.unet.config.in_channels, pipeline.vae.config.latent_channels
    if channels != 2 * latent_channels:
        raise CheckpointError(
            f"{checkpoint.name} is no InstructPix2Pix: its UNet takes {channels} channels where an InstructPix2Pix "
            f"takes twice the {latent_channels} of its latents; {USE_POCKET}."
        )


def grid(pipeline: StableDiffusionInstructPix2PixPipeline) -> int:
    """What both sides of a canvas must be multiples of, in pixels: the VAE's factor times the UNet's downsampling."""
    return pipeline.vae_scale_factor * 2 ** (len(pipeline.unet.config.block_out_channels) - 1)
