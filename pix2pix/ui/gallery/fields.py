"""The parts of the gallery tab and where they stand; what they do is in ``tab.py``."""

from dataclasses import dataclass

import gradio as gr

from pix2pix.request import VARY_SEED
from pix2pix.setting import Place
from pix2pix.ui.controls import Controls, draw_controls, draw_saving
from pix2pix.ui.gallery import cards
from pix2pix.ui.gallery.board import MAX_PHOTOS
from pix2pix.ui.inputs import Words
from pix2pix.ui.theme import PICTURE_HEIGHT
from pix2pix.ui.upload import PhotosUpload


@dataclass(frozen=True)
class Asking:
    """Words and settings, with a button that draws another seed; ``controls`` are by the name of the setting."""

    instruction: gr.Textbox
    controls: Controls
    new_seed: gr.Button

    @property
    def inputs(self) -> dict[str, gr.components.Component]:
        """What an ``EditRequest`` is made of, by the names of its fields."""
        return {"instruction": self.instruction, **self.controls}


@dataclass(frozen=True)
class CloseUp:
    """One photo looked at closely, and the means to edit it again."""

    panel: gr.Column
    title: gr.Markdown
    slider: gr.ImageSlider
    original: gr.Image
    asking: Asking
    again: gr.Button
    download: gr.DownloadButton
    close: gr.Button


@dataclass(frozen=True)
class GalleryFields:
    """Everything on the gallery tab that an event reads or writes."""

    turn: gr.State
    photos: PhotosUpload
    asking: Asking
    edit: gr.Button
    stop: gr.Button
    vary_seed: gr.Checkbox
    saving: Controls
    bar: gr.HTML
    grid: gr.HTML
    retry: gr.Button
    pack: gr.Button
    sheet: gr.Button
    clear: gr.Button
    packed: gr.DownloadButton
    drawn: gr.DownloadButton
    close_up: CloseUp


def lay_out_gallery() -> GalleryFields:
    """Draw the gallery tab into the Blocks at hand."""
    parts = {"turn": gr.State(0), **_photos_and_words()}
    instruction = parts.pop("instruction")
    with gr.Accordion("Settings for all photos", open=False, elem_id="gallery-settings"):
        parts["asking"] = _settings(instruction, "gallery-")
        parts["vary_seed"] = gr.Checkbox(VARY_SEED.default, label=VARY_SEED.label, info=VARY_SEED.help)
        with gr.Row():
            parts["saving"] = draw_saving("gallery-")
    parts["bar"] = gr.HTML("", elem_id="gallery-bar", css_template=cards.BAR_CSS)
    parts["close_up"] = _close_up()
    grid = gr.HTML(cards.NOTHING_YET, css_template=cards.CSS, js_on_load=cards.CHOOSE, elem_id="gallery-grid")
    return GalleryFields(**parts, grid=grid, **_finishing())


def _photos_and_words() -> dict[str, gr.components.Component]:
    photos = PhotosUpload(
        label=f"Your photos, up to {MAX_PHOTOS}",
        file_count="multiple",
        height=150,
        elem_id="gallery-photos",
    )
    with gr.Row(elem_id="gallery-words"):
        instruction = Words(
            label="What should change in all of them?",
            placeholder="Say what should change",
            show_label=False,
            max_lines=3,
            scale=6,
            min_width=300,
            elem_id="gallery-instruction",
        )
        edit = gr.Button("Edit all", variant="primary", scale=1, min_width=110, elem_id="gallery-edit")
        stop = gr.Button("Stop", scale=1, min_width=80, interactive=False, elem_id="gallery-stop")
    return {"photos": photos, "instruction": instruction, "edit": edit, "stop": stop}


def _settings(instruction: gr.Textbox, prefix: str) -> Asking:
    controls: Controls = {}
    for place in Place:
        with gr.Row():
            controls |= draw_controls(place, prefix)
            if place is Place.CHANCE:
                new_seed = gr.Button("New seed", size="sm", min_width=100, scale=0, elem_id=f"{prefix}new-seed")
    return Asking(instruction, controls, new_seed)


def _close_up() -> CloseUp:
    with gr.Column(visible=False, elem_id="gallery-close-up") as panel:
        title = gr.Markdown("", elem_id="gallery-close-up-title")
        with gr.Row():
            with gr.Column(scale=3, min_width=300):
                slider, original = _pictures()
            with gr.Column(scale=2, min_width=300):
                instruction = Words(label="What should change?", max_lines=3, elem_id="gallery-again-instruction")
                again = gr.Button("Edit this one again", variant="primary", elem_id="gallery-again")
                with gr.Accordion("Settings for this one", open=False, elem_id="gallery-again-settings"):
                    asking = _settings(instruction, "gallery-again-")
                with gr.Row():
                    download = gr.DownloadButton(
                        "Download this one", interactive=False, min_width=110, elem_id="gallery-download"
                    )
                    close = gr.Button("Close", min_width=110, elem_id="gallery-close")
    return CloseUp(panel, title, slider, original, asking, again, download, close)


def _pictures() -> tuple[gr.ImageSlider, gr.Image]:
    shown = {"height": PICTURE_HEIGHT, "show_label": False, "interactive": False, "visible": False}
    slider = gr.ImageSlider(label="Before and after", buttons=["fullscreen"], elem_id="gallery-slider", **shown)
    original = gr.Image(label="The photo", format="jpeg", buttons=[], elem_id="gallery-original", **shown)
    return slider, original


def _finishing() -> dict[str, gr.components.Component]:
    with gr.Row(elem_id="gallery-after"):
        retry = gr.Button("Retry the failed", interactive=False, size="sm", min_width=110, elem_id="gallery-retry")
        pack = gr.Button("Download all (ZIP)", interactive=False, size="sm", min_width=110, elem_id="gallery-zip")
        sheet = gr.Button("Contact sheet", interactive=False, size="sm", min_width=110, elem_id="gallery-sheet")
        clear = gr.Button("Start over", interactive=False, size="sm", min_width=110, elem_id="gallery-clear")
    packed = gr.DownloadButton("ZIP", visible="hidden", elem_id="gallery-zip-file")
    drawn = gr.DownloadButton("Sheet", visible="hidden", elem_id="gallery-sheet-file")
    return {"retry": retry, "pack": pack, "sheet": sheet, "clear": clear, "packed": packed, "drawn": drawn}
