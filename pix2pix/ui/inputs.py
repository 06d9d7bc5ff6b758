"""Fields that take what callers send as it is, so that one place says what is wrong with it: ``EditRequest``."""

from typing import Any

import gradio as gr

from pix2pix.errors import InvalidRequest

NOT_TEXT = "The instruction must be text, such as “make it snowy”."


class NumberInput(gr.Number):
    """A number field that neither rounds 2.5 steps to 2 nor stumbles over text."""

    is_template = True  # it looks like gr.Number in the browser

    def preprocess(self, payload: Any) -> Any:
        is_whole = isinstance(payload, float) and payload.is_integer()
        return int(payload) if is_whole and self.precision == 0 else payload  # JSON of some languages has only floats


class ModelInput(gr.Dropdown):
    """A choice of models. The page fills it when the model is loaded, and a process that takes over the page of another
    has not seen that: whether there is a model of such a name is for ``Studio`` to say."""

    is_template = True  # it looks like gr.Dropdown in the browser

    def preprocess(self, payload: Any) -> Any:
        return payload


class TextInput(gr.Textbox):
    """A text field that does not take a number or a list for text."""

    is_template = True  # it looks like gr.Textbox in the browser

    def preprocess(self, payload: Any) -> Any:
        return payload


class Words(gr.Textbox):
    """The field for an instruction on the page; its value in Python is text, whatever a program sends there."""

    is_template = True  # it looks like gr.Textbox in the browser

    def preprocess(self, payload: Any) -> str:
        if payload is not None and not isinstance(payload, str):
            raise InvalidRequest(NOT_TEXT)
        return payload or ""
