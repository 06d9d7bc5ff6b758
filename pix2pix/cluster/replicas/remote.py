"""An editor whose work is done by replicas on Ray Serve. To the page it is an editor like any other; no torch here."""

import logging
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice, repeat
from typing import Any

import ray
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException

from pix2pix.cluster.joining import join
from pix2pix.cluster.replicas.replica import TOGETHER
from pix2pix.cluster.replicas.under_way import UnderWay, content_of
from pix2pix.engine import CheckpointLike, File
from pix2pix.errors import CheckpointError, EditError, EditFailed
from pix2pix.events import Explanation, Outcome, PhotoStep, Result, Step
from pix2pix.request import EditRequest
from pix2pix.session import EditSession

NAME = "pix2pix"
NOT_DEPLOYED = "No editors are deployed on this Ray cluster; deploy/serve.yaml says how that is done."
OUT_OF_REACH = "The editors that draw for this page cannot be reached; please try again in a moment."

logger = logging.getLogger(__name__)


class RemoteEditor:
    """What draws is elsewhere; edits, previews, sentences and the way to stop are those of an ``Editor``.

    A replica that dies costs its edits their time only: they begin again at another one. What was encoded is remembered
    by replicas, for as long as they live, and not by sessions.

    Attributes:
        checkpoint, note, max_tokens: those of the replicas' editor.
    """

    def __init__(self, replicas: Any) -> None:
        """``replicas`` is the handle of a deployment of ``Replica``; waits until one of them has loaded its model."""
        self.checkpoint: CheckpointLike
        self.note: str | None
        with _as_edit_error():
            self.checkpoint, self.note, self.max_tokens = replicas.about.remote().result()
        self._replicas = replicas
        self._streams = replicas.options(stream=True).stream
        self._under_way: set[UnderWay] = set()

    @classmethod
    def join(cls, address: str) -> "RemoteEditor":
        """The editor that is deployed on the Ray cluster at ``address``, such as "auto" or "10.0.0.1:6379".

        Raises:
            EditError: the cluster cannot be reached, or there is no such editor; the log says which.
        """
        try:
            if not ray.is_initialized():
                join(address=address)
            return cls(serve.get_app_handle(NAME))
        except EditFailed as error:
            logger.warning("%s", error)
            raise CheckpointError(OUT_OF_REACH) from error
        except RayServeException as error:
            logger.warning(NOT_DEPLOYED)
            raise CheckpointError(OUT_OF_REACH) from error

    @property
    def is_idle(self) -> bool:
        """Whether no edit of this program is under way."""
        return not self._under_way

    def count_tokens(self, instruction: str) -> int:
        """As ``Editor.count_tokens``; some milliseconds."""
        with _as_edit_error():
            return int(self._replicas.count_tokens.remote(instruction).result())

    def explain(self, photo: File, request: EditRequest, *, session: EditSession | None = None) -> Explanation:
        """As ``Editor.explain``."""
        with _as_edit_error():
            answer = self._replicas.explain.remote(
                content_of(photo), request.resolved(self.checkpoint.defaults)
            ).result()
        if isinstance(answer, EditError):
            raise answer
        assert isinstance(answer, Explanation)
        return answer

    def stream(
        self, photo: File, request: EditRequest, *, session: EditSession | None = None, mask: File | None = None
    ) -> Generator[Step | Result, None, None]:
        """As ``Editor.stream``."""
        with closing(self.stream_gallery([photo], [request], masks=[mask])) as events:
            for event in events:
                if isinstance(event, PhotoStep):
                    yield event.step
                elif event.result:
                    if session:
                        session.add(event.result)
                    yield event.result
                elif event.error:
                    raise event.error

    def edit_variants(
        self,
        photo: File,
        requests: Iterable[EditRequest],
        *,
        session: EditSession | None = None,
        mask: File | None = None,
    ) -> Generator[PhotoStep | Outcome, None, None]:
        """As ``Editor.edit_variants``."""
        yield from self.stream_gallery(repeat(photo), requests, masks=repeat(mask))

    def stream_gallery(
        self,
        photos: Iterable[File],
        request: Iterable[EditRequest],
        *,
        session: EditSession | None = None,
        masks: Iterable[File | None] | None = None,
    ) -> Generator[PhotoStep | Outcome, None, None]:
        """As ``Editor.stream_gallery``; several photos are at the replicas at once, wherever there is a free one.

        Steps of a photo are told when those before it are finished.
        """
        asked = zip(photos, request, masks or repeat(None), strict=False)
        edits = (self._begun(index, *one) for index, one in enumerate(asked))
        under_way = deque(islice(edits, TOGETHER))
        try:
            while under_way:
                yield from under_way[0].events()
                self._under_way.discard(under_way.popleft())
                under_way.extend(islice(edits, 1))
        finally:
            for edit in under_way:
                edit.cancel()
                self._under_way.discard(edit)

    def _begun(self, index: int, photo: File, request: EditRequest, mask: File | None) -> "UnderWay":
        edit = UnderWay(self._streams, index, photo, request.resolved(self.checkpoint.defaults), mask)
        self._under_way.add(edit)
        return edit


@contextmanager
def _as_edit_error() -> Iterator[None]:
    """What Ray raises, as one sentence."""
    try:
        yield
    except (RayError, RayServeException) as error:
        raise EditFailed(OUT_OF_REACH) from error
