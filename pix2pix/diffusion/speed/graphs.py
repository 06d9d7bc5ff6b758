"""CUDA graphs: work of many small kernels, recorded once and from then on launched as a whole.

A UNet is some thousand kernels, each over sooner than Python launches the next one, so that a GPU mostly waits for
Python. See *CUDA Graphs* in the CUDA C++ Programming Guide, and `torch.cuda.graph`.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel

from pix2pix.diffusion.device import give_back_memory, is_out_of_memory

Work = Callable[..., tuple[torch.Tensor, ...]]  # a UNet and tensors come in

ONE_RECORDS = threading.Lock()
MOST = 8  # recordings that are kept: exact and fast, text and photo guided or not, a few shapes of photo

logger = logging.getLogger(__name__)


def at_once(work: Work, unet: UNet2DConditionModel, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """What ``work`` gives, launched kernel by kernel."""
    return work(unet, *inputs)


@dataclass(frozen=True, eq=False)
class Recording:
    """Work on tensors of fixed shapes, in memory that stays where it is."""

    graph: torch.cuda.CUDAGraph = field(repr=False)
    inputs: tuple[torch.Tensor, ...] = field(repr=False)
    outputs: tuple[torch.Tensor, ...] = field(repr=False)

    @classmethod
    def of(cls, work: Work, unet: UNet2DConditionModel, inputs: tuple[torch.Tensor, ...], pool: Any) -> "Recording":
        """Record what ``work`` launches; ``pool`` is the memory that recordings share, of which one runs at a time."""
        own, aside = tuple(given.clone() for given in inputs), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            work(unet, *own)  # libraries set themselves up in their first call, which cannot be recorded
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # On a stream of its own, where cuBLAS begins anew and so takes its workspace from the pool: that of ``aside``
        # is nobody's, and goes when somebody in this process compiles with CUDA graphs (seen: a launch failure).
        # Other threads may use the GPU meanwhile, because they draw previews, but only one in a process may record.
        with ONE_RECORDS, torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            outputs = work(unet, *own)
        return cls(graph, own, outputs)

    def replay(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What the work gives for ``inputs``, in memory that is the caller's."""
        for own, given in zip(self.inputs, inputs, strict=True):
            own.copy_(given)
        self.graph.replay()
        return tuple(output.clone() for output in self.outputs)


class Graphs:
    """Recordings of some work, by the shapes of its inputs. Used by one edit at a time."""

    def __init__(self, record: Callable[..., Recording] = Recording.of) -> None:
        self._record, self._pool = record, torch.cuda.graph_pool_handle() if torch.cuda.is_available() else None
        self._recordings: OrderedDict[Hashable, Recording | None] = OrderedDict()
        self._is_possible = True

    def run(self, work: Work, unet: UNet2DConditionModel, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What ``work`` gives for ``inputs``: as it is the first time, recorded the second time, then replayed.

        Args:
            work: a function that gives the same for the same inputs.
        """
        key = work, unet, *((given.shape, given.dtype) for given in inputs)
        recording = self._recordings.get(key)
        if recording is None and key in self._recordings and self._is_possible:
            recording = self._recorded(work, unet, inputs)
        self._recordings[key] = recording
        self._recordings.move_to_end(key)
        while len(self._recordings) > MOST:
            self._recordings.popitem(last=False)
        return recording.replay(*inputs) if recording else work(unet, *inputs)

    def clear(self) -> None:
        """Give up all recordings, and with them their memory."""
        self._recordings.clear()

    def _recorded(self, work: Work, unet: UNet2DConditionModel, inputs: tuple[torch.Tensor, ...]) -> Recording | None:
        """``None`` if it does not go: an edit must not end because it could have been quicker."""
        try:
            return self._record(work, unet, inputs, self._pool)
        except Exception as error:
            error.with_traceback(None)  # its frames would keep their tensors alive
            if is_out_of_memory(error):
                self.clear()
            else:  # somebody's attention that asks the GPU for an answer, say
                self._is_possible = False
                logger.warning("Steps are launched kernel by kernel, because they cannot be recorded: %s", error)
            give_back_memory(inputs[0].device)
            return None


def graphs_for(pipeline: StableDiffusionInstructPix2PixPipeline) -> Graphs | None:
    """For the UNet of ``pipeline`` where it stays on a CUDA GPU; ``None`` where nothing is recorded."""
    return Graphs() if pipeline.unet.device.type == "cuda" and not hasattr(pipeline.unet, "_hf_hook") else None
