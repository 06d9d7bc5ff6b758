"""The door to collections: a folder of photos in, a folder of results with a table out."""

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, TypedDict, Unpack

from pix2pix.cluster.collection import Collection
from pix2pix.cluster.ledger import Progress
from pix2pix.cluster.listing import listed
from pix2pix.cluster.store import MISSING, TABLE, Store, one_line
from pix2pix.editing import load_editor
from pix2pix.errors import EditError, EditFailed, InvalidRequest
from pix2pix.request import FORMAT, EditRequest

if TYPE_CHECKING:
    from pix2pix.cluster.outcomes import Row
    from pix2pix.editing.editor import Editor

NO_PHOTOS = "There are no photos in this folder; perhaps they are in the folders inside it (--recursive)."
SAME = "The results would go among the photos; choose another folder for them, so that originals stay apart."
IN_MEMORY = "What is in the memory of this process cannot be seen by others; choose a folder that all of them reach."


@dataclass(frozen=True)
class Finished:
    """What became of a collection.

    Attributes:
        photos: how many have a result, whether this run made it or an earlier one.
        failed: how many have none.
        table: where the table is that has a row for each.
    """

    photos: int
    failed: int
    table: str


class Settings(TypedDict, total=False):
    """What else can be said of a collection.

    Attributes:
        model, device: what draws, and where; see ``Editor.load``.
        cpus_per_editor: cores of each editor where there are no GPUs; 1 unless given.
        vary_seed: whether photo k, in the order of names, has the seed + k.
        recursive: also photos in the folders inside the folder.
        overwrite: edit again what is there.
        format, metadata: of the results; see ``request.SAVE_SETTINGS``.
        load: makes the editor in each worker, in place of ``model`` and ``device``.
    """

    model: str
    device: str | None
    cpus_per_editor: int
    vary_seed: bool
    recursive: bool
    overwrite: bool
    format: str
    metadata: bool
    load: Callable[[], "Editor"]


def edit_collection(
    source: str, request: EditRequest, target: str, ray_address: str | None = None, **settings: Unpack[Settings]
) -> Finished:
    """Edit all photos of the folder ``source`` into the folder ``target``; see ``stream_collection``."""
    with closing(stream_collection(source, request, target, ray_address, **settings)) as stream:
        failed = Counter(row.error is not None for row in stream)
    return Finished(failed[False], failed[True], Store.at(target).address(TABLE))


def stream_collection(
    source: str,
    request: EditRequest,
    target: str,
    ray_address: str | None = None,
    report: Callable[[Progress], None] = lambda _: None,
    **settings: Unpack[Settings],
) -> Generator["Row", None, None]:
    """Edit all photos of a folder on Ray: yields a ``Row`` for each, in no order, some time after it is finished.

    What ``target`` has already, made of the same photo by the same settings, is not edited again. Each result is that
    of a single edit with as many threads, byte by byte. Closing the stream stops it; finished photos stay, and the
    table says so.

    Args:
        source: a folder, or any URL of fsspec, such as "s3://bucket/photos".
        request: for all photos; a seed that is open is that of the results that are there, or drawn.
        target: a folder or URL.
        ray_address: of a cluster, on whose machines this package is installed and both folders can be reached;
            ``None`` is the one that the caller has joined already, or else all cores and GPUs of this machine.
        report: is told how far all is, twice a second, by another thread.

    Raises:
        EditError: it cannot begin or go on.
    """
    running = _running()
    collection = _settled(_collection(source, request, target, settings))
    yield from running.edited(collection, ray_address, report)


def _collection(source: str, request: EditRequest, target: str, settings: Settings) -> Collection:
    model, device, load = settings.get("model", "auto"), settings.get("device"), settings.get("load")
    cores = settings.get("cpus_per_editor", 1)
    if cores < 1:
        raise InvalidRequest("An editor needs a core or more.")
    return Collection(
        Store.at(source),
        Store.at(target),
        request,
        any_seed=request.seed is None,
        load=load or partial(load_editor, model, device),
        checkpoint=None if load else _known(model),
        vary_seed=settings.get("vary_seed", False),
        recursive=settings.get("recursive", False),
        overwrite=settings.get("overwrite", False),
        format=str(FORMAT.checked(settings.get("format", "own"))),
        metadata=settings.get("metadata", True),
        device=device,
        cores=cores,
    )


def _running() -> ModuleType:
    try:
        return import_module("pix2pix.cluster.running")
    except ImportError as error:
        raise EditFailed(MISSING) from error


def _settled(collection: Collection) -> Collection:
    """``collection`` with its seed, after a look whether there is anything to edit."""
    from pix2pix.cluster.found import seed_so_far

    source, target = collection.source, collection.target
    if "memory" in (source.files.protocol, target.files.protocol):
        raise InvalidRequest(IN_MEMORY)
    if source.files == target.files and source.root == target.root:
        raise InvalidRequest(SAME)
    try:
        if next(listed(source, target, collection.recursive), None) is None:
            raise EditFailed(NO_PHOTOS)
        seed = seed_so_far(collection) if collection.any_seed else None
    except EditError:
        raise
    except Exception as error:  # each kind of store has errors of its own
        raise EditFailed(f"The photos cannot be listed ({one_line(error)}).") from error
    request = collection.request if seed is None else replace(collection.request, seed=seed)
    return replace(collection, request=next(request.numbered()))  # which draws a seed if there is none yet


def _known(model: str) -> str | None:
    """The name that receipts have for ``model``, where that is one name only."""
    from pix2pix.diffusion.checkpoints import KNOWN

    return next((one.name for one in KNOWN if one.name == model), None)
