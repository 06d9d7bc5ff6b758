"""The parts of the gallery tab and where they stand; what they do is in ``gallery_tab.py``."""

from dataclasses import dataclass

import gradio as gr

from pix2pix.ui.edit.fields import SESSION_SECONDS
from pix2pix.ui.gallery import cards
from pix2pix.ui.gallery.board import MAX_PHOTOS, Board
from pix2pix.ui.help import CONTROLS
from pix2pix.ui.theme import PICTURE_HEIGHT
from pix2pix.ui.upload import PhotosUpload

SETTINGS = ("num_inference_steps", "guidance_scale", "image_guidance_scale", "seed", "resolution", "detail")


@dataclass(frozen=True)
class Settings:
    """The numbers of an edit, and a button that draws another seed."""

    steps: gr.Slider
    text: gr.Slider
    image: gr.Slider
    size: gr.Slider
    seed: gr.Number
    new_seed: gr.Button
    detail: gr.Checkbox

    @property
    def values(self) -> list[gr.components.Component]:
        """In the order of ``SETTINGS``, in which an ``EditRequest`` takes them after the instruction."""
        return [self.steps, self.text, self.image, self.seed, self.size, self.detail]


@dataclass(frozen=True)
class Closer:
    """One photo looked at closely."""

    panel: gr.Column
    title: gr.Markdown
    slider: gr.ImageSlider
    original: gr.Image
    instruction: gr.Textbox
    settings: Settings
    again: gr.Button
    download: gr.DownloadButton
    close: gr.Button


@dataclass(frozen=True)
class GalleryFields:
    """Everything on the gallery tab that an event reads or writes."""

    board: gr.State
    turn: gr.State
    photos: PhotosUpload
    instruction: gr.Textbox
    edit: gr.Button
    stop: gr.Button
    bar: gr.HTML
    grid: gr.HTML
    retry: gr.Button
    pack: gr.Button
    sheet: gr.Button
    clear: gr.Button
    packed: gr.DownloadButton
    drawn: gr.DownloadButton
    settings: Settings
    seed_each: gr.Checkbox
    closer: Closer


def lay_out_gallery() -> GalleryFields:
    """Draw the gallery tab into the Blocks at hand."""
    board = gr.State(Board(), time_to_live=SESSION_SECONDS, delete_callback=lambda board: board.clear())
    parts = {"board": board, "turn": gr.State(0), **_asking()}
    with gr.Accordion("Settings for all photos", open=False, elem_id="gallery-settings"):
        parts["settings"] = _settings("gallery")
        parts["seed_each"] = gr.Checkbox(
            False, label="Another seed for each photo", info="The first photo takes the seed, the next one seed + 1, …"
        )
    parts["bar"] = gr.HTML("", elem_id="gallery-bar", css_template=cards.BAR_CSS)
    parts["closer"] = _closer()
    grid = gr.HTML(cards.NOTHING_YET, css_template=cards.CSS, js_on_load=cards.CHOOSE, elem_id="gallery-grid")
    return GalleryFields(**parts, grid=grid, **_finishing())


def _asking() -> dict[str, gr.components.Component]:
    photos = PhotosUpload(
        label=f"Your photos, up to {MAX_PHOTOS}; more can be added at any time",
        file_count="multiple",
        file_types=["image", ".heic", ".heif", ".avif"],
        height=150,
        elem_id="gallery-photos",
    )
    with gr.Row(equal_height=True):
        instruction = gr.Textbox(
            label="What should change in all of them?",
            placeholder="make it night",
            max_lines=3,
            scale=5,
            elem_id="gallery-instruction",
        )
        edit = gr.Button("Edit all", variant="primary", scale=1, min_width=120, elem_id="gallery-edit")
        stop = gr.Button("Stop", scale=1, min_width=120, interactive=False, elem_id="gallery-stop")
    return {"photos": photos, "instruction": instruction, "edit": edit, "stop": stop}


def _settings(prefix: str) -> Settings:
    with gr.Row():
        steps = gr.Slider(1, 100, 1, step=1, label="Steps", info=CONTROLS["steps"], elem_id=f"{prefix}-steps")
        text = gr.Slider(1, 15, 1, step=0.05, label="Text guidance", info=CONTROLS["text"])
        image = gr.Slider(1, 5, 1, step=0.05, label="Image guidance", info=CONTROLS["image"])
    with gr.Row():
        size = gr.Slider(128, 1024, 256, step=64, label="Size", info=CONTROLS["size"])
        seed = gr.Number(0, label="Seed", info=CONTROLS["seed"], precision=0, elem_id=f"{prefix}-seed")
        new_seed = gr.Button("New seed", size="sm", min_width=100, scale=0, elem_id=f"{prefix}-new-seed")
    detail = gr.Checkbox(True, label="Keep the photo's detail", info=CONTROLS["detail"])
    return Settings(steps, text, image, size, seed, new_seed, detail)


def _closer() -> Closer:
    with gr.Column(visible=False, elem_id="gallery-closer") as panel:
        title = gr.Markdown("", elem_id="gallery-closer-title")
        with gr.Row():
            with gr.Column(scale=3, min_width=300):
                slider, original = _pictures()
            with gr.Column(scale=2, min_width=300):
                instruction = gr.Textbox(label="What should change?", max_lines=3, elem_id="gallery-again-instruction")
                again = gr.Button("Edit this one again", variant="primary", elem_id="gallery-again")
                with gr.Accordion("Settings for this one", open=False, elem_id="gallery-again-settings"):
                    settings = _settings("gallery-again")
                with gr.Row():
                    download = gr.DownloadButton(
                        "Download this one", interactive=False, min_width=110, elem_id="gallery-download"
                    )
                    close = gr.Button("Close", min_width=110, elem_id="gallery-close")
    return Closer(panel, title, slider, original, instruction, settings, again, download, close)


def _pictures() -> tuple[gr.ImageSlider, gr.Image]:
    shown = {"height": PICTURE_HEIGHT, "interactive": False, "visible": False}
    slider = gr.ImageSlider(label="Before and after", elem_id="gallery-slider", **shown)
    original = gr.Image(label="The photo", format="jpeg", buttons=[], elem_id="gallery-original", **shown)
    return slider, original


def _finishing() -> dict[str, gr.components.Component]:
    with gr.Row():
        retry = gr.Button("Retry the failed", interactive=False, min_width=140, elem_id="gallery-retry")
        pack = gr.Button("Download all (ZIP)", interactive=False, min_width=140, elem_id="gallery-zip")
        sheet = gr.Button("Contact sheet", interactive=False, min_width=140, elem_id="gallery-sheet")
        clear = gr.Button("Start over", interactive=False, min_width=140, elem_id="gallery-clear")
    packed = gr.DownloadButton("ZIP", visible="hidden", elem_id="gallery-zip-file")
    drawn = gr.DownloadButton("Sheet", visible="hidden", elem_id="gallery-sheet-file")
    return {"retry": retry, "pack": pack, "sheet": sheet, "clear": clear, "packed": packed, "drawn": drawn}
