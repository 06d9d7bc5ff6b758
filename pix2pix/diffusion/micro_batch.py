"""How many photos go through the model together."""

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline

LARGE_GPU_BYTES = 14 * 1000**3


def micro_batch(pipeline: StableDiffusionInstructPix2PixPipeline) -> int:
    """The number to begin with on the pipeline's device; who runs out of memory takes fewer.

    A GPU is idle between the many small kernels of one edit, so several at once are faster: 4, or 8 on a large one. A
    CPU is busy with one already, and more of them only fall out of its caches (measured: benchmarks/GALLERY.md).
    """
    device = pipeline._execution_device
    if device.type == "cuda":
        return 8 if torch.cuda.get_device_properties(device).total_memory >= LARGE_GPU_BYTES else 4
    return 2 if device.type == "mps" else 1
