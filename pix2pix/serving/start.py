"""Where the app answers: a port that is free, looked at before anything heavy is loaded."""

import errno
import socket
from collections.abc import Mapping

VARIABLE, USUAL_PORT, LAST_PORT = "GRADIO_SERVER_PORT", 7860, 65_535
HERE = "127.0.0.1"


def read_port(environment: Mapping[str, str]) -> int:
    """The port that ``environment`` names, or the usual one.

    Raises:
        ValueError: it is no port, or cannot be had; its text is one sentence.
    """
    said = environment.get(VARIABLE, "").strip()
    port = int(said) if said.isdecimal() and said.isascii() else (0 if said else USUAL_PORT)
    if not 1 <= port <= LAST_PORT:
        raise ValueError(f"{VARIABLE} must be a whole number from 1 to {LAST_PORT}, and not “{said}”.")
    try:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that has just been let go is free
            trial.bind((HERE, port))
    except OSError as error:
        why = "is taken by another program" if error.errno == errno.EADDRINUSE else "may not be used here"
        raise ValueError(f"Port {port} {why}; name another one by {VARIABLE}.") from error
    return port
