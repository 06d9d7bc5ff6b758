"""Drafts while one types: the latest words only, and never while the model works for anybody."""

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from PIL.Image import Image

from pix2pix.errors import EditError, EditFailed
from pix2pix.events import Result
from pix2pix.photo.thumbnail import fitted
from pix2pix.serving.desk import Desk
from pix2pix.serving.stored import THUMBNAIL_SIDE, StoredPhoto
from pix2pix.serving.visitors import Visitors
from pix2pix.serving.workspace import Workspace
from pix2pix.ui import stage
from pix2pix.ui.controls import GUIDANCE, Update, request_of
from pix2pix.ui.edit.fields import Fields
from pix2pix.ui.protocols import EditService
from pix2pix.ui.queues import QUICK
from pix2pix.ui.safely import safely

PAUSE_SECONDS = 0.3
SLIDERS = ("num_inference_steps", *GUIDANCE)  # whose effect a draft shows
DRAFT_SEED = 0  # while words change, chance does not


class Live:
    """What the switch does."""

    def __init__(self, fields: Fields, service: EditService, visitors: Visitors) -> None:
        self.fields = fields
        self._service = service
        self._visitors = visitors

    def wire(self, asked: dict[str, Any]) -> None:
        """Draw when somebody types, or lets go of a slider; ``asked`` are the inputs of an edit."""
        f = self.fields
        inputs = {"live": f.live, **{name: part for name, part in asked.items() if name != "new_seed"}}
        moved_or_typed = [f.instruction.input, *(f.advanced.controls[name].release for name in SLIDERS)]
        options = {"inputs_kwargs": inputs, "outputs": f.stage, "trigger_mode": "always_last", **QUICK}
        gr.on(moved_or_typed, safely(self.draft), **options)

    def draft(
        self, live: bool, key: str, tab: str, photo: Path | None, instruction: str, model: str, **settings: Any
    ) -> Update:
        """A draft in the place of the result, after a pause; nothing if there are newer words, or others to serve."""
        if not (live and photo and instruction.strip()):
            return {}
        time.sleep(PAUSE_SECONDS)
        workspace = self._visitors.workspace(key)
        desk = Desk.of(workspace, tab)
        stored = desk.photo_in(workspace)
        if stored is None or desk.asked or desk.instruction != instruction or not self._service.is_idle(model):
            return {}
        try:
            picture = self._drawn(workspace, stored, instruction, model, settings)
        except EditError:  # Edit will say what is wrong; whoever types is not interrupted
            return {}
        return {self.fields.stage: gr.update(value=stage.draft(picture), visible=True)}

    def _drawn(
        self, workspace: Workspace, photo: StoredPhoto, instruction: str, model: str, settings: dict[str, Any]
    ) -> Image:
        """The draft, RGB, no larger than it is shown."""
        request = request_of(instruction, settings)
        seeded = request if request.seed is not None else replace(request, seed=DRAFT_SEED)
        draft = seeded.resolved(self._service.editor(model).checkpoint.defaults).as_draft()
        session, mask = self._visitors.session(workspace), workspace.mask_of(photo)
        with closing(self._service.stream(photo.shown, draft, session=session, model=model, mask=mask)) as stream:
            for event in stream:
                if isinstance(event, Result):
                    return fitted(event.image.convert("RGB"), 2 * THUMBNAIL_SIDE)
        raise EditFailed("The draft ended without a result.")
