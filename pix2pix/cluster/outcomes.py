"""The table of a collection: one row for each photo, as a Parquet file beside the results."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pix2pix.cluster.store import TABLE, Store, one_line
from pix2pix.errors import EditFailed

KEPT = ("seconds", "canvas")  # what only the run knows that has edited the photo
SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("target", pa.string()),
        ("error", pa.string()),
        ("seconds", pa.float64()),
        ("seed", pa.int64()),
        ("canvas", pa.string()),
        ("receipt", pa.string()),
    ]
)
ROWS = "rows"  # the one column in which they travel, all rows of a batch of photos in one


@dataclass(frozen=True)
class Row:
    """One photo of a collection, finished or failed.

    Attributes:
        source: the photo.
        target: its result, or ``None`` where there is none.
        error: why there is none, one sentence, or ``None``.
        seconds: how long the model worked on it; ``None`` where an earlier run did.
        seed: of its noise.
        canvas: the size that the model drew on, as "256 x 192"; ``None`` where an earlier run did.
        receipt: what the result says about how it was made, as JSON.
    """

    source: str
    target: str | None = None
    error: str | None = None
    seconds: float | None = None
    seed: int | None = None
    canvas: str | None = None
    receipt: str | None = None


class Outcomes:
    """Rows on their way into the table, on this machine's disk and not in memory."""

    def __init__(self, draft: Path) -> None:
        self._writer = pa.ipc.new_stream(str(draft), SCHEMA)

    def add(self, batches: pa.Table) -> Iterator[Row]:
        """Take ``batches``, as ``as_batch`` makes them, into the table; yields each row."""
        rows = pa.Table.from_struct_array(pc.list_flatten(batches[ROWS])).cast(SCHEMA)
        self._writer.write_table(rows)
        yield from (Row(**row) for row in rows.to_pylist())

    def close(self) -> None:
        """No more rows."""
        self._writer.close()


@contextmanager
def outcomes(target: Store) -> Iterator[Outcomes]:
    """Rows for the table in ``target``, which is written when this ends, however it does.

    What the table there says of photos that this run did not come to stays, and so do the seconds of those that were
    there already.

    Raises:
        EditFailed: it cannot be written, which is found out before anything else.
    """
    earlier = _earlier(target)
    _write(target, earlier)
    with TemporaryDirectory(prefix="pix2pix-outcomes-") as folder:
        draft = Path(folder, "rows")
        rows = Outcomes(draft)
        try:
            yield rows
        finally:
            rows.close()
            with pa.memory_map(str(draft)) as file:
                _write(target, _merged(earlier, pa.ipc.open_stream(file).read_all()))


def as_batch(rows: Iterable[Row]) -> pa.Table:
    """The ``rows`` of one batch of photos as they travel."""
    return pa.table({ROWS: pa.array([[asdict(row) for row in rows]], pa.list_(pa.struct(list(SCHEMA))))})


def _write(target: Store, rows: pa.Table) -> None:
    written = io.BytesIO()
    pq.write_table(rows, written)
    try:
        target.write(TABLE, written.getvalue())
    except Exception as error:  # each kind of store has errors of its own
        raise EditFailed(f"The table of outcomes cannot be written ({one_line(error)}).") from error


def _merged(earlier: pa.Table, new: pa.Table) -> pa.Table:
    """The rows of ``new``, then those of ``earlier`` that are about other photos."""
    others = earlier.filter(pc.invert(pc.is_in(earlier["source"], new["source"].combine_chunks())))
    return pa.concat_tables([_with_kept(new, earlier), others])


def _earlier(target: Store) -> pa.Table:
    try:
        return pq.read_table(io.BytesIO(target.read(TABLE))).select(SCHEMA.names).cast(SCHEMA)
    except (OSError, KeyError, pa.ArrowException):  # there is none, or it is none of ours
        return SCHEMA.empty_table()


def _with_kept(rows: pa.Table, earlier: pa.Table) -> pa.Table:
    """``rows``, with what only ``earlier`` says of results that are the same."""
    place = pc.index_in(rows["source"], earlier["source"].combine_chunks())
    is_same = pc.fill_null(pc.equal(earlier["receipt"].take(place), rows["receipt"]), False)
    for name in KEPT:
        known = pc.if_else(is_same, earlier[name].take(place), pa.scalar(None, SCHEMA.field(name).type))
        rows = rows.set_column(SCHEMA.get_field_index(name), name, pc.coalesce(rows[name], known))
    return rows
