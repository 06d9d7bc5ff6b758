"""The parts of the edit tab and where they stand; what they do is in ``tab.py``."""

from dataclasses import dataclass

import gradio as gr

from pix2pix.setting import Place
from pix2pix.ui import stage
from pix2pix.ui.controls import Controls, draw_controls, draw_saving
from pix2pix.ui.inputs import ModelInput, Words
from pix2pix.ui.theme import PICTURE_HEIGHT
from pix2pix.ui.upload import PhotoUpload

STORAGE_KEY = "instruct-pix2pix"
WORKSPACE_KEY = "instruct-pix2pix-workspace"
MAX_IDEAS = 40
BRUSH = """<canvas></canvas><div class="tools" role="toolbar">
<button type="button" data-brush="paint" data-say>Brush</button>
<button type="button" data-brush="erase" data-say>Eraser</button>
<label><span data-say>Width</span><input type="range" min="2" max="50" value="16"></label>
<button type="button" data-brush="undo" data-say>Undo stroke</button>
<button type="button" data-brush="invert" data-say>Invert</button>
<button type="button" data-brush="clear" data-say>Clear</button>
<button type="button" data-brush="done" data-say>Done</button></div>"""
DROP_HERE = "# Drop in a photo\nor click to choose one"
NO_RESULTS = "Your results will stand here. None is lost when you make another."
YOURS = '<div class="label" data-say>Yours</div><div class="chips"></div>'  # filled in the browser
NOT_WHAT_YOU_EXPECTED = (
    "<b>Too little changes.</b> Press <i>Change more</i>: it raises text guidance and lowers that of the image.",
    "<b>Too much changes.</b> Press <i>Keep more</i>: it does the opposite, with the same seed.",
    "<b>Almost right.</b> Try another seed. Each seed is another attempt at the same edit.",
    "<b>It misunderstood.</b> Say it in other words: “make it a sunset” and “turn it into sunset” can differ.",
    "<b>It looks unfinished.</b> Give it more steps, if the model gains from them: the hint beside the steps says so.",
    "<b>Faces came out odd.</b> Small faces have few pixels to be drawn with. Crop closer, or choose a larger size.",
)


@dataclass(frozen=True)
class Advanced:
    """The controls under "Advanced"; ``controls`` and ``saving`` are those of the settings, by name."""

    model: ModelInput
    controls: Controls
    saving: Controls
    new_seed: gr.Checkbox
    reset: gr.Button
    surprise: gr.Button

    @property
    def remembered(self) -> Controls:
        """What is the same again at the next visit."""
        controls = {name: control for name, control in self.controls.items() if name != "seed"}
        return {**controls, **self.saving, "new_seed": self.new_seed}


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
    copy_link: gr.Button
    live: gr.Checkbox
    variants: gr.Button
    strengths: gr.Button
    cell: gr.Button  # which the browser presses when one of the strengths is chosen
    tokens: gr.HTML
    notice: gr.HTML
    area: gr.HTML  # what is painted on the photo in view, for the browser to draw
    drawn: gr.Textbox  # what the browser sends of it
    painted: gr.Button  # which the browser presses then
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
    why: gr.Button
    explained: gr.HTML
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
    with gr.Accordion("Not what you expected?", open=False, elem_id="advice"):
        gr.HTML(f"<ul>{''.join(f'<li data-say>{advice}</li>' for advice in NOT_WHAT_YOU_EXPECTED)}</ul>")
    with gr.Accordion("Why this?", open=False, elem_id="why-panel"):
        why = gr.Button("Show what the words look at", size="sm", elem_id="why")
        explained = gr.HTML("", elem_id="explained", padding=False)
    return Fields(**parts, why=why, explained=explained)


def _pictures() -> dict[str, gr.components.Component]:
    """Photo, forming picture and result share one place; the style sheet says which of them is in front."""
    shown = {"height": PICTURE_HEIGHT, "show_label": False}
    with gr.Column(elem_id="place"):
        photo = PhotoUpload(
            label="Your photo",
            sources=["upload", "webcam", "clipboard"],
            placeholder=DROP_HERE,
            alt_text="Your photo",
            elem_id="photo",
            **shown,
        )
        slider = gr.ImageSlider(
            label="Before and after",
            buttons=["fullscreen"],
            interactive=False,
            visible=False,
            elem_id="slider",
            **shown,
        )
        forming = gr.HTML(stage.INVITATION, elem_id="stage", padding=False)
        notice = gr.HTML("", elem_id="notice", padding=False)
        with gr.Row(elem_id="peek"):
            gr.Button("Compare", size="sm", elem_id="see-result")
            gr.Button("Photo", size="sm", elem_id="see-photo")
            gr.Button("Another photo", size="sm", elem_id="another")
            gr.Button("Paint an area", size="sm", elem_id="paint-area")
        gr.HTML(BRUSH, elem_id="brush", padding=False)
    parts = {"photo": photo, "stage": forming, "slider": slider, "notice": notice}
    return {**parts, **_painted_area()}


