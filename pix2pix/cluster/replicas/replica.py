"""An editor as a deployment of Ray Serve, which starts replicas, watches them, and has as many as there is work for.

``serve run pix2pix.cluster.replicas.replica:editors``, or ``serve deploy deploy/serve.yaml``.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel
from ray import serve
from ray.serve import Application

from pix2pix.cluster.replicas.together import Event, Row, Wish, drawn_together
from pix2pix.cores import take_cores
from pix2pix.editing import load_editor
from pix2pix.engine import CheckpointLike
from pix2pix.errors import EditError
from pix2pix.events import Explanation
from pix2pix.request import EditRequest
from pix2pix.session import EditSession

if TYPE_CHECKING:
    from pix2pix.editing.editor import Editor

Value = TypeVar("Value")

TOGETHER = 8  # edits in a batch
GATHERING_SECONDS = 0.02  # how long the first edit of a batch waits for others
WAITING = 64  # edits that a replica holds; others wait at the page


class Replica:
    """One editor and its batches. A batch is drawn at a time; what comes meanwhile makes the next one.

    Args:
        load: makes the editor.
        cores: how many cores it has.
    """

    def __init__(self, load: "Callable[[], Editor]", cores: int) -> None:
        take_cores(cores)
        from pix2pix.diffusion.quiet import quieten_libraries  # which imports torch

        quieten_libraries()
        self._thread = ThreadPoolExecutor(1)  # torch has its threads for each thread that calls it
        self._session = EditSession()
        self._turn = asyncio.Lock()  # a batch, or an explanation
        self._is_free = asyncio.Event()
        self._is_free.set()
        self._editor = load()

    async def about(self) -> tuple[CheckpointLike, str | None, int]:
        """The checkpoint, the editor's note on it, and how many tokens it reads."""
        return self._editor.checkpoint, self._editor.note, self._editor.max_tokens

    async def count_tokens(self, instruction: str) -> int:
        """As ``Editor.count_tokens``."""
        return self._editor.count_tokens(instruction)

    async def stream(self, photo: bytes, request: EditRequest, mask: bytes | None) -> AsyncIterator[Event]:
        """Edit ``photo``, the bytes of a file: a ``PhotoStep`` after each step, and an ``Outcome``.

        Whoever closes the stream is edited for no more.
        """
        wish = Wish(photo, request, mask)
        try:
            await self._is_free.wait()  # so that all who wait make one batch, and not each its own
            async for event in self._drawn(wish):
                if event is not None:
                    yield event
        finally:
            wish.is_over = True

    async def explain(self, photo: bytes, request: EditRequest) -> Explanation | EditError:
        """As ``Editor.explain``; what that raises comes as a value."""
        async with self._turn:
            try:
                return await self._there(partial(self._editor.explain, photo, request, session=self._session))
            except EditError as error:
                return error.with_traceback(None)

    async def check_health(self) -> None:
        """Raise if the device answers no more, as after a fault of CUDA; Serve then begins this replica anew."""
        import torch

        device = self._editor.pipeline.device
        await asyncio.to_thread(lambda: torch.zeros(1, device=device).item())

    @serve.batch(max_batch_size=TOGETHER, batch_wait_timeout_s=GATHERING_SECONDS)  # type: ignore[untyped-decorator]
    async def _drawn(self, wishes: list[Wish]) -> AsyncIterator[Row]:
        self._is_free.clear()
        async with self._turn:
            rows = drawn_together(self._editor, wishes, self._session)
            try:
                while row := await self._there(partial(next, rows, None)):
                    yield row
            finally:
                await self._there(rows.close)
                self._is_free.set()

    async def _there(self, call: Callable[[], Value]) -> Value:
        """What ``call`` returns in the one thread where the editor is used."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


class Arguments(BaseModel):
    """What the deployment is told, on the command line or in a file.

    Attributes:
        model, device: what draws, and where; see ``Editor.load``.
        gpus: of a replica; less than 1 where several share one.
        cores: of a replica.
        least, most: how many replicas there are, whatever comes.
        each: how many edits a replica is to have at work or waiting before another one is begun.
    """

    model: str = "auto"
    device: str | None = None
    gpus: float = 0
    cores: int = 1
    least: int = 1
    most: int = 1
    each: float = TOGETHER / 2


def editors(said: Arguments) -> Application:
    """The application: replicas of one editor, as many as there is work for."""
    return deployed(partial(load_editor, said.model, said.device), said)


def deployed(load: "Callable[[], Editor]", said: Arguments) -> Application:
    """As ``editors``, of whatever ``load`` makes."""
    scaling = {"min_replicas": said.least, "max_replicas": said.most, "target_ongoing_requests": said.each}
    deployment: Any = serve.deployment(
        Replica,
        max_ongoing_requests=WAITING,
        autoscaling_config=scaling,
        ray_actor_options={"num_cpus": said.cores, "num_gpus": said.gpus},
    )
    application: Application = deployment.bind(load, said.cores)
    return application
