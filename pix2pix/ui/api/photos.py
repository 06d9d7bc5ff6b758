"""How programs hand in photos: the address of a photo, a data URL, or what ``/gradio_api/upload`` answered."""

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import gradio as gr
from gradio_client.utils import decode_base64_to_binary, get_extension

from pix2pix.errors import InvalidImage
from pix2pix.files.drafts import written
from pix2pix.files.room import disk_full
from pix2pix.photo.limits import MAX_BYTES
from pix2pix.ui.api.addresses import file_at, served
from pix2pix.ui.crowd.fetching import fetched
from pix2pix.ui.upload import own_name

WAYS = "its address (http or https), a data URL, or an upload to this app"
UPLOAD_TOOL = "; for a file of your user, call upload_file_to_gradio first if you have it, and send what it returns"
NO_PHOTO = f"Send a photo: {WAYS}."
NO_MASK = f"Send the mask as a picture: {WAYS}; without one, leave it out."
NOT_AN_UPLOAD = f"This is no photo that was uploaded here; send {WAYS}."
UNREACHABLE = "The photo cannot be fetched from its address; check that everybody can open it, or send a data URL."
BROKEN_DATA = "The data URL of the photo cannot be read; it begins with “data:image/jpeg;base64,” or the like."
# Upload programs for assistants look for these words.
SCHEMA = {"type": "string", "format": "Gradio File Input - a http or https url to a file"}


class PhotoInput(gr.Image):
    """A photo from a program; its value in Python is the path of a file, nothing decoded."""

    is_template = True  # it looks like gr.Image in the browser
    data_model = None  # or plain addresses would be refused with a page of pydantic's words

    def api_info(self) -> dict[str, Any]:
        return SCHEMA

    def preprocess(self, payload: Any) -> Path | None:
        return None if payload is None else _received(payload, self)[0]

    async def async_move_resource_to_block_cache(self, url_or_file_path: Any) -> Any:
        return url_or_file_path  # fetched in ``preprocess``, where all ways meet


class PhotosInput(gr.File):
    """Many photos from a program; its value in Python is a list of their paths and own names, nothing decoded."""

    is_template = True  # it looks like gr.File in the browser

    def __init__(self, **options: Any) -> None:
        super().__init__(file_count="multiple", **options)
        self.data_model = None

    def api_info(self) -> dict[str, Any]:
        return {"type": "array", "items": SCHEMA}

    def preprocess(self, payload: Any) -> list[tuple[Path, str]]:
        photos = payload if isinstance(payload, list) else [payload] if payload else []
        return [_received(photo, self) for photo in photos]

    async def async_move_resource_to_block_cache(self, url_or_file_path: Any) -> Any:
        return url_or_file_path


def _received(photo: Any, field: gr.components.Component) -> tuple[Path, str]:
    """The file and the name of ``photo``: a text, or what gradio's clients make of a file."""
    name = None
    if isinstance(photo, dict):
        name, photo = photo.get("orig_name"), photo.get("path") or photo.get("url")
    if not isinstance(photo, str):
        raise InvalidImage(NO_PHOTO)
    file = _file(photo, field.GRADIO_CACHE)
    field.temp_files.add(str(file))  # these gradio clears away after a while
    return file, own_name(name if isinstance(name, str) and name else _last_part(photo) or file.name)


def _last_part(address: str) -> str:
    """What the file at an address is called there; nothing for what is no address."""
    return Path(unquote(urlsplit(address).path)).name if address.startswith(("http://", "https://")) else ""


def _file(photo: str, folder: str) -> Path:
    if photo.startswith("data:"):
        return _from_data(photo, Path(folder))
    if not photo.startswith(("http://", "https://")):
        if file := served(photo):
            return file
        raise InvalidImage(NOT_AN_UPLOAD)
    try:
        return file_at(photo) or fetched(photo, Path(folder), MAX_BYTES)
    except Exception as error:  # whatever can go wrong between here and there
        raise disk_full(error) or InvalidImage(UNREACHABLE) from error


def _from_data(address: str, folder: Path) -> Path:
    """The file that the data URL ``address`` holds; gradio's own way leaves half of it for good on a full disk."""
    try:
        data, _ = decode_base64_to_binary(address)
        ending = get_extension(address)
    except (ValueError, IndexError) as error:
        raise InvalidImage(BROKEN_DATA) from error
    file = folder / hashlib.sha256(data).hexdigest() / (f"file.{ending}" if ending else "file")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with written(file) as draft:
            draft.write(data)
    return file
