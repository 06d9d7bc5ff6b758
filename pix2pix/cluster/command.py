"""``pix2pix edit SOURCE "make it night" --out TARGET --ray``: a collection from the command line."""

import argparse
import os
from collections.abc import Callable
from contextlib import closing, redirect_stdout

from tqdm import tqdm

from pix2pix.cluster.edit import stream_collection
from pix2pix.cluster.ledger import Progress
from pix2pix.cluster.store import TABLE
from pix2pix.errors import InvalidRequest
from pix2pix.files.targets import WrongUsage
from pix2pix.flags import HERE, SWITCH, request_of
from pix2pix.request import EditRequest

ONE_FOLDER = "--ray takes one folder, or its URL, with all its photos; name that one."
NO_MASK = "--mask is for single photos and does not go with --ray."
NO_VARIANTS = "--variants does not go with --ray; run it once for each --seed, each into a folder of its own."


def edit_on_ray(options: argparse.Namespace, complain: Callable[[str], None]) -> bool:
    """Edit the collection that ``options`` name, with a bar; ``complain`` is told of each photo that failed.

    Returns:
        Whether every photo has its result.

    Raises:
        WrongUsage: the flags do not go together, or one is out of its range.
        EditError: it cannot begin or go on.
    """
    try:
        request = _checked(options)
    except InvalidRequest as error:
        raise WrongUsage(str(error)) from error
    failed = finished = 0
    with tqdm(unit="photo", desc="starting", leave=False, disable=None) as bar:
        stream = stream_collection(
            options.photos[0],
            request,
            options.out,
            None if options.ray == HERE else options.ray,
            model=options.model,
            device=options.device,
            cpus_per_editor=options.cpus_per_editor,
            vary_seed=options.vary_seed,
            recursive=options.recursive,
            overwrite=options.overwrite,
            format=options.format,
            metadata=SWITCH[options.metadata],
            report=lambda progress: _show(bar, progress),
        )
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), closing(stream):  # Ray prints, too
            for row in stream:
                finished, failed = finished + (row.error is None), failed + (row.error is not None)
                if row.error is not None:
                    complain(f"{row.source}: {row.error}")
    table = f"{options.out.rstrip('/')}/{TABLE}"
    print(f"{finished:,} of {finished + failed:,} photos are finished, {failed:,} failed; the table is {table}")
    return not failed


def _checked(options: argparse.Namespace) -> EditRequest:
    if len(options.photos) > 1 or os.path.isfile(options.photos[0]):
        raise WrongUsage(ONE_FOLDER)
    if options.mask is not None:
        raise WrongUsage(NO_MASK)
    if options.variants != 1:
        raise WrongUsage(NO_VARIANTS)
    if options.cpus_per_editor < 1:
        raise WrongUsage("--cpus-per-editor must be a whole number from 1 up.")
    return request_of(options)


def _show(bar: "tqdm[None]", progress: Progress) -> None:
    bar.total = progress.listed or None
    bar.set_description_str("editing" if progress.done else "starting", refresh=False)
    bar.set_postfix_str(f"{progress.failed} failed" if progress.failed else "", refresh=False)
    bar.update(min(progress.done, progress.listed) - bar.n)  # from which the bar takes the rate of late
    bar.refresh()
