"""The page: a photo, an instruction, a button, and the edited photo."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import gradio as gr
from PIL.Image import Image

from pix2pix.errors import EditError
from pix2pix.events import Result, Step
from pix2pix.photo import Photo
from pix2pix.request import EditRequest
from pix2pix.session import EditSession
from pix2pix.ui.upload import PhotoUpload

TITLE = "InstructPix2Pix"
INTRODUCTION = """# InstructPix2Pix
Drop in a photo, say what to do with it, and get the edited photo back."""
PICTURE_HEIGHT = 420
SESSION_SECONDS = 3600


class StreamsEdits(Protocol):
    """What the page needs of an editor."""

    def stream(
        self, photo: str | Path | Photo, request: EditRequest, *, session: EditSession
    ) -> Iterator[Step | Result]: ...


def build_page(editor: StreamsEdits, about: str) -> gr.Blocks:
    """The page around ``editor``; ``about`` is a sentence on the model in use, shown under the title."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(SESSION_SECONDS, SESSION_SECONDS)) as page:
        session = gr.State(EditSession(), time_to_live=SESSION_SECONDS)
        gr.Markdown(f"{INTRODUCTION}\n\n{about}")
        with gr.Row():
            photo = PhotoUpload(label="Your photo", sources=["upload", "clipboard"], height=PICTURE_HEIGHT)
            result = gr.Image(
                label="Edited photo",
                format="png",
                interactive=False,
                height=PICTURE_HEIGHT,
                buttons=["download", "fullscreen"],
            )
        with gr.Row(equal_height=True):
            instruction = gr.Textbox(
                label="What should change?", placeholder="make it look like night", max_lines=3, scale=5
            )
            button = gr.Button("Edit", variant="primary")
        gr.on(
            [instruction.submit, button.click],
            _edit_with(editor),
            inputs=[photo, instruction, session],
            outputs=[result, session],
            concurrency_limit=1,
            concurrency_id="model",
            api_name="edit",
            show_progress_on=[result],
        )
    return page


def _edit_with(editor: StreamsEdits) -> Callable:
    def edit(
        photo: Path | None,
        instruction: str,
        session: EditSession,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio finds it by this default
    ) -> Iterator[tuple[Image, EditSession]]:
        """Edit the photo as the instruction says."""
        if photo is None:
            raise gr.Error("Choose a photo first.", title="No photo yet", print_exception=False)
        try:
            with closing(editor.stream(photo, EditRequest(instruction), session=session)) as stream:
                for event in stream:
                    if isinstance(event, Step):
                        progress((event.index, event.total), unit="steps")
                        yield event.preview, session
                    else:
                        yield event.image, session
        except EditError as error:
            raise gr.Error(str(error), title="That did not work", print_exception=False) from error
        if event.truncated:
            gr.Warning(f"The instruction was too long; this part was not read: “{event.truncated}”")

    return edit
