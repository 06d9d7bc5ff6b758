"""How this program becomes part of a Ray cluster: without Ray's own remarks in the terminal or the log."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray

from pix2pix.cluster.store import one_line
from pix2pix.errors import EditFailed

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
UNREACHABLE = "The Ray cluster cannot be reached; check its address"
NONE_HERE = "No Ray cluster runs on this machine; begin one by “ray start --head”, or give the address of another."
PATIENCE = 10  # seconds


def join(**where: Any) -> None:
    """Join the cluster, or begin one, that ``where`` says as ``ray.init`` takes it.

    Raises:
        EditFailed: it cannot be reached; one sentence.
    """
    for logger in ("ray", "ray.data", "ray.serve"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # what goes wrong becomes one sentence
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        _knock(str(where.get("address")))
        with _hushed():
            ray.init(log_to_driver=False, logging_level=logging.ERROR, configure_logging=False, **where)
    except Exception as error:
        none = where.get("address") == "auto" and isinstance(error, ConnectionError)
        raise EditFailed(NONE_HERE if none else f"{UNREACHABLE} ({one_line(error)}).") from error


def _knock(address: str) -> None:
    """Raise ``OSError`` if nobody answers at ``address``: Ray itself would wait for minutes at one of this machine."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep from the terminal what Ray's native part says of its own logging as it starts."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
