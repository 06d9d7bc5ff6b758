"""The names of a collection as Ray Data reads them: by one task, that looks through the folder while others edit."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import pyarrow as pa
from ray.data import Datasource, ReadTask
from ray.data.block import BlockMetadata

from pix2pix.cluster.collection import Collection
from pix2pix.cluster.listing import Listed, listed

PHOTO = pa.struct(
    [("index", pa.int64()), ("source", pa.binary()), ("target", pa.binary()), ("there", pa.list_(pa.string()))]
)
PHOTOS = "photos"  # the one column: a row is a batch of photos, so that Ray Data neither splits nor joins batches


class Names(Datasource):
    """All photos of ``collection``, ``together`` in a batch; the actor ``ledger`` is told how many there are."""

    def __init__(self, collection: Collection, together: int, ledger: Any) -> None:
        super().__init__()
        self._collection = collection
        self._together = together
        self._ledger = ledger

    def estimate_inmemory_data_size(self) -> int | None:
        """Nobody knows before all is listed."""
        return None

    def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[ReadTask]:
        """One task, because the order of the photos settles their names and seeds."""
        collection, together, ledger = self._collection, self._together, self._ledger

        def read() -> Iterator[pa.Table]:
            found = listed(collection.source, collection.target, collection.recursive)
            while photos := list(islice(found, together)):
                ledger.found.remote(photos[-1].index + 1)
                yield as_names(photos)

        nothing_known = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
        return [ReadTask(read, nothing_known)]


def as_names(photos: Sequence[Listed]) -> pa.Table:
    """A batch of ``photos`` as it travels; names need not be UTF-8."""
    rows = [asdict(one) for one in photos]
    encoded = [{**row, "source": os.fsencode(row["source"]), "target": os.fsencode(row["target"])} for row in rows]
    return pa.table({PHOTOS: pa.array([encoded], pa.list_(PHOTO))})


def of_names(names: pa.Table) -> list[Listed]:
    """The photos that ``as_names`` has sent."""
    (rows,) = names[PHOTOS].to_pylist()
    return [
        Listed(row["index"], os.fsdecode(row["source"]), os.fsdecode(row["target"]), tuple(row["there"]))
        for row in rows
    ]
