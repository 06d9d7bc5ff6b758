"""The command line: ``pix2pix edit PHOTO_OR_DIR... "make it night" --out DIR_OR_FILE`` and ``pix2pix models``."""

import argparse
import errno
import logging
import os
import sys
import warnings
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ImageStat
from tqdm import tqdm

from pix2pix.cores import share_cores
from pix2pix.errors import EditError
from pix2pix.events import Outcome, PhotoStep, Result, nothing_changed
from pix2pix.files.drafts import remove_drafts
from pix2pix.files.earlier import is_made_so, seed_so_far
from pix2pix.files.formats import save_result
from pix2pix.files.naming import shown
from pix2pix.files.room import SENTENCES
from pix2pix.files.targets import Targets, WrongUsage, is_folder, photos_and_targets
from pix2pix.flags import MAX_VARIANTS, SWITCH, parser, request_of
from pix2pix.photo import Photo
from pix2pix.photo.area import open_painted
from pix2pix.request import AUTOMATIC, EditRequest
from pix2pix.session import EditSession

if TYPE_CHECKING:
    from pix2pix.editing.editor import Editor

ALL_EDITED, SOME_FAILED, WRONG_USAGE, STOPPED = 0, 1, 2, 130
SAVERS = 4  # files that are written at the same time: packing a large PNG takes longer than a GPU takes to edit it
SAVING_PIXELS = 128_000_000  # of results that wait to be written, and so are in memory
NO_MORE_ROOM = (*SENTENCES, errno.EACCES, errno.EPERM, errno.EIO)  # for other results, too


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0 every photo was edited, 1 at least one was not, 2 wrong usage, 130 stopped by Ctrl-C.
    """
    options = parser().parse_args(arguments)
    share_cores()
    _listen(options)
    try:
        if options.command == "models":
            return _models()
        return _edit(options) if options.ray is None else _edit_collection(options)
    except EditError as error:
        _complain(str(error))
        return SOME_FAILED
    except KeyboardInterrupt:
        _complain("Stopped.")
        return STOPPED


def _listen(options: argparse.Namespace) -> None:
    """By itself stderr is for one line per photo that failed, not for what libraries remark."""
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.ERROR, handlers=None if options.verbose else [logging.NullHandler()])


def _models() -> int:
    from pix2pix.diffusion.checkpoints import KNOWN, is_on_this_machine

    width = max(len(checkpoint.name) for checkpoint in KNOWN)
    for checkpoint in KNOWN:
        where = "on this machine" if is_on_this_machine(checkpoint) else "not downloaded "
        print(f"{checkpoint.name:{width}}  {where}  {checkpoint.summary}")
    print("\n--model also takes any InstructPix2Pix on Hugging Face by its id, or a folder in diffusers layout.")
    return ALL_EDITED


def _edit_collection(options: argparse.Namespace) -> int:
    from pix2pix.cluster.command import edit_on_ray

    try:
        return ALL_EDITED if edit_on_ray(options, _complain) else SOME_FAILED
    except WrongUsage as error:
        _complain(str(error))
        return WRONG_USAGE


def _edit(options: argparse.Namespace) -> int:
    into_folder = is_folder(options.out, [*map(Path, options.photos)])
    try:
        targets = _targets(options)
        tasks = _tasks(options, into_folder, targets)
        tasks[0].target.parent.mkdir(parents=True, exist_ok=True)
    except (EditError, WrongUsage) as error:
        _complain(str(error))
        return WRONG_USAGE
    except OSError as error:
        _complain(f"{options.out}: cannot be made a folder ({error.strerror}).")
        return SOME_FAILED
    _complain(*targets.remarks())
    there = {task.target for task in tasks if task.new and task.target.exists()}
    as_asked = [_is_made_so(task, options) for task in tasks if task.target in there]
    if any(as_asked) and sys.stderr.isatty():
        _complain(f"{sum(as_asked)} of {len(tasks)} are there already; --overwrite edits them again.")
    left = [task for task in tasks if task.target not in there]
    status = _edit_all(options, left) if left else ALL_EDITED
    return status if all(as_asked) and not targets.closed else max(status, SOME_FAILED)


def _is_made_so(task: "_Task", options: argparse.Namespace) -> bool:
    """Whether what is there already is what was asked for; if not, say so."""
    from pix2pix.diffusion.checkpoints import KNOWN

    request = task.request if options.seed is not None else replace(task.request, seed=None)
    named = next((one.name for one in KNOWN if one.name == options.model), None)
    if is_made_so(task.target, task.photo, request, named, task.mask_digest):
        return True
    _complain(f"{task.target}: made by other words, settings or mask, or of another photo; --overwrite edits it again.")
    return False


@dataclass(frozen=True)
class _Task:
    """One photo, where its result goes, the request with its seed, its mask, and whether its metadata is kept."""

    photo: Path
    target: Path
    request: EditRequest
    mask: Photo | None
    metadata: bool
    new: bool  # a file that is there already stays

    @property
    def mask_digest(self) -> str | None:
        """A hash of the file of the mask, as receipts have it."""
        return None if self.mask is None else self.mask.origin.digest


def _tasks(options: argparse.Namespace, into_folder: bool, targets: Targets | None = None) -> list[_Task]:
    request = request_of(options)
    mask = None if options.mask is None else open_painted(options.mask)  # once, and before anything is loaded
    if os.path.isfile(options.instruction):
        raise WrongUsage("The instruction is missing: it comes after the photos, in quotes.")
    pairs = (targets or _targets(options)).pairs
    offsets = [index if options.vary_seed else index % options.variants for index in range(len(pairs))]
    if request.seed is None and into_folder:
        request = replace(request, seed=seed_so_far([target for _, target in pairs], request, offsets))
    numbered = list(islice(request.numbered(), max(offsets) + 1))  # which also draws the seed, if there is none
    kept, new = SWITCH[options.metadata], into_folder and not options.overwrite
    return [_Task(*pair, numbered[offset], mask, kept, new) for pair, offset in zip(pairs, offsets, strict=True)]


def _targets(options: argparse.Namespace) -> Targets:
    if not 1 <= options.variants <= MAX_VARIANTS:
        raise WrongUsage(f"--variants must be a whole number from 1 to {MAX_VARIANTS}.")
    return photos_and_targets(
        [*map(Path, options.photos)], options.out, options.recursive, options.format, options.variants
    )


def _edit_all(options: argparse.Namespace, tasks: Sequence[_Task]) -> int:
    from pix2pix.diffusion.quiet import quieten_libraries  # these take seconds to import, so wrong usage is told before

    quieten_libraries()
    from pix2pix.editing.editor import Editor

    editor = Editor.load(options.model, options.device)
    if editor.note and sys.stderr.isatty():
        _complain(editor.note)
    done: list[bool] = []
    saving: deque[_Saving] = deque()
    try:
        _stream(editor, tasks, done, saving)
    except _NoRoomError as error:
        done += [one.file.exception() is None for one in saving]  # what was on its way may have had room yet
        finished = f" {sum(done)} of {len(tasks)} photos are finished; the same command goes on from there."
        _complain(str(error) + finished * (len(tasks) > 1))
        return SOME_FAILED
    return ALL_EDITED if all(done) else SOME_FAILED


def _stream(editor: "Editor", tasks: Sequence[_Task], done: list[bool], saving: "deque[_Saving]") -> None:
    """Edit ``tasks`` and save their results; ``done`` says of each in turn whether its result is there."""
    photos, requests = [task.photo for task in tasks], [task.request for task in tasks]
    bar, ideas = tqdm(unit="step", leave=False, disable=None), editor.checkpoint.suggestions
    masks = [task.mask for task in tasks]
    gallery = editor.stream_gallery(photos, requests, session=EditSession(), masks=masks)
    with bar, ThreadPoolExecutor(SAVERS) as savers, closing(gallery) as stream:
        for event in stream:
            if isinstance(event, PhotoStep):
                bar.total = event.step.total * len(tasks)  # some schedulers take more than one step for one asked for
                bar.set_description(shown(_position(event.index, photos), sys.stderr.encoding), refresh=False)
                bar.update()
                continue
            task = tasks[event.index]
            saving.append(_Saving(event, task, savers.submit(_save, event, task)))
            while saving and (saving[0].file.done() or _are_too_many(saving)):
                done.append(_report(saving.popleft(), ideas))
        while saving:
            done.append(_report(saving.popleft(), ideas))


class _NoRoomError(Exception):
    """Results cannot be written any more; its text is one sentence for whoever waits for them."""


@dataclass(frozen=True)
class _Saving:
    """A result on its way to its file."""

    outcome: Outcome
    task: _Task
    file: Future[None]


def _are_too_many(saving: Sequence[_Saving]) -> bool:
    images = [one.outcome.result.image for one in saving if one.outcome.result is not None]
    return len(saving) > SAVERS or sum(image.width * image.height for image in images) > SAVING_PIXELS


def _position(index: int, photos: Sequence[Path]) -> str:
    return photos[index].name + (f" ({index + 1} of {len(photos)})" if len(photos) > 1 else "")


def _save(outcome: Outcome, task: _Task) -> None:
    if outcome.result is not None:
        task.target.parent.mkdir(parents=True, exist_ok=True)
        remove_drafts(task.target)
        options = ({} if task.metadata else {"metadata": False}) | ({"new": True} if task.new else {})
        save_result(outcome.result, task.target, **options)


def _report(saving: _Saving, ideas: Sequence[str]) -> bool:
    """Wait until the file is written and print one line about the photo. True if its result is there."""
    task, result = saving.task, saving.outcome.result
    if result is None:
        _complain(f"{task.photo}: {saving.outcome.error}")
        return False
    try:
        saving.file.result()
    except FileExistsError:
        if is_made_so(task.target, task.photo, result.request, mask=task.mask_digest):
            return True  # by another run of the same command
        _complain(f"{task.target}: another run has made it meanwhile; choose another folder for this one.")
        return False
    except OSError as error:
        sentence = f"{task.target}: cannot be written ({error.strerror or error})."
        if error.errno in NO_MORE_ROOM:
            raise _NoRoomError(sentence) from error
        _complain(sentence)
        return False
    except EditError as error:
        _complain(f"{task.photo}: {error}")
        return False
    used = result.request
    if result.unchanged:
        _complain(f"{task.photo}: {nothing_changed(used.instruction, ideas)}")
    if result.truncated:
        _complain(f"{task.photo}: the instruction is too long for the model, which did not read “{result.truncated}”.")
    if sys.stdout.isatty():
        how = f"{used.num_inference_steps} steps, seed {used.seed}, {result.seconds:.1f} s{_where(result)}"
        tqdm.write(shown(f"{task.target}  ({how})", sys.stdout.encoding))
    return True


def _where(result: Result) -> str:
    """Where the edit acted, if it was not meant to act everywhere."""
    if result.area is not None:
        return f", on {ImageStat.Stat(result.area).mean[0] / 255:.0%} of the photo"
    return ", everywhere" if result.request.area == AUTOMATIC else ""


def _complain(*sentences: str) -> None:
    for sentence in sentences:
        tqdm.write(shown(sentence, sys.stderr.encoding), file=sys.stderr)  # above the bar, if there is one
