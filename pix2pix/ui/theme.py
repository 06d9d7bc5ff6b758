"""The look of the page, light and dark. System fonts only: the page works without any other server."""

import gradio as gr

from pix2pix.ui.browser import style_sheet
from pix2pix.ui.languages import I18N

PICTURE_HEIGHT = "var(--picture)"  # of whatever is looked at; the style sheet knows how high the window is

THEME = gr.themes.Soft(
    primary_hue="indigo",
    neutral_hue="slate",
    radius_size="lg",
    font=["system-ui", "-apple-system", "Segoe UI", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
)

CSS = style_sheet()
LOOK = {"theme": THEME, "css": CSS, "i18n": I18N}  # what ``launch`` is to be given
