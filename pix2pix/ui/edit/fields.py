"""The parts of the edit tab and where they stand; what they do is in ``tab.py``."""

from dataclasses import dataclass

import gradio as gr

from pix2pix.request import Place
from pix2pix.ui import stage
from pix2pix.ui.controls import Controls, draw_controls
from pix2pix.ui.theme import PICTURE_HEIGHT
from pix2pix.ui.upload import PhotoUpload

STORAGE_KEY = "instruct-pix2pix"
WORKSPACE_KEY = "instruct-pix2pix-workspace"
MAX_IDEAS = 40
NOT_WHAT_YOU_EXPECTED = """
- **Too little changes.** Press *Change more*: it raises text guidance and lowers image guidance by a notch.
- **Too much changes.** Press *Keep more*: it does the opposite, with the same seed.
- **Almost right.** Try another seed. Each seed is another attempt at the same edit.
- **It misunderstood.** Say it in other words: “make it a sunset” and “turn it into sunset” can differ.
- **It looks unfinished.** Give it more steps, if the model gains from them: the hint beside the steps says so.
- **Faces came out odd.** Small faces have few pixels where the model draws. Crop closer, or choose a larger size.
"""


@dataclass(frozen=True)
class Advanced:
    """The controls under "Advanced"; ``controls`` are those of the settings, by name."""

    model: gr.Dropdown
    controls: Controls
    new_seed: gr.Checkbox
    reset: gr.Button
    surprise: gr.Button

    @property
    def remembered(self) -> Controls:
        """What is the same again at the next visit."""
        controls = {name: control for name, control in self.controls.items() if name != "seed"}
        return {**controls, "new_seed": self.new_seed}


@dataclass(frozen=True)
class Fields:
    """Everything on the edit tab that an event reads or writes."""

    key: gr.BrowserState  # of the visitor's workspace
    tab: gr.Textbox  # the name of this tab
    preferences: gr.BrowserState
    photo: PhotoUpload
    stage: gr.HTML
    slider: gr.ImageSlider
    instruction: gr.Textbox
    tokens: gr.HTML
    notice: gr.HTML
    edit: gr.Button
    stop: gr.Button
    suggestions: gr.Dataset
    undo: gr.Button
    redo: gr.Button
    further: gr.Button
    more: gr.Button
    keep: gr.Button
    download: gr.DownloadButton
    strip: gr.Gallery
    delete: gr.Button
    forget: gr.Button
    advanced: Advanced

    @property
    def after_an_edit(self) -> list[gr.components.Component]:
        """The buttons that only make sense once there is a result."""
        return [self.undo, self.redo, self.further, self.more, self.keep, self.download, self.delete]


def lay_out() -> Fields:
    """Draw the edit tab into the Blocks at hand."""
    parts = {
        "key": gr.BrowserState("", storage_key=WORKSPACE_KEY, secret=WORKSPACE_KEY),
        "tab": gr.Textbox(visible=False),
        "preferences": gr.BrowserState({}, storage_key=STORAGE_KEY, secret=STORAGE_KEY),
        **_pictures(),
        **_instruction(),
        **_results(),
        "advanced": _advanced(),
    }
    with gr.Accordion("Not what you expected?", open=False):
        gr.Markdown(NOT_WHAT_YOU_EXPECTED)
    return Fields(**parts)


def _pictures() -> dict[str, gr.components.Component]:
    with gr.Row():
        with gr.Column(min_width=300):
            photo = PhotoUpload(
                label="Your photo",
                sources=["upload", "webcam", "clipboard"],
                height=PICTURE_HEIGHT,
                alt_text="Your photo",
                elem_id="photo",
            )
        with gr.Column(min_width=300):
            forming = gr.HTML(stage.INVITATION, elem_id="stage", padding=False)
            slider = gr.ImageSlider(
                label="Before and after", height=PICTURE_HEIGHT, visible=False, interactive=False, elem_id="slider"
            )
    return {"photo": photo, "stage": forming, "slider": slider}


def _instruction() -> dict[str, gr.components.Component]:
    with gr.Row(equal_height=True):
        instruction = gr.Textbox(
            label="What should change?",
            placeholder="make it night",
            max_lines=3,
            scale=5,
            min_width=320,
            elem_id="instruction",
        )
        edit = gr.Button("Edit", variant="primary", scale=1, min_width=120, elem_id="edit")
        stop = gr.Button("Stop", scale=1, min_width=120, interactive=False, elem_id="stop")
    tokens = gr.HTML("", elem_id="tokens", padding=False)
    notice = gr.HTML("", elem_id="notice", padding=False)
    suggestions = gr.Dataset(
        label="Ideas",
        components=[instruction],
        samples=[[""]],
        samples_per_page=MAX_IDEAS,
        visible=False,
        elem_id="ideas",
    )
    said = {"tokens": tokens, "notice": notice}
    return {"instruction": instruction, "edit": edit, "stop": stop, **said, "suggestions": suggestions}


def _results() -> dict[str, gr.components.Component]:
    labels = {"undo": "Undo", "redo": "Redo", "further": "Edit further", "more": "Change more", "keep": "Keep more"}
    with gr.Row():
        buttons = {
            name: gr.Button(label, interactive=False, min_width=110, elem_id=name) for name, label in labels.items()
        }
        download = gr.DownloadButton("Download", interactive=False, min_width=110, elem_id="download")
    strip = gr.Gallery(
        label="Your results",
        columns=8,
        height=170,
        object_fit="contain",
        fit_columns=False,
        buttons=[],
        allow_preview=False,
        interactive=False,
        visible=False,
        format="jpeg",
        elem_id="strip",
    )
    with gr.Row():
        delete = gr.Button("Delete this result", size="sm", interactive=False, min_width=110, elem_id="delete")
        forget = gr.Button("Forget everything", size="sm", min_width=110, elem_id="forget")
    return {**buttons, "download": download, "strip": strip, "delete": delete, "forget": forget}


def _advanced() -> Advanced:
    controls: Controls = {}
    with gr.Accordion("Advanced", open=False, elem_id="advanced"):
        about = "What draws your edits. One that is not on this machine yet is downloaded first."
        model = gr.Dropdown(label="Model", info=about, interactive=True, elem_id="models")
        for place in Place:
            with gr.Row():
                controls |= draw_controls(place)
                if place is Place.CHANCE:
                    about = "Every edit looks a little different."
                    new_seed = gr.Checkbox(True, label="New seed each time", info=about, elem_id="new-seed")
        with gr.Row():
            reset = gr.Button("Reset to defaults", size="sm", elem_id="reset")
            surprise = gr.Button("Random guidance", size="sm", elem_id="surprise")
    return Advanced(model, controls, new_seed, reset, surprise)
