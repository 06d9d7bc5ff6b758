"""A link that brings words and settings back, never the photo: ``?instruction=make+it+night&seed=7&steps=20``."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import gradio as gr

from pix2pix.request import SETTINGS
from pix2pix.setting import Setting, Value
from pix2pix.ui.controls import complaint_about, within_limits
from pix2pix.ui.edit.advanced import AdvancedPanel
from pix2pix.ui.edit.fields import Fields
from pix2pix.ui.queues import PRIVATE, QUICK
from pix2pix.ui.safely import safely

NAMES = {setting.name: setting.flag.removeprefix("--") for setting in SETTINGS}  # the controls' ids, too
COPY = """async (instruction, ...values) => {
  const address = new URL(location.pathname, location.origin), names = %s;
  address.searchParams.set("instruction", instruction);
  names.forEach((name, index) => values[index] !== null && address.searchParams.set(name, values[index]));
  try { await navigator.clipboard.writeText(address); } catch { window.prompt("", address); }
  const button = document.querySelector("#copy-link");
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 2000);
}"""
FORGET = """() => {
  const address = new URL(location);
  for (const name of ["instruction", ...%s]) address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
}"""


def wire_link(f: Fields, panel: AdvancedPanel, opened: gr.events.Dependency) -> None:
    """Copy such a link, and follow one after the page has ``opened``, so that its settings win over all others."""
    names = json.dumps(list(NAMES.values()))
    settings = [f.advanced.controls[name] for name in NAMES]
    f.copy_link.click(None, [f.instruction, *settings], js=COPY % names, **PRIVATE)

    def follow(model: str, request: gr.Request) -> Any:
        said = read_link(request.query_params)
        if said and (checkpoint := panel.checkpoint(model)):
            said = within_limits(said, checkpoint)
        parts = {"instruction": f.instruction, **f.advanced.controls}
        fixed = {f.advanced.new_seed: False} if "seed" in said else {}
        return {**{parts[name]: value for name, value in said.items()}, **fixed} or gr.skip()

    followed = opened.then(safely(follow), f.advanced.model, [f.instruction, *settings, f.advanced.new_seed], **QUICK)
    followed.then(None, js=FORGET % names, **PRIVATE)  # so that a reload does not undo what was changed since


def read_link(query: Mapping[str, str]) -> dict[str, str | Value]:
    """The words and settings in a link, as far as they make sense, by the names of a request's fields."""
    said: dict[str, str | Value] = {}
    with suppress(KeyError):
        said["instruction"] = query["instruction"].strip()
    for setting in SETTINGS:
        with suppress(KeyError, ValueError):
            said[setting.name] = _value(setting, query[NAMES[setting.name]])
    return {name: value for name, value in said.items() if not complaint_about(name, value)}


def _value(setting: Setting, text: str) -> Value:
    return text.lower() in ("true", "1", "on") if setting.kind is bool else setting.kind(text)
