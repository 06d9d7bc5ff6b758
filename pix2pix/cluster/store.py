"""A folder of photos or of results, on this disk or anywhere that fsspec reaches."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pix2pix.errors import EditFailed
from pix2pix.files.drafts import remove_drafts, written
from pix2pix.files.naming import shown

# These write all or nothing.
WHOLE = {"s3", "s3a", "gs", "gcs", "abfs", "az", "adl", "hf", "oci", "oss", "tos", "memory"}
TABLE = "outcomes.parquet"
MISSING = "Ray is needed for this and is not installed: “pip install --requirement requirements-ray.txt” brings it."


@dataclass(frozen=True)
class Store:
    """One folder. Names in it are relative, with slashes.

    Attributes:
        url: as a person wrote it.
        files: the file system of fsspec; it travels to other processes.
        root: the folder's path there.
    """

    url: str
    files: Any = field(repr=False)
    root: str

    @classmethod
    def at(cls, url: str) -> "Store":
        """The folder at ``url``, a path or any URL of fsspec; it need not be there.

        Raises:
            EditFailed: what reaches it is not installed, or there is nothing of that kind.
        """
        try:
            from fsspec.core import url_to_fs

            files, root = url_to_fs(url)
        except ModuleNotFoundError as error:
            raise EditFailed(MISSING) from error
        except Exception as error:  # each kind of store has errors of its own
            raise EditFailed(f"This folder cannot be reached ({one_line(error)}).") from error
        return cls(url.rstrip("/"), files, root.rstrip("/"))

    def address(self, name: str) -> str:
        """How a person would write the file ``name``; what is no text in it is escaped."""
        return f"{self.url}/{shown(name)}"

    def entries(self, folder: str = "") -> Iterator[tuple[str, bool]]:
        """What is in ``folder``: names in it, and whether each is a folder. Links to folders are not among them.

        Raises:
            OSError: the folder is not there or cannot be read.
        """
        path = self._path(folder)
        self.files.invalidate_cache(path)  # others write here, too
        for entry in self.files.ls(path, detail=True):
            name = entry["name"].rstrip("/").rpartition("/")[2]
            is_itself = entry["name"].strip("/") == path.strip("/")  # as object stores mark an empty folder
            if not is_itself and not (entry.get("islink") and self.files.isdir(entry["name"])):
                yield name, entry["type"] == "directory"

    def read(self, name: str, most: int | None = None) -> bytes:
        """The file ``name``, or its first ``most`` bytes.

        Raises:
            OSError: it cannot be read.
        """
        content: bytes = self.files.cat_file(self._path(name), start=None if most is None else 0, end=most)
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write the file ``name``; at no moment is half of it under that name.

        Raises:
            OSError: it cannot be written.
        """
        path, protocols = self._path(name), self.files.protocol
        kinds = {protocols} if isinstance(protocols, str) else set(protocols)
        if kinds & {"file", "local"}:
            _write_here(Path(path), content)
        elif kinds & WHOLE:
            self.files.pipe_file(path, content)
        else:
            folder, _, own = path.rpartition("/")
            draft = f"{folder}/.{own}-{secrets.token_hex(4)}.part"
            self.files.makedirs(folder, exist_ok=True)
            self.files.pipe_file(draft, content)
            self.files.mv(draft, path)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}" if name else self.root


def one_line(error: BaseException) -> str:
    """What ``error`` says, without its line breaks and its full stop."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _write_here(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_drafts(path)
    with written(path) as file:
        file.write(content)
