"""Several pictures to choose from by eye: one edit with other seeds, or with less and more guidance."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from typing import Any

from pix2pix.engine import CheckpointLike
from pix2pix.errors import EditFailed
from pix2pix.events import PhotoStep, Result
from pix2pix.photo.thumbnail import fitted
from pix2pix.request import EditRequest
from pix2pix.serving.desk import Desk
from pix2pix.serving.stored import THUMBNAIL_SIDE, StoredPhoto, StoredResult
from pix2pix.serving.visitors import Visitors
from pix2pix.serving.workspace import Workspace
from pix2pix.ui import stage
from pix2pix.ui.controls import GUIDANCE, Update, request_of, within_bounds
from pix2pix.ui.crowd.guard import Abandoned
from pix2pix.ui.edit import view
from pix2pix.ui.edit.fields import Fields
from pix2pix.ui.edit.history import EDIT
from pix2pix.ui.protocols import EditService
from pix2pix.ui.safely import sentence_for

VARIANTS = 4
STRIDE = 2.5  # notches from one strength to the next


class Choices:
    """One method for each kind of choice; both stream what they draw into the place where one looks."""

    def __init__(self, fields: Fields, service: EditService, visitors: Visitors) -> None:
        self.fields = fields
        self._service = service
        self._visitors = visitors

    def vary(
        self, key: str, tab: str, photo: Path, instruction: str, new_seed: bool, model: str, **settings: Any
    ) -> Iterator[Update]:
        """The same edit with four seeds; all of them go into the history, and one click brings one into view."""
        saving = {name: settings.pop(name) for name in self.fields.advanced.saving if name in settings}

        def act(workspace: Workspace, stored: StoredPhoto) -> Iterator[Update]:
            request, kept = request_of(instruction, settings, new_seed), []
            parent = Desk.of(workspace, tab).view

            def keep(result: Result) -> None:
                kept.append(workspace.add_result(result, stored, parent, **saving))

            requests = list(islice(request.numbered(), VARIANTS))
            yield from self._drawn(workspace, stored, stored.file, requests, model, keep)
            yield {**self._to_choose_from(workspace, kept), **self._done(workspace, tab)}

        yield from self._safely(key, tab, photo, act)

    def try_strengths(
        self, key: str, tab: str, photo: Path, instruction: str, new_seed: bool, model: str, **settings: Any
    ) -> Iterator[Update]:
        """Drafts of the edit with less and more of both guidances; one click makes the chosen one in full."""

        def act(workspace: Workspace, stored: StoredPhoto) -> Iterator[Update]:
            checkpoint = self._service.editor(model).checkpoint
            request = next(request_of(instruction, settings, new_seed).resolved(checkpoint.defaults).numbered())
            cells: list[tuple[str, EditRequest]] = []

            def keep(result: Result) -> None:
                cells.append((stage.data_url(fitted(result.image.convert("RGB"), THUMBNAIL_SIDE)), result.request))

            requests = strengths(request, checkpoint)
            yield from self._drawn(workspace, stored, stored.shown, requests, model, keep)
            seed = {self.fields.advanced.controls["seed"]: request.seed}
            yield {self.fields.stage: stage.strengths(cells), **seed, **self._done(workspace, tab)}

        yield from self._safely(key, tab, photo, act)

    def _safely(
        self, key: str, tab: str, photo: Path, act: Callable[[Workspace, StoredPhoto], Iterator[Update]]
    ) -> Iterator[Update]:
        """What ``act`` streams; whatever goes wrong in it becomes a sentence."""
        f = self.fields
        yield {f.stage: stage.STARTING}
        try:
            workspace = self._visitors.workspace(key)
            yield from act(workspace, workspace.add_photo(Path(photo)))
        except (GeneratorExit, Abandoned):
            self._visitors.note_cut(key, tab, EDIT)
            raise
        except Exception as error:
            yield {f.stage: stage.failed(sentence_for(error)), **view.working(f, busy=False)}

    def _drawn(
        self,
        workspace: Workspace,
        photo: StoredPhoto,
        file: Path,
        requests: Sequence[EditRequest],
        model: str,
        keep: Callable[[Result], None],
    ) -> Iterator[Update]:
        """All pictures as they form; each is handed to ``keep`` when it is finished, and one that fails costs no other.

        Raises:
            EditError: all of them failed.
        """
        pictures, errors = [""] * len(requests), []
        session, mask = self._visitors.session(workspace), workspace.mask_of(photo)
        files = [file] * len(requests)
        stream = self._service.stream_gallery(files, requests, session=session, model=model, mask=mask)
        with closing(stream):
            for event in stream:
                if isinstance(event, PhotoStep):
                    pictures[event.index] = stage.data_url(event.step.preview)
                    yield {self.fields.stage: stage.forming_together(pictures, event.index)}
                elif event.result:
                    keep(event.result)
                else:
                    errors.append(event.error)
        if len(errors) == len(requests):
            raise errors[0] or EditFailed("The edit ended without a result; please try again.")

    def _to_choose_from(self, workspace: Workspace, kept: Sequence[StoredResult]) -> Update:
        """The results ``kept``, side by side, and all of them in the strip."""
        order = [result.id for result in workspace.results()]
        there = [result for result in kept if result.id in order]
        cells = [(stage.jpeg_url(one.thumbnail.read_bytes()), order.index(one.id)) for one in there]
        return {**view.strip(self.fields, workspace), self.fields.stage: stage.variants(cells)}

    def _done(self, workspace: Workspace, tab: str) -> Update:
        """Nothing is asked for any more."""
        Desk.of(workspace, tab).write(workspace, tab, asked="")
        return view.working(self.fields, busy=False)


def strengths(request: EditRequest, checkpoint: CheckpointLike) -> list[EditRequest]:
    """Three times three drafts of ``request``: text guidance rises from left to right, image guidance falls downwards.

    Args:
        request: with nothing left open.
    """
    text, image = (
        _around(name, getattr(request, name), STRIDE * notch, checkpoint)
        for name, notch in zip(GUIDANCE, checkpoint.notches, strict=True)
    )
    return [
        replace(request.as_draft(), guidance_scale=s_text, image_guidance_scale=s_image)
        for s_image, s_text in product(reversed(image), text)
    ]


def _around(name: str, value: float, stride: float, checkpoint: CheckpointLike) -> list[float]:
    """Three values of the setting ``name``, ``value`` among them, as far around it as its range allows."""
    low = within_bounds(name, value - stride, checkpoint)
    high = within_bounds(name, low + 2 * stride, checkpoint)
    low = within_bounds(name, high - 2 * stride, checkpoint)
    middle = value if low < value < high else round((low + high) / 2, 2)
    return [low, middle, high]
