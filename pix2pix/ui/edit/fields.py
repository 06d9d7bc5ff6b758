"""The parts of the edit tab and where they stand; what they do is in ``edit_tab.py``."""

from dataclasses import dataclass

import gradio as gr

from pix2pix.request import GUIDANCE_SCALE_RANGE, IMAGE_GUIDANCE_SCALE_RANGE
from pix2pix.session import EditSession
from pix2pix.ui import stage
from pix2pix.ui.help import CONTROLS, NOT_WHAT_YOU_EXPECTED
from pix2pix.ui.theme import PICTURE_HEIGHT
from pix2pix.ui.upload import PhotoUpload

SESSION_SECONDS = 3600
STORAGE_KEY = "instruct-pix2pix"
MOST_IDEAS = 40
EXAMPLES = ("tower.jpg", "lion.jpg", "cheetah1.jpg")  # photographs that come with gradio


@dataclass(frozen=True)
class Settings:
    """The controls under "Advanced"."""

    model: gr.Dropdown
    steps: gr.Slider
    text: gr.Slider
    image: gr.Slider
    size: gr.Slider
    seed: gr.Number
    new_seed: gr.Checkbox
    detail: gr.Checkbox
    reset: gr.Button
    surprise: gr.Button

    @property
    def values(self) -> list[gr.components.Component]:
        """What a result can bring back."""
        return [self.steps, self.text, self.image, self.size, self.seed, self.new_seed, self.detail]

    @property
    def kept(self) -> list[gr.components.Component]:
        """What is remembered from visit to visit."""
        return [self.steps, self.text, self.image, self.size, self.new_seed, self.detail]


@dataclass(frozen=True)
class Fields:
    """Everything on the edit tab that an event reads or writes."""

    session: gr.State
    preferences: gr.BrowserState
    photo: PhotoUpload
    stage: gr.HTML
    slider: gr.ImageSlider
    instruction: gr.Textbox
    tokens: gr.HTML
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
    settings: Settings

    @property
    def after_an_edit(self) -> list[gr.components.Component]:
        """The buttons that only make sense once there is a result."""
        return [self.undo, self.redo, self.further, self.more, self.keep, self.download]


def lay_out() -> Fields:
    """Draw the edit tab into the Blocks at hand."""
    parts = {
        "session": gr.State(EditSession(), time_to_live=SESSION_SECONDS),
        "preferences": gr.BrowserState({}, storage_key=STORAGE_KEY, secret=STORAGE_KEY),
        **_pictures(),
        **_instruction(),
        **_results(),
        "settings": _advanced(),
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
    suggestions = gr.Dataset(
        label="Ideas", components=[instruction], samples=[[""]], samples_per_page=MOST_IDEAS, visible=False
    )
    return {"instruction": instruction, "edit": edit, "stop": stop, "tokens": tokens, "suggestions": suggestions}


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
    return {**buttons, "download": download, "strip": strip}


def _advanced() -> Settings:
    with gr.Accordion("Advanced", open=False, elem_id="advanced"):
        model = gr.Dropdown(label="Model", info=CONTROLS["model"], interactive=True, elem_id="models")
        with gr.Row():
            steps = gr.Slider(1, 100, 4, step=1, label="Steps", info=CONTROLS["steps"], elem_id="steps")
            size = gr.Slider(128, 1024, 256, step=64, label="Size", info=CONTROLS["size"])
        with gr.Row():
            text = gr.Slider(*_halved(GUIDANCE_SCALE_RANGE), step=0.05, label="Text guidance", info=CONTROLS["text"])
            image = gr.Slider(*IMAGE_GUIDANCE_SCALE_RANGE, step=0.05, label="Image guidance", info=CONTROLS["image"])
        with gr.Row():
            seed = gr.Number(0, label="Seed", info=CONTROLS["seed"], precision=0, minimum=0, maximum=2**32 - 1)
            new_seed = gr.Checkbox(True, label="New seed each time", info=CONTROLS["new_seed"])
            detail = gr.Checkbox(True, label="Keep the photo's detail", info=CONTROLS["detail"], elem_id="detail")
        with gr.Row():
            reset = gr.Button("Reset to defaults", size="sm")
            surprise = gr.Button("Random guidance", size="sm")
    return Settings(model, steps, text, image, size, seed, new_seed, detail, reset, surprise)


def _halved(bounds: tuple[float, float]) -> tuple[float, float]:
    """The half of a range that people use; the rest can be asked for from code."""
    return bounds[0], bounds[1] / 2
