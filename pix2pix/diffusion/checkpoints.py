"""What can be run, as data: pocket, checkpoints of the hub by id, folders in diffusers layout, any of them with a LoRA.

Knows no torch.
"""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

from huggingface_hub import try_to_load_from_cache

from pix2pix.errors import CheckpointError
from pix2pix.request import SETTINGS, Defaults

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
GUIDANCE_LIMITS = tuple(s.bounds[1] for s in SETTINGS if s.name.endswith("guidance_scale") and s.bounds)
ABILITIES = "abilities.json"  # what a checkpoint of ours can do, as data beside its weights
IDEAS_PER_FAMILY = 2
LORA_WEIGHTS = "pytorch_lora_weights.safetensors"  # the only file of a LoRA that is read
LCM_ZONES = ((1, "rough"), (2, "quick"), (4, "balanced"), (9, "more than it was made for"))


@dataclass(frozen=True)
class Lora:
    """An LCM-LoRA (Luo et al., arXiv:2311.05556): what makes a checkpoint draw in a few steps.

    Its attributes are those of a ``Checkpoint``.
    """

    name: str
    source: str
    revision: str | None = None
    is_folder: bool = False


@dataclass(frozen=True)
class Checkpoint:
    """Something that can be run.

    Attributes:
        name: what people call it; also written into receipts, so never a path.
        source: hub id or folder.
        revision: full commit hash on the hub; ``None`` for a folder, or for a hub id nobody pinned. Of a checkpoint
            that was loaded with a LoRA, the hash of the LoRA stands behind it, after a plus.
        is_folder: whether ``source`` is a folder. Decided when the checkpoint is found and never by a later look at the
            disk, so that no folder can take the place of a hub id.
        lora: what is fused into its UNet; ``None`` for nothing.
        defaults: the settings it works best with; a resolution of ``None`` means what its UNet was trained on.
        summary: one line for lists.
        about: what a person should know of it, a sentence or two.
        suggestions: instructions it does well.
        step_zones: what its numbers of steps are good for, each from a number on.
        notches: how far one press of "change more" or "keep more" moves text guidance and image guidance.
        guidance_limits: the largest text guidance and image guidance that still give a picture; its sliders end there.
    """

    name: str
    source: str
    revision: str | None = None
    is_folder: bool = False
    lora: Lora | None = None
    defaults: Defaults = INSTRUCT_PIX2PIX_DEFAULTS
    summary: str = ""
    about: str = ""
    suggestions: tuple[str, ...] = INSTRUCT_PIX2PIX_SUGGESTIONS
    step_zones: tuple[tuple[int, str], ...] = INSTRUCT_PIX2PIX_ZONES
    notches: tuple[float, float] = (1.0, 0.2)
    guidance_limits: tuple[float, ...] = GUIDANCE_LIMITS

    @property
    def steps_advice(self) -> str:
        """The zones as a line for people."""
        ends = [f" to {start - 1}" for start, _ in self.step_zones[1:]] + [" and more"]
        zones = zip(self.step_zones, ends, strict=True)
        parts = [f"{start}{'' if end == f' to {start}' else end}: {name}" for (start, name), end in zones]
        return " · ".join(parts)


def _in_folder(folder: Path) -> Checkpoint:
    """The checkpoint in ``folder``, with the defaults and suggestions of its ``abilities.json`` if it has one."""
    checkpoint = Checkpoint(name=folder.name, source=str(folder), is_folder=True)
    try:
        abilities = json.loads((folder / ABILITIES).read_text(encoding="utf-8"))
        defaults = Defaults(**{name: abilities[name] for name in Defaults.__dataclass_fields__})
        zones = tuple((start, name) for start, name in abilities["step_zones"])
        limits = tuple(map(float, abilities.get("guidance_limits", GUIDANCE_LIMITS)))  # older checkpoints name none
        ideas = tuple(idea for family in abilities["families"] for idea in family["examples"][:IDEAS_PER_FAMILY])
    except (OSError, ValueError, KeyError, TypeError):
        return checkpoint
    return replace(
        checkpoint,
        defaults=defaults,
        suggestions=ideas,
        step_zones=zones,
        notches=(0.15, 0.15),
        guidance_limits=limits,
    )


POCKET = replace(
    _in_folder(Path(__file__).parents[1] / "pocket"),
    summary="small photo-effects model that comes with this program; runs anywhere",
    about="It changes light, colours, weather and style, of all or a named part; objects and faces it does not know.",
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


def find(name: str | os.PathLike[str]) -> Checkpoint:
    """The checkpoint that ``name`` stands for: a known name, a folder in diffusers layout, or any hub id.

    Behind one of these, after a plus, may stand the LoRA to fuse into it: a folder, or any hub id.

    Raises:
        CheckpointError: it is none of these; an empty name is not the current folder.
    """
    name = os.fspath(name)
    for checkpoint in KNOWN:
        if name == checkpoint.name:
            return checkpoint
    if os.path.isdir(name):
        return _in_folder(Path(name).resolve())
    base, plus, lora = name.rpartition("+")
    if plus:
        return _with_lora(find(base), _find_lora(lora))
    if not _is_id(name):
        raise CheckpointError(f"There is no model of that name; {USE_POCKET}, a folder, or an id like “owner/name”.")
    return Checkpoint(name=name, source=name)


def _is_id(name: str) -> bool:
    return name.count("/") == 1 and not name.startswith((".", "/", "~"))


def _find_lora(name: str) -> Lora:
    if os.path.isdir(name):
        folder = Path(name).resolve()
        return Lora(name=folder.name, source=str(folder), is_folder=True)
    if not _is_id(name):
        raise CheckpointError("There is no LoRA of that name; after the plus goes a folder or an id like “owner/name”.")
    return Lora(name=name, source=name)


def _with_lora(base: Checkpoint, lora: Lora) -> Checkpoint:
    """``base`` with ``lora`` in it, at the settings that were recommended for LCM-LoRAs: few steps, little guidance."""
    if base.lora is not None:
        raise CheckpointError("A model takes one LoRA only; leave the others out.")
    return replace(
        base,
        name=f"{base.name}+{lora.name}",
        lora=lora,
        defaults=replace(base.defaults, num_inference_steps=4, guidance_scale=1.5, image_guidance_scale=1.0),
        about=f"{base.about} With this LoRA it draws in four steps.".strip(),
        step_zones=LCM_ZONES,
        notches=(0.25, 0.2),
    )


def is_on_this_machine(checkpoint: Checkpoint) -> bool:
    """Whether ``checkpoint`` can be loaded without a download."""
    weights = ("unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.safetensors")
    has_lora = checkpoint.lora is None or _is_here(checkpoint.lora, LORA_WEIGHTS)
    return has_lora and _is_here(checkpoint, *weights)


def _is_here(one: Checkpoint | Lora, *files: str) -> bool:
    """Whether ``one`` is a folder, or one of its ``files`` was downloaded."""
    cached = (try_to_load_from_cache(one.source, file, revision=one.revision) for file in files)
    return one.is_folder or any(isinstance(path, str) for path in cached)
