"""What the model at work can do, as a resource that assistants read and an endpoint that programs call."""

import json
from dataclasses import asdict
from typing import Any

import gradio as gr

from pix2pix.errors import EditError
from pix2pix.request import GALLERY_SETTINGS, Defaults
from pix2pix.setting import Setting
from pix2pix.ui.protocols import EditService

ADDRESS = "pix2pix://model"


def build_model_resource(service: EditService) -> None:
    """Register the resource."""

    def model() -> str:
        """What the model at work can do, what it cannot, ideas that it does well, and its settings, as JSON."""
        try:
            told = _told(service)
        except EditError as error:
            told = {"error": str(error)}
        return json.dumps(told, ensure_ascii=False, indent=2)

    resource = gr.mcp.resource(ADDRESS, mime_type="text/json")  # gradio sends all but text/... as bytes
    gr.api(resource(model), api_name="model", concurrency_limit=None)


def _told(service: EditService) -> dict[str, Any]:
    editor = service.editor()
    checkpoint = editor.checkpoint
    return {
        "name": checkpoint.name,
        "about": checkpoint.about,
        "note": editor.note,
        "ideas": list(checkpoint.suggestions),
        "steps": checkpoint.steps_advice,
        "defaults": asdict(checkpoint.defaults),
        "longest_instruction_in_word_pieces": editor.max_tokens,
        "settings": [_setting(setting, checkpoint.defaults) for setting in GALLERY_SETTINGS],
    }


def _setting(setting: Setting, defaults: Defaults) -> dict[str, Any]:
    low, high = setting.bounds or (None, None)
    return {
        "name": setting.name,
        "label": setting.label,
        "help": setting.help,
        "values": setting.values,
        "minimum": low,
        "maximum": high,
        "default": getattr(defaults, setting.name, setting.default),
    }
