"""The upload field. It never decodes what it is given: that is the work of ``photo/decoding.py`` alone."""

from pathlib import Path

import gradio as gr
from gradio.data_classes import ImageData


class PhotoUpload(gr.Image):
    """An image field whose value in Python is the path of the uploaded file, untouched.

    Gradio's own field would decode the upload: huge and broken files would meet Pillow without limits.
    """

    is_template = True  # it looks like gr.Image in the browser

    def preprocess(self, payload: ImageData | None) -> Path | None:
        return Path(payload.path) if payload and payload.path else None
