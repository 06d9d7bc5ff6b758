"""The history of the edit tab: a tree of results, shown as a strip, and what comes back when the page opens again."""

from typing import Any

import gradio as gr

from pix2pix.errors import EditError
from pix2pix.serving.desk import Desk
from pix2pix.serving.stored import StoredResult
from pix2pix.serving.visitors import Visitors
from pix2pix.serving.workspace import Workspace
from pix2pix.ui import stage
from pix2pix.ui.controls import Update, merged
from pix2pix.ui.edit import view
from pix2pix.ui.edit.advanced import AdvancedPanel
from pix2pix.ui.edit.fields import Fields
from pix2pix.ui.protocols import EditService
from pix2pix.ui.queues import QUICK
from pix2pix.ui.safely import safely, sentence_for

# A tab keeps its name over reloads, and another tab has another one; the key of the workspace is made once a browser.
WHO_IS_IT = """(key, tab) => {
  const random = () => [...crypto.getRandomValues(new Uint8Array(16))]
    .map(byte => byte.toString(16).padStart(2, "0")).join("");
  tab = sessionStorage.getItem("instruct-pix2pix-tab") || random();
  sessionStorage.setItem("instruct-pix2pix-tab", tab);
  return [key || random(), tab];
}"""
CLOCK_SECONDS = 10.0  # how long a page may show what is deleted, or wait for what was cut
EDIT = "edit"  # what a tab works on
INTERRUPTED = "“{}” was interrupted. Press Edit to do it again."
LOST = "There was no room for everything: the {} unused longest went, to make some."


