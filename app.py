"""The web app: ``python app.py``, or a Space on Hugging Face."""

import logging
import os
from typing import TYPE_CHECKING

from pix2pix.photo.limits import MAX_BYTES
from pix2pix.serving.limits import read_limits
from pix2pix.serving.studio import Studio, load_editor
from pix2pix.serving.visitors import open_visitors
from pix2pix.ui import build_page
from pix2pix.ui.api.server import app_options
from pix2pix.ui.theme import LOOK

if TYPE_CHECKING:
    from pix2pix import Editor

VISITORS = 200


def main() -> None:
    """Serve the page until Ctrl-C; the model loads in the background."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    model = os.environ.get("PIX2PIX_MODEL", "").strip() or "auto"
    try:
        limits, visitors = read_limits(os.environ), open_visitors(os.environ)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    os.environ["GRADIO_TEMP_DIR"] = str(visitors.store.uploads)  # so that uploads come under the same rule
    page = build_page(Studio(model, _load, bool(limits.other_models)), visitors, limits)
    page.queue(max_size=limits.waiting, api_open=False)
    page.launch(
        **LOOK,
        max_file_size=MAX_BYTES,
        state_session_capacity=VISITORS,
        enable_monitoring=False,
        run_history=False,  # which would keep results in the browser after everything was forgotten
        strict_cors=True,
        mcp_server=True,
        app_kwargs=app_options(),
        footer_links=["api"],
    )


def _load(model: str) -> "Editor":
    """Load an editor without the libraries' remarks; runs in the background, because it imports torch."""
    from pix2pix.diffusion.quiet import quieten_libraries

    quieten_libraries()
    return load_editor(model)


if __name__ == "__main__":
    main()
