"""The web app: ``python app.py``, or a Space on Hugging Face."""

import os

from pix2pix.photo.decoding import MAX_BYTES
from pix2pix.serving.studio import Studio
from pix2pix.ui import build_page
from pix2pix.ui.theme import CSS, THEME

WAITING_EDITS = 20
VISITORS = 200


def main() -> None:
    """Serve the page until Ctrl-C; the model loads in the background."""
    page = build_page(Studio(os.environ.get("PIX2PIX_MODEL", "auto")))
    page.queue(max_size=WAITING_EDITS, api_open=False)
    page.launch(
        theme=THEME,
        css=CSS,
        max_file_size=MAX_BYTES,
        state_session_capacity=VISITORS,
        enable_monitoring=False,
        strict_cors=True,
        mcp_server=True,
        footer_links=["api"],
    )


if __name__ == "__main__":
    main()
