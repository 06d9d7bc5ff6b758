"""The web app: ``python app.py``, or a Space on Hugging Face."""

import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pix2pix.engine import Engine

OLDEST_PYTHON = (3, 11)
VISITORS = 200
LOG_OF_EDITS = "pix2pix.ui.crowd.log"


def main() -> None:
    """Serve the page until Ctrl-C; the model loads in the background. What keeps it from that is one sentence."""
    if sys.version_info < OLDEST_PYTHON:  # before anything is imported that an older one cannot read
        this = ".".join(map(str, sys.version_info[:2]))
        raise SystemExit(f"This app needs Python 3.11 or newer, and this is Python {this}.")
    from pix2pix.cores import share_cores

    share_cores()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger(LOG_OF_EDITS).setLevel(logging.INFO)
    try:
        _serve()
    except (ValueError, OSError) as error:
        logging.getLogger(__name__).debug("The app did not start.", exc_info=error)
        raise SystemExit(f"The app cannot start: {error}") from None


def _serve() -> None:
    from pix2pix.serving.limits import read_limits
    from pix2pix.serving.start import read_port
    from pix2pix.serving.visitors import open_visitors

    model = os.environ.get("PIX2PIX_MODEL", "").strip() or "auto"
    limits, port = read_limits(os.environ), read_port(os.environ)
    os.environ["GRADIO_SERVER_PORT"] = str(port)  # gradio reads it when it is imported, and stumbles over an empty one
    visitors = open_visitors(os.environ)
    os.environ["GRADIO_TEMP_DIR"] = str(visitors.store.uploads)  # so that uploads come under the same rule

    from pix2pix.serving.studio import Studio
    from pix2pix.ui import build_page

    cluster = os.environ.get("PIX2PIX_RAY", "").strip()
    load = partial(_join, cluster) if cluster else _load
    page = build_page(Studio(model, load, bool(limits.other_models) and not cluster), visitors, limits)
    page.queue(max_size=limits.waiting, api_open=False)
    page.launch(server_port=port, **_options())


def _options() -> dict[str, Any]:
    """How the page is to be launched."""
    from pix2pix.photo.limits import MAX_BYTES
    from pix2pix.ui.api.server import app_options
    from pix2pix.ui.theme import LOOK

    return {
        **LOOK,
        "max_file_size": MAX_BYTES,
        "state_session_capacity": VISITORS,
        "enable_monitoring": False,
        "run_history": False,  # which would keep results in the browser after everything was forgotten
        "strict_cors": True,
        "mcp_server": True,
        "app_kwargs": app_options(),
        "footer_links": ["api"],
    }


def _load(model: str) -> "Engine":
    """Load an editor without the libraries' remarks; runs in the background, because it imports torch."""
    from pix2pix.diffusion.quiet import quieten_libraries
    from pix2pix.editing import load_editor

    quieten_libraries()
    return load_editor(model)


def _join(cluster: str, model: str) -> "Engine":
    """The editor that replicas on Ray share; which model it has was said where they were deployed."""
    from pix2pix.cluster.store import MISSING
    from pix2pix.errors import EditFailed

    try:
        from pix2pix.cluster.replicas.remote import RemoteEditor
    except ImportError as error:
        raise EditFailed(MISSING) from error
    return RemoteEditor.join(cluster)


if __name__ == "__main__":
    main()
