"""Addresses of results, for programs elsewhere; they show nothing of where this machine keeps its files."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from gradio.utils import get_upload_folder
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

RESULTS = "/gradio_api/results/"  # below gradio's own prefix, which proxies and Spaces pass on
UPLOADS = "/gradio_api/file="  # gradio's own; uploads are found there


@contextmanager
def new_folder() -> Iterator[Path]:
    """A new folder for results, under a name that nobody can guess, in gradio's folder and so with its clearing.

    It goes at once if something is raised: half a result is of no use, and takes the room that another one needs.
    """
    folder = _folder() / secrets.token_hex(16)
    try:
        folder.mkdir(parents=True)
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def address_of(file: Path, root: str) -> str:
    """The address of ``file``, which lies in gradio's folder, for somebody who reached this app at ``root``."""
    return root + RESULTS + quote(file.resolve().relative_to(_folder()).as_posix())


def file_at(address: str) -> Path | None:
    """The file in gradio's folder that one of our own addresses stands for, or ``None``.

    An address is not enough to fetch it by: gradio rightly fetches nothing from the machine it runs on.
    """
    path = unquote(urlsplit(address).path)
    for start in (RESULTS, UPLOADS):
        _, found, rest = path.partition(start)
        if found:
            return served(rest)
    return None


def served(path: str) -> Path | None:
    """The file at ``path``, from gradio's folder or in full, if it is one that gradio would serve to anybody."""
    try:
        file = (_folder() / path).resolve()
        return file if file.is_relative_to(_folder()) and file.is_file() else None
    except (OSError, ValueError):  # too long for a path, or with characters that no path has
        return None


async def _serve(request: Request) -> Response:
    file = served(request.path_params["path"])
    return FileResponse(file) if file else PlainTextResponse("There is no such result any more.", status_code=404)


def _folder() -> Path:
    return Path(get_upload_folder()).resolve()


ROUTE = Route(RESULTS + "{path:path}", _serve)
