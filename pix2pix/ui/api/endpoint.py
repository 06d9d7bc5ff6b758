"""An endpoint: a function that programs call over REST, with gradio_client, or as an MCP tool.

Gradio reads what an endpoint takes from its function's signature and docstring. Both are made here from the table of
settings, so that an endpoint knows every setting and describes each in the table's words.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from pix2pix.setting import DefaultFrom, Setting
from pix2pix.ui.inputs import NumberInput, TextInput


@dataclass(frozen=True)
class Parameter:
    """One parameter of an endpoint.

    Attributes:
        name: what callers call it.
        component: what turns the JSON value into Python's; never seen on the page.
        help: one sentence.
        default: its value when it is left out, or ``inspect.Parameter.empty`` where it must be given.
    """

    name: str
    component: gr.components.Component
    help: str
    default: Any = inspect.Parameter.empty


def parameter_of(setting: Setting) -> Parameter:
    """The parameter for ``setting``."""
    if setting.choices:
        component = TextInput(setting.default, label=setting.name, visible=False)
    elif setting.bounds is None:
        component = gr.Checkbox(setting.default, label=setting.name, visible=False)
    else:
        precision = 0 if setting.kind is int else None
        component = NumberInput(setting.default, label=setting.name, precision=precision, visible=False)
    if setting.default_from is DefaultFrom.TABLE:
        return Parameter(setting.name, component, setting.explained, setting.default)
    help = f"{setting.explained} Left out, it is {setting.default_from.value}."
    return Parameter(setting.name, component, help, None)


def instruction_parameter(help: str) -> Parameter:
    """The words of the edit."""
    return Parameter("instruction", TextInput(label="instruction", visible=False), help)


def register(
    act: Callable[..., Any],
    api_name: str,
    description: str,
    parameters: Sequence[Parameter],
    outputs: Sequence[gr.components.Component],
    queue: dict[str, Any],
) -> None:
    """Make ``act``, which takes ``parameters`` by name, the endpoint ``api_name``; nothing of it is on the page.

    An ``EditError`` that it raises becomes the sentence that the caller reads: ``PlainBlocks`` sees to that.
    """

    def endpoint(*values: Any) -> Any:
        return act(**dict(zip((parameter.name for parameter in parameters), values, strict=True)))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = [inspect.Parameter(parameter.name, kind, default=parameter.default) for parameter in parameters]
    endpoint.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]  # functions may have one
    endpoint.__name__ = api_name
    endpoint.__doc__ = _document(description, parameters)
    components = [parameter.component for parameter in parameters]
    gr.Button(visible=False).click(endpoint, components, list(outputs), api_name=api_name, **queue)


def _document(description: str, parameters: Sequence[Parameter]) -> str:
    """A docstring in the form that gradio reads."""
    lines = [f"    {parameter.name}: {parameter.help}" for parameter in parameters]
    return "\n".join([description, "", "Args:", *lines])
