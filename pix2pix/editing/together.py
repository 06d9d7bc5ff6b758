"""How many photos go through the model together: what suits the device, and fewer where memory ran out."""

from dataclasses import dataclass, field

from diffusers import StableDiffusionInstructPix2PixPipeline

from pix2pix.diffusion.device import micro_batch
from pix2pix.editing.job import Job

Size = tuple[int, int]


@dataclass(frozen=True)
class Together:
    """By the size of their canvas; filled in as sizes are met."""

    pipeline: StableDiffusionInstructPix2PixPipeline
    by_canvas: dict[Size, int] = field(default_factory=dict)
    too_large: set[Size] = field(default_factory=set)

    @property
    def usual(self) -> int:
        """What suits the device."""
        return micro_batch(self.pipeline)

    def fits(self, job: Job, least: int) -> int:
        """How many jobs may go through the model with ``job``: ``least`` or more, while there was the memory."""
        size = job.canvas.image.size
        number = self.by_canvas.setdefault(size, self.usual)
        return number if size in self.too_large else max(least, number)

    def ran_out(self, size: Size, number: int) -> None:
        """Memory ran out with ``number`` jobs on canvases of ``size``."""
        self.by_canvas[size] = max(1, number // 2)
        self.too_large.add(size)