def _painted_area() -> dict[str, gr.components.Component]:
    """How the browser and the server tell each other what is painted; nobody sees these."""
    return {
        "area": gr.HTML("", elem_id="area-kept", visible="hidden"),
        "drawn": gr.Textbox(visible=False),
        "painted": gr.Button(visible="hidden", elem_id="painted"),
    }


def _instruction() -> dict[str, gr.components.Component]:
    with gr.Row(elem_id="words"):
        instruction = Words(
            label="What should change?",
            placeholder="Say what should change",
            show_label=False,
            max_lines=3,
            scale=6,
            min_width=300,
            elem_id="instruction",
        )
        edit = gr.Button("Edit", variant="primary", scale=1, min_width=110, elem_id="edit")
        stop = gr.Button("Stop", scale=1, min_width=80, interactive=False, elem_id="stop")
    with gr.Row(elem_id="under-words"):
        gr.Button("Keep these words", size="sm", elem_id="star")
        copy_link = gr.Button("Copy link", size="sm", elem_id="copy-link")
        variants = gr.Button("Four variants", size="sm", elem_id="variants")
        strengths = gr.Button("Try strengths", size="sm", elem_id="strengths")
        cell = gr.Button(visible="hidden", elem_id="cell")
        live = gr.Checkbox(False, label="Live", visible="hidden", container=False, min_width=60, elem_id="live")
        tokens = gr.HTML("", elem_id="tokens", padding=False)
    parts = {"instruction": instruction, "edit": edit, "stop": stop, "copy_link": copy_link, "tokens": tokens}
    choices = {"live": live, "variants": variants, "strengths": strengths, "cell": cell}
    return {**parts, **choices, "suggestions": _wishes(instruction)}


def _wishes(instruction: gr.Textbox) -> gr.Dataset:
    """What the model does well, and below it what this visitor said before, which only the browser knows."""
    with gr.Column(elem_id="wishes"):
        ideas = gr.Dataset(
            label="Ideas",
            components=[instruction],
            samples=[[""]],
            samples_per_page=MAX_IDEAS,
            visible=False,
            elem_id="ideas",
        )
        gr.HTML(YOURS, elem_id="yours", padding=False)
    return ideas


def _results() -> dict[str, gr.components.Component]:
    labels = {"undo": "Undo", "redo": "Redo", "further": "Edit further", "more": "Change more", "keep": "Keep more"}
    with gr.Row(elem_id="after-an-edit"):
        buttons = {
            name: gr.Button(label, interactive=False, size="sm", min_width=100, elem_id=name)
            for name, label in labels.items()
        }
        download = gr.DownloadButton("Download", interactive=False, size="sm", min_width=100, elem_id="download")
    with gr.Column(elem_id="results"):
        gr.HTML(NO_RESULTS, elem_id="no-results", padding=False)
        strip = _strip()
    with gr.Row(elem_id="tidy"):
        delete = gr.Button("Delete this result", size="sm", interactive=False, elem_id="delete")
        forget = gr.Button("Forget everything", size="sm", elem_id="forget")
    return {**buttons, "download": download, "strip": strip, "delete": delete, "forget": forget}


def _strip() -> gr.Gallery:
    return gr.Gallery(
        label="Your results",
        show_label=False,
        object_fit="contain",
        buttons=[],
        allow_preview=False,
        interactive=False,
        visible=False,
        format="jpeg",
        elem_id="strip",
    )


def _advanced() -> Advanced:
    controls: Controls = {}
    with gr.Accordion("Advanced", open=False, elem_id="advanced"):
        for place in Place:
            with gr.Row():
                controls |= draw_controls(place)
                if place is Place.CHANCE:
                    about = "Every edit looks a little different."
                    new_seed = gr.Checkbox(True, label="New seed each time", info=about, elem_id="new-seed")
        with gr.Row():
            saving = draw_saving()
        about = "What draws your edits. One that is not on this machine yet is downloaded first."
        model = ModelInput(label="Model", info=about, interactive=True, elem_id="models")
        with gr.Row():
            reset = gr.Button("Reset to defaults", size="sm", elem_id="reset")
            surprise = gr.Button("Random guidance", size="sm", elem_id="surprise")
    return Advanced(model, controls, saving, new_seed, reset, surprise)