class History:
    """One method for each way of moving in the history."""

    def __init__(self, fields: Fields, panel: AdvancedPanel, service: EditService, visitors: Visitors) -> None:
        self.fields = fields
        self.panel = panel
        self._service = service
        self._visitors = visitors

    def wire(self, page: gr.Blocks) -> None:
        """Connect the events; ``opened`` is the one that knows who opened ``page``."""
        f = self.fields
        who = {"key": f.key, "tab": f.tab}
        self.shown = [f.photo, f.area, f.stage, f.slider, f.strip, f.notice, *f.after_an_edit]
        settings = [*f.advanced.controls.values(), f.advanced.new_seed, f.advanced.model]
        moved = [*self.shown, f.instruction, *settings, self.panel.banner, f.suggestions]
        options = {"inputs_kwargs": who, **QUICK}
        f.undo.click(safely(self.undo), outputs=moved, **options)
        f.redo.click(safely(self.redo), outputs=moved, **options)
        f.strip.select(safely(self.choose), outputs=moved, **options)
        f.further.click(safely(self.go_further), outputs=self.shown, **options)
        f.delete.click(safely(self.delete), outputs=moved, **options)
        f.forget.click(safely(self.forget), outputs=[*self.shown, f.instruction], **options)
        self.clock = gr.Timer(min(CLOCK_SECONDS, self._visitors.store.keep_seconds / 4))
        seen = [*self.shown, f.instruction, f.edit, f.stop]
        self.clock.tick(safely(self.look_at_the_clock), outputs=seen, **options)
        opened = [f.key, f.tab, f.instruction, *self.shown]
        self.opened = page.load(safely(self.open), [f.key, f.tab], opened, js=WHO_IS_IT, **QUICK)

    def open(self, key: str, tab: str) -> Update:
        """The page as this tab left it: photo, words, the result in view, the strip; and what was interrupted."""
        who = {self.fields.key: key, self.fields.tab: tab}
        try:
            return {**who, **self._as_it_was_left(key, tab)}
        except Exception as error:  # a page without a key would keep nothing of what is done on it
            return {**who, **view.notice(self.fields, sentence_for(error))}

    def _as_it_was_left(self, key: str, tab: str) -> Update:
        f, workspace = self.fields, self._visitors.workspace(key)
        self._visitors.take_cut(key, tab, EDIT)
        desk = Desk.of(workspace, tab)
        interrupted = INTERRUPTED.format(desk.asked) if desk.asked else ""
        words = desk.asked or desk.instruction
        desk = desk.write(workspace, tab, asked="", instruction=words)
        photo = desk.photo_in(workspace)
        return {  # nothing for fields that were left empty: somebody quick has filled them meanwhile
            **({f.instruction: words} if words else {}),
            **(view.photo_in_view(f, workspace, photo) if photo else {}),
            **view.in_view(f, workspace, desk),
            **view.notice(f, interrupted),
        }

    def undo(self, key: str, tab: str) -> Update:
        """To the result that this one came after, or to the bare photo."""
        workspace = self._visitors.workspace(key)
        now = Desk.of(workspace, tab).result_in(workspace)
        return self._move(workspace, tab, now.parent if now else None)

    def redo(self, key: str, tab: str) -> Update:
        """To the one of the next results that was looked at last."""
        workspace = self._visitors.workspace(key)
        desk = Desk.of(workspace, tab)
        then = workspace.after(desk.view, desk.photo)
        return self._move(workspace, tab, then.id if then else desk.view)

    def choose(self, key: str, tab: str, event: gr.SelectData) -> Update:
        """A result of the strip comes into view."""
        workspace = self._visitors.workspace(key)
        results = workspace.results()
        if not 0 <= event.index < len(results):
            return self._over()
        return self._move(workspace, tab, results[event.index].id)

    def _move(self, workspace: Workspace, tab: str, id: str | None) -> Update:
        """The result ``id`` with its photo, its words and settings, and the model that made it; or the bare photo."""
        f, desk = self.fields, Desk.of(workspace, tab)
        if id is None or not workspace.has_result(id):
            desk = desk.write(workspace, tab, view=None)
            photo = view.photo_in_view(f, workspace, desk.photo_in(workspace))
            return {**photo, **view.in_view(f, workspace, desk), **view.notice(f, "")}
        result = workspace.view(id)
        desk = desk.write(workspace, tab, view=id, photo=result.photo, instruction=result.request.instruction)
        photo = view.photo_in_view(f, workspace, workspace.photo(result.photo))
        seen = {**photo, **view.in_view(f, workspace, desk), **view.notice(f, "")}
        return merged(seen, self._words_and_model_of(result))

    def _words_and_model_of(self, result: StoredResult) -> Update:
        f = self.fields
        try:
            editor = self._service.editor(result.checkpoint)
        except EditError:  # it was made by a model that is not here any more
            return view.words_and_settings(f, result.request, None)
        model = {self.panel.banner: view.about(editor), f.advanced.model: editor.checkpoint.name}
        words = view.words_and_settings(f, result.request, editor.checkpoint)
        return merged(model, words, view.advice_of(f, editor.checkpoint))

    def go_further(self, key: str, tab: str) -> Update:
        """The result in view becomes the photo to edit."""
        f, workspace = self.fields, self._visitors.workspace(key)
        desk = Desk.of(workspace, tab)
        result = desk.result_in(workspace)
        if result is None:
            return self._over()
        photo = workspace.add_photo(result.file)
        desk.write(workspace, tab, photo=photo.id)
        return {**view.photo_in_view(f, workspace, photo), **view.blank(f, stage.INVITATION)}

    def delete(self, key: str, tab: str) -> Update:
        """Delete the result in view; the one before it comes into view."""
        workspace = self._visitors.workspace(key)
        result = Desk.of(workspace, tab).result_in(workspace)
        if result is None:
            return self._over()
        workspace.delete_result(result.id)
        return self._move(workspace, tab, result.parent)

    def forget(self, key: str, tab: str) -> Update:
        """Delete everything of this visitor at once."""
        f = self.fields
        self._visitors.forget(self._visitors.workspace(key))
        return {**self._nothing(), f.instruction: "", **view.notice(f, "Everything of yours is deleted.")}

    def look_at_the_clock(self, key: str, tab: str) -> Update:
        """Say what a page does not hear otherwise: that an edit was cut, or that the time of the work is over."""
        if self._visitors.time_is_over(key):
            return self._over()
        if not self._visitors.take_cut(key, tab, EDIT) or not Desk.of(self._visitors.workspace(key), tab).asked:
            return {}
        return {**self._as_it_was_left(key, tab), **view.working(self.fields, busy=False)}

    def _over(self) -> Update:
        hours = self._visitors.store.keep_seconds / 3600
        time = "an hour" if hours == 1 else f"{hours:.3g} hours"
        f, said = self.fields, f"Your work was kept for {time} after you used it last; that time is over."
        return {**self._nothing(), **view.notice(f, said)}

    def _nothing(self) -> dict[Any, Any]:
        f = self.fields
        buttons = {button: gr.update(interactive=False) for button in f.after_an_edit}
        strip = {f.strip: gr.update(value=[], visible=False)}
        return {f.photo: None, f.area: "", **view.blank(f, stage.INVITATION), **strip, **buttons}
