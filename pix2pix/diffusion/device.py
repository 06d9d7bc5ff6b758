"""Where the model runs: which device, how many photos at once on it, and what happens when its memory runs out."""

import re
from contextlib import suppress

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline

from pix2pix.errors import InvalidRequest

LARGE_GPU_BYTES = 14 * 1000**3
NO_MEMORY = re.compile(  # CUDA, MPS, cuBLAS, the CPU and the operating system each say it in their own way
    r"out of memory|(not enough|insufficient) memory|alloc_failed|invalid buffer size"
    r"|(can't|cannot|could not|failed to|unable to) allocate",
    re.IGNORECASE,
)


def choose_device(requested: str | None = None) -> torch.device:
    """The device asked for, or the best of this machine: a CUDA GPU, Apple's MPS, the CPU.

    Raises:
        InvalidRequest: the device asked for is not there.
    """
    there = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    if requested is None:
        return torch.device(next(kind for kind, number in there.items() if number))
    with suppress(RuntimeError):  # which torch raises for a name that it does not know
        device = torch.device(requested)
        if (device.index or 0) < there.get(device.type, 0):
            return device
    raise InvalidRequest("This machine has no such device; use “cpu”, or leave the device open.")


def micro_batch(pipeline: StableDiffusionInstructPix2PixPipeline) -> int:
    """How many photos to send through the model together at first; the editor halves it where memory runs out.

    A GPU is idle between the many small kernels of one edit, so several at once are faster: 4, or 8 on a large one. A
    CPU is busy with one already, and more of them only fall out of its caches (measured with galleries of pocket).
    """
    device = pipeline._execution_device
    if device.type == "cuda":
        return 8 if torch.cuda.get_device_properties(device).total_memory >= LARGE_GPU_BYTES else 4
    return 2 if device.type == "mps" else 1


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` means that a device, or the machine, has too little memory."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or NO_MEMORY.search(str(error)) is not None


def give_back_memory(device: torch.device) -> None:
    """Return to ``device`` what torch's allocator holds in reserve, so that a smaller batch or another program fits."""
    with suppress(RuntimeError):  # a GPU that broke has nothing to give back, and its first error has been told
        if device.type == "cuda":
            torch.cuda.empty_cache()
        elif device.type == "mps":
            torch.mps.empty_cache()
