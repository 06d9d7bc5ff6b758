"""Results that are there already: whether they are what was asked for."""

from dataclasses import replace
from itertools import groupby
from posixpath import dirname

from pix2pix.cluster.collection import Collection
from pix2pix.cluster.listing import Listed, listed, results_in
from pix2pix.cluster.outcomes import Row
from pix2pix.errors import InvalidImage
from pix2pix.files.earlier import first_seed, is_as_asked, receipt_of
from pix2pix.files.formats import suffix_for
from pix2pix.files.receipt import as_json
from pix2pix.origin import Origin
from pix2pix.photo.decoding import origin_of
from pix2pix.photo.digest import digest_of
from pix2pix.photo.limits import MAX_BYTES

OTHERWISE = "The result there was made by other words or settings, or of another photo; --overwrite edits it again."


def result_name(photo: Listed, content: bytes, choice: str) -> str:
    """The name of the result of ``photo``, by its ``content`` and what ``request.FORMAT`` says.

    Raises:
        InvalidImage: it is no picture.
    """
    return photo.target + suffix_for(origin_of(content) if choice == "own" else Origin(), choice)


def found(collection: Collection, photo: Listed) -> Row | None:
    """What to say of ``photo`` if it has a result already; ``None`` if it is to be edited.

    Raises:
        OSError: photo or result cannot be read.
    """
    if not photo.there or collection.overwrite:
        return None
    content = collection.source.read(photo.source, MAX_BYTES + 1)
    try:
        name = result_name(photo, content, collection.format)
    except InvalidImage:
        return None  # whoever opens it will say what is wrong
    if not name.endswith(photo.there):
        return None
    source = collection.source.address(photo.source)
    receipt = receipt_of(collection.target.read(name))
    if receipt is None or receipt.photo != digest_of(content):
        return Row(source, error=OTHERWISE)
    if not is_as_asked(receipt, collection.asked_of(photo), collection.checkpoint):
        return Row(source, error=OTHERWISE)
    return Row(source, collection.target.address(name), seed=receipt.request.seed, receipt=as_json(receipt))


def looked_again(collection: Collection, photos: list[Listed]) -> list[Listed]:
    """``photos`` of one batch with what is there of them now, because its first worker may have finished some."""
    there = {}
    for folder, _ in groupby(dirname(photo.target) for photo in photos):
        results = results_in(collection.target, folder)
        there.update({f"{folder}/{stem}".lstrip("/"): endings for stem, endings in results.items()})
    return [replace(photo, there=there.get(photo.target, ())) for photo in photos]


def seed_so_far(collection: Collection) -> int | None:
    """The seed of a run that was interrupted and now goes on; ``None`` if there was none."""
    photos = listed(collection.source, collection.target, collection.recursive)
    photo = next((photo for photo in photos if photo.there), None)
    receipt = None if photo is None else receipt_of(collection.target.read(photo.target + photo.there[0]))
    if photo is None or receipt is None:
        return None
    return first_seed(receipt, collection.request, photo.index if collection.vary_seed else 0)
