"""A collection on Ray, which schedules, restarts and tries again: who works where, and rows as they come."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import ray
from ray.data import ActorPoolStrategy, DataContext, Dataset, read_datasource

from pix2pix.cluster.collection import Collection
from pix2pix.cluster.joining import join
from pix2pix.cluster.ledger import Ledger, Progress
from pix2pix.cluster.listing import listed
from pix2pix.cluster.names import Names
from pix2pix.cluster.outcomes import Row, outcomes
from pix2pix.cluster.worker import Worker
from pix2pix.errors import EditError, EditFailed

OBJECTS = 128 * 1024**2  # bytes of Ray's object store, which only names and rows pass through
LARGEST_BATCH = 64  # photos
BATCHES_A_WORKER = 16  # or more, so that all workers end at about the same time
SECONDS = 0.5  # between two reports
ALONE = {  # a cluster of this machine only
    "include_dashboard": False,
    "object_store_memory": OBJECTS,
    "_system_config": {"gcs_rpc_server_reconnect_timeout_s": 5},  # on one machine, who does not answer is dead
}
SCRATCH = "/tmp"  # the names of Ray's sockets must be short, and other places have longer ones
TOO_FEW_CORES = "No machine of the cluster has as many cores as one editor shall have; ask for fewer."
GAVE_UP = "The cluster could not go on; the same command goes on from here"


@dataclass(frozen=True)
class Places:
    """Where editors work: how many there are, and what each has."""

    workers: int
    cores: int
    gpus: int

    @classmethod
    def of_cluster(cls, cores: int, device: str | None) -> "Places":
        """One for each GPU, or one for each ``cores`` cores where there are none, or they are not meant.

        Raises:
            EditFailed: no machine has as many cores.
        """
        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        gpus = 0 if device == "cpu" else sum(int(one.get("GPU", 0)) for one in machines)
        workers = gpus or sum(int(one.get("CPU", 0)) // cores for one in machines)
        if not workers:
            raise EditFailed(TOO_FEW_CORES)
        return cls(workers, cores, 1 if gpus else 0)


def edited(
    collection: Collection, address: str | None, report: Callable[[Progress], None]
) -> Generator[Row, None, None]:
    """Edit ``collection`` on the cluster at ``address``, or on one of this machine; yields rows as they come.

    Closing the stream stops it; what is finished stays, and the table says so.

    Args:
        report: is told how far all is, twice a second, by another thread.

    Raises:
        EditError: it cannot go on, or the table cannot be written.
    """
    with _connected(address):
        places = Places.of_cluster(collection.cores, collection.device)
        ledger = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Ledger).remote()
        with outcomes(collection.target) as table, _reported(ledger, report), _as_edit_error():
            for rows in _dataset(collection, places, ledger):
                yield from table.add(rows)


def _dataset(collection: Collection, places: Places, ledger: Any) -> Iterator[Any]:
    context = DataContext.get_current().copy()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.raise_original_map_exception = True
    context.target_max_block_size = 1  # so a block has one row, and a row is a batch of photos
    together, workers = _shares(collection, places.workers)
    names = Names(collection, together, ledger)
    with DataContext.current(context):
        dataset: Dataset = read_datasource(names, override_num_blocks=1, num_cpus=0).map_batches(
            Worker,
            fn_constructor_args=(collection, places.cores, ledger),
            batch_size=1,
            batch_format="pyarrow",
            compute=ActorPoolStrategy(size=workers),
            num_cpus=places.cores if not places.gpus else 1,
            num_gpus=places.gpus,
        )
        yield from dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)


def _shares(collection: Collection, workers: int) -> tuple[int, int]:
    """How many photos go to a worker at once, and how many of ``workers`` there is work for.

    Many are quick, and few of a small collection are shared well.
    """
    most = LARGEST_BATCH * BATCHES_A_WORKER * workers
    photos = sum(1 for _ in islice(listed(collection.source, collection.target, collection.recursive), most))
    return max(1, photos // (BATCHES_A_WORKER * workers)), min(workers, photos)


@contextmanager
def _connected(address: str | None) -> Iterator[None]:
    """Ray, as the caller has it already, or until this ends."""
    if ray.is_initialized():
        yield
        return
    with TemporaryDirectory(prefix="pix2pix-ray-", dir=SCRATCH, ignore_cleanup_errors=True) as folder:
        where = {"address": address} if address else {**ALONE, "address": "local", "_temp_dir": folder}
        join(**where)
        try:
            yield
        finally:
            ray.shutdown()


@contextmanager
def _reported(ledger: Any, report: Callable[[Progress], None]) -> Iterator[None]:
    """While this lasts, and once at its end, ``report`` is told what ``ledger`` counts."""
    is_over = Event()

    def tell() -> None:
        try:
            while not is_over.wait(SECONDS):
                report(ray.get(ledger.progress.remote()))
            report(ray.get(ledger.progress.remote(), timeout=SECONDS))
        except Exception:  # the cluster is gone, as whoever waits for rows is told
            return

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        teller.join(2 * SECONDS)


@contextmanager
def _as_edit_error() -> Iterator[None]:
    """What a worker or the cluster raises, as one sentence."""
    try:
        yield
    except ray.exceptions.RayError as error:
        raise _said_by_worker(error) or EditFailed(f"{GAVE_UP} ({_last_line(error)}).") from error


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].rstrip(".")


def _said_by_worker(error: BaseException | None) -> EditError | None:
    """The ``EditError`` that ``error`` came from, if it came from one, without the lines that Ray has added to it."""
    while error is not None:
        cause = getattr(error, "cause", None) or error.__cause__
        if isinstance(cause, EditError):
            return type(cause)(str(cause).partition("\n")[0])
        error = cause
    return None
