"""Fields for what programs send. They convert nothing: ``EditRequest`` says in its own words what is wrong."""

from typing import Any

import gradio as gr


class NumberInput(gr.Number):
    """A number field that neither rounds 2.5 steps to 2 nor stumbles over text."""

    is_template = True  # it looks like gr.Number in the browser

    def preprocess(self, payload: Any) -> Any:
        is_whole = isinstance(payload, float) and payload.is_integer()
        return int(payload) if is_whole and self.precision == 0 else payload  # JSON of some languages has only floats


class TextInput(gr.Textbox):
    """A text field that does not take a number or a list for text."""

    is_template = True  # it looks like gr.Textbox in the browser

    def preprocess(self, payload: Any) -> Any:
        return payload
