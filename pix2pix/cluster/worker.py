"""One editor of a collection, in a process of its own: it reads photos, edits them, and writes their results.

No picture leaves it but into a file. What comes in are names, and what goes out are rows of the table.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from functools import cached_property, partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import ray

from pix2pix.cluster.collection import Collection
from pix2pix.cluster.found import found, looked_again, result_name
from pix2pix.cluster.listing import Listed
from pix2pix.cluster.names import of_names
from pix2pix.cluster.outcomes import Row, as_batch
from pix2pix.cluster.store import one_line
from pix2pix.cores import take_cores
from pix2pix.editing.ahead import ahead_of_need
from pix2pix.errors import EditError, EditFailed
from pix2pix.events import Outcome, Result
from pix2pix.files.formats import encode_result
from pix2pix.files.receipt import write_receipt
from pix2pix.files.room import disk_full
from pix2pix.photo.digest import CANNOT_BE_READ
from pix2pix.photo.limits import MAX_BYTES
from pix2pix.session import EditSession

if TYPE_CHECKING:
    from pix2pix.editing.editor import Editor

ATTEMPTS = 2
KILLS = "Twice, the program that edited this photo was killed; make the photo smaller, or edit it alone."
MAX_DEATHS = 4  # of the workers of one batch that no photo explains
DIES = "The program that edits is killed again and again; perhaps fewer editors with more cores each fit into memory."
SAVERS = 4  # results that are written while a GPU draws the next ones
SAVING_PIXELS = 128_000_000  # of results that wait to be written, and so are in memory
Pair = tuple[Listed, Outcome]


class Worker:
    """What Ray Data calls with batches of photos.

    Args:
        collection: what is to be done.
        cores: how many cores this worker has.
        ledger: the actor that is a ``Ledger``.
    """

    def __init__(self, collection: Collection, cores: int, ledger: Any) -> None:
        take_cores(cores)
        self._collection = collection
        self._ledger = ledger
        self._session = EditSession(max_image_latents=1, max_drawing_bytes=1)  # no photo comes twice

    def __call__(self, names: pa.Table) -> pa.Table:
        """Edit a batch of photos, as ``names`` has them; returns a ``Row`` for each.

        Raises:
            EditError: no photo can be edited: the model cannot be loaded, or the target takes no more.
        """
        photos = of_names(names)
        deaths, begun = ray.get(self._ledger.open.remote([photo.source for photo in photos]))
        if deaths - sum(begun) > MAX_DEATHS:
            raise EditFailed(DIES)
        if deaths:
            photos = looked_again(self._collection, photos)
        rows = []
        for photo, row in self._rows(photos, begun):
            self._ledger.end.remote(photos[0].source, photo.source, row.error is not None)
            rows.append(row)
        return as_batch(rows)

    def _rows(self, photos: Sequence[Listed], begun: Sequence[int]) -> Iterator[tuple[Listed, Row]]:
        """A row for each of ``photos``, which were ``begun`` so often and never ended. Who may kill is edited alone."""
        left = []
        for photo, attempts in zip(photos, begun, strict=True):
            row = self._settled(photo, attempts)
            if row is None:
                left.append((photo, attempts > 0))
            else:
                yield photo, row
        for may_kill, some in groupby(left, key=lambda one: one[1]):
            gallery = [photo for photo, _ in some]
            for part in [[one] for one in gallery] if may_kill else [gallery]:
                yield from self._edited(part)

    def _settled(self, photo: Listed, attempts: int) -> Row | None:
        """The row of a photo that is not to be edited, else ``None``."""
        source = self._collection.source.address(photo.source)
        try:
            row = found(self._collection, photo)
        except Exception:  # each kind of store has errors of its own
            return Row(source, error=CANNOT_BE_READ)
        return Row(source, error=KILLS) if row is None and attempts >= ATTEMPTS else row

    def _edited(self, photos: Sequence[Listed]) -> Iterator[tuple[Listed, Row]]:
        """Edit ``photos``, those of equal canvas together; yields each with its row, as soon as it is written."""
        requests = map(self._collection.request_for, photos)
        names: dict[Listed, str] = {}
        gallery = self._editor.edit_gallery(self._opened(photos, names), requests, session=self._session)
        ahead = 0 if self._editor.pipeline.device.type == "cpu" else SAVERS
        pairs = zip(photos, gallery, strict=False)
        finished = ahead_of_need(partial(self._finished, names), pairs, ahead, _pixels, lambda: SAVING_PIXELS)
        with closing(gallery), closing(finished):
            yield from zip(photos, finished, strict=True)

    def _opened(self, photos: Sequence[Listed], names: dict[Listed, str]) -> Iterator[bytes]:
        """The files of ``photos``, each when its turn comes, which the ledger is told; results are to have ``names``.

        What cannot be read has no name.
        """
        for photo in photos:
            ray.get(self._ledger.begin.remote(photo.source))
            content = b""
            with suppress(Exception):  # each kind of store has errors of its own
                content = self._collection.source.read(photo.source, MAX_BYTES + 1)
                names[photo] = photo.target
                names[photo] = result_name(photo, content, self._collection.format)
            yield content

    def _finished(self, names: dict[Listed, str], pair: Pair) -> Row:
        """Write the result of one photo; its row."""
        photo, outcome = pair
        source = self._collection.source.address(photo.source)
        if outcome.result is None:
            return Row(source, error=str(outcome.error) if photo in names else CANNOT_BE_READ)
        try:
            return self._written(source, names[photo], outcome.result)
        except EditError as error:
            return Row(source, error=str(error))
        except Exception as error:
            full = disk_full(error)
            if full:
                raise full from error
            return Row(source, error=f"The result cannot be written ({one_line(error)}).")

    def _written(self, source: str, name: str, result: Result) -> Row:
        target, used = self._collection.target, result.request
        target.write(name, encode_result(result, name, metadata=self._collection.metadata))
        canvas = "{} x {}".format(*result.canvas_image.size)
        return Row(source, target.address(name), None, result.seconds, used.seed, canvas, write_receipt(result))

    @cached_property
    def _editor(self) -> "Editor":
        from pix2pix.diffusion.quiet import quieten_libraries  # which imports torch, as whatever loads an editor does

        quieten_libraries()
        return self._collection.load()


def _pixels(pair: Pair) -> int:
    result = pair[1].result
    return 0 if result is None else result.image.width * result.image.height
