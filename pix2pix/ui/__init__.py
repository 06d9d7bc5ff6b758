"""The web page. Gradio only: it is handed an editor and knows no model."""

from pix2pix.ui.page import build_page

__all__ = ["build_page"]
