"""The page: a title, what model is at work, the tabs."""

import gradio as gr

from pix2pix.serving.limits import USUAL, Limits
from pix2pix.serving.visitors import Visitors
from pix2pix.ui.api.blocks import PlainBlocks
from pix2pix.ui.api.code_tab import build_code_tab
from pix2pix.ui.browser import script
from pix2pix.ui.crowd.guard import Guard
from pix2pix.ui.edit import view
from pix2pix.ui.edit.advanced import AdvancedPanel
from pix2pix.ui.edit.fields import lay_out
from pix2pix.ui.edit.history import History
from pix2pix.ui.edit.link import wire_link
from pix2pix.ui.edit.tab import EditTab
from pix2pix.ui.examples import draw_examples
from pix2pix.ui.gallery.fields import lay_out_gallery
from pix2pix.ui.gallery.tab import GalleryTab
from pix2pix.ui.header import TITLE, draw_header
from pix2pix.ui.languages import translate
from pix2pix.ui.protocols import EditService
from pix2pix.ui.queues import PRIVATE, QUICK
from pix2pix.ui.safely import safely


def build_page(service: EditService, visitors: Visitors, limits: Limits = USUAL) -> gr.Blocks:
    """The page around ``service``, within ``limits``, with the work of ``visitors``; a model may still be loading."""
    service = Guard(service, limits)
    gr.set_static_paths(visitors.store.files)  # shown as they are, under names that nobody can guess
    with PlainBlocks(limits, service.is_loaded, title=TITLE, analytics_enabled=False) as page:
        banner = draw_header(view.LOADING)
        with gr.Tab("Edit"):
            fields = lay_out()
            draw_examples(fields)
        with gr.Tab("Gallery"):
            gallery = GalleryTab(lay_out_gallery(), fields.key, fields.tab, service, visitors)
        with gr.Tab("Use it from code"):
            build_code_tab(page, service)
        panel = AdvancedPanel(fields, banner, service)
        EditTab(fields, panel, service, visitors)
        history = History(fields, panel, service, visitors)
        history.wire(page)
        gallery.open_after(history.opened)
        gallery.watch(history.clock)
        page.load(None, js=script(), **PRIVATE)
        about_a_model = [*panel.about_a_model, fields.advanced.model]
        # Not in the queue: an event that joins while the last answer there comes in may never hear its own.
        opened = history.opened.then(safely(panel.open), fields.preferences, about_a_model, **QUICK)
        wire_link(fields, panel, opened)
    translate(page)
    return page
