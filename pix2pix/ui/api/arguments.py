"""What an assistant may send to a tool, checked before gradio does it in its own words."""

from collections.abc import Collection, Mapping
from typing import Any

from pix2pix.errors import InvalidImage, InvalidRequest
from pix2pix.request import GALLERY_SETTINGS, EditRequest
from pix2pix.ui.api.photos import NO_MASK, NO_PHOTO


def check(arguments: Mapping[str, Any], known: Collection[str]) -> None:
    """Check the ``arguments`` of a tool that takes those ``known``.

    Raises:
        EditError: one is missing, unknown, of the wrong kind, or out of its range.
    """
    for name in arguments:
        if name not in known:
            raise InvalidRequest(f"There is no parameter “{name}”; there are {', '.join(known)}.")
    if "photo" in known and not isinstance(arguments.get("photo"), str):
        raise InvalidImage(NO_PHOTO)
    if not isinstance(arguments.get("mask", ""), str):
        raise InvalidImage(NO_MASK)
    if "photos" in known and not _are_texts(arguments.get("photos")):
        raise InvalidImage(f"Send the photos as a list. {NO_PHOTO}")
    if "instruction" in known:
        EditRequest(arguments.get("instruction"))  # type: ignore[arg-type]  # it checks that, too
    for setting in GALLERY_SETTINGS:
        if setting.name in arguments:
            value = arguments[setting.name]
            if value is None or setting.checked(value) is None:  # NaN arrives as null
                raise InvalidRequest(f"{setting.subject} must be {setting.values}; to leave it open, do not send it.")


def _are_texts(photos: Any) -> bool:
    return isinstance(photos, list) and all(isinstance(photo, str) for photo in photos)
