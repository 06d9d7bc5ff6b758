"""The command line: ``pix2pix edit PHOTO_OR_DIR... "make it night" --out DIR_OR_FILE`` and ``pix2pix models``."""

import argparse
import logging
import os
import sys
import warnings
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from pathlib import Path

from tqdm import tqdm

from pix2pix.errors import EditError, InvalidImage
from pix2pix.events import Outcome, PhotoStep, nothing_changed
from pix2pix.files.formats import remove_drafts, save_result
from pix2pix.files.receipt import read_receipt
from pix2pix.files.targets import WrongUsage, is_folder, photos_and_targets
from pix2pix.request import GALLERY_SETTINGS, MAX_SEED, SAVE_SETTINGS, SETTINGS, EditRequest
from pix2pix.session import EditSession
from pix2pix.setting import Setting

ALL_EDITED, SOME_FAILED, WRONG_USAGE, STOPPED = 0, 1, 2, 130
SAVERS = 4  # files that are written at the same time: packing a large PNG takes longer than a GPU takes to edit it
SAVING_PIXELS = 128_000_000  # of results that wait to be written, and so are in memory
SWITCH = {"on": True, "off": False}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0 every photo was edited, 1 at least one was not, 2 wrong usage, 130 stopped by Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    _listen(options)
    try:
        return _models() if options.command == "models" else _edit(options)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pix2pix", description="Edit photos by telling them what to do.")
    commands = parser.add_subparsers(required=True, dest="command", metavar="edit | models")
    edit = commands.add_parser("edit", help="edit one or more photos with one instruction")
    edit.add_argument("photos", nargs="+", metavar="PHOTO", type=Path, help="a photo, or a folder of photos")
    edit.add_argument("instruction", metavar="INSTRUCTION", help='such as "make it night"')
    edit.add_argument("--out", required=True, metavar="DIR_OR_FILE", help="folder, or a .png, .jpg or .webp file")
    edit.add_argument("--model", default="auto", metavar="M", help='"pocket", a Hugging Face id, or a folder')
    edit.add_argument("--device", choices=("cpu", "cuda", "mps"), help="the best of this machine unless given")
    for setting in (*GALLERY_SETTINGS, *SAVE_SETTINGS):
        _add_flag(edit, setting)
    edit.add_argument("--recursive", action="store_true", help="also photos in the folders inside a folder")
    edit.add_argument("--overwrite", action="store_true", help="edit again what the folder after --out has already")
    models = commands.add_parser("models", help="list what can be run, and whether it is on this machine")
    for command in (edit, models):
        command.add_argument("--verbose", action="store_true", help="say more where something goes wrong")
    return parser


def _add_flag(parser: argparse.ArgumentParser, setting: Setting) -> None:
    explained = setting.explained.replace("%", "%%")
    if setting.bounds is not None:
        parser.add_argument(setting.flag, dest=setting.name, type=setting.kind, metavar="N", help=explained)
    elif setting.choices:
        default, choices = setting.default, setting.choices
        parser.add_argument(setting.flag, dest=setting.name, choices=choices, default=default, help=setting.help)
    elif setting.default:
        parser.add_argument(setting.flag, dest=setting.name, choices=SWITCH, default="on", help=setting.help)
    else:
        parser.add_argument(setting.flag, dest=setting.name, action="store_true", help=setting.help)


def _models() -> int:
    from pix2pix.diffusion.checkpoints import KNOWN, is_on_this_machine

    width = max(len(checkpoint.name) for checkpoint in KNOWN)
    for checkpoint in KNOWN:
        where = "on this machine" if is_on_this_machine(checkpoint) else "not downloaded "
        print(f"{checkpoint.name:{width}}  {where}  {checkpoint.summary}")
    print("\n--model also takes any InstructPix2Pix on Hugging Face by its id, or a folder in diffusers layout.")
    return ALL_EDITED


def _edit(options: argparse.Namespace) -> int:
    into_folder = is_folder(options.out, options.photos)
    try:
        tasks = _tasks(options, into_folder)
        tasks[0].target.parent.mkdir(parents=True, exist_ok=True)
    except (EditError, WrongUsage) as error:
        _complain(str(error))
        return WRONG_USAGE
    except OSError as error:
        _complain(f"{options.out}: cannot be made a folder ({error.strerror}).")
        return SOME_FAILED
    left = tasks if options.overwrite or not into_folder else [task for task in tasks if not task.target.exists()]
    if len(left) < len(tasks) and sys.stderr.isatty():
        _complain(f"{len(tasks) - len(left)} of {len(tasks)} are there already; --overwrite edits them again.")
    return _edit_all(options, left) if left else ALL_EDITED


@dataclass(frozen=True)
class _Task:
    """One photo, where its result goes, the request with its seed, and whether the photo's metadata is kept."""

    photo: Path
    target: Path
    request: EditRequest
    metadata: bool


def _tasks(options: argparse.Namespace, into_folder: bool) -> list[_Task]:
    named = {setting.name: getattr(options, setting.name) for setting in SETTINGS}
    settings = {name: SWITCH[value] if value in ("on", "off") else value for name, value in named.items()}
    request = EditRequest(options.instruction, **settings)
    if os.path.isfile(options.instruction):
        raise WrongUsage("The instruction is missing: it comes after the photos, in quotes.")
    pairs = photos_and_targets(options.photos, options.out, options.recursive, options.format)
    if request.seed is None and into_folder:
        request = replace(request, seed=_seed_so_far([target for _, target in pairs], request, options.vary_seed))
    numbered = request.numbered()  # which also draws the seed, if there is none
    requests = numbered if options.vary_seed else repeat(next(numbered))
    kept = SWITCH[options.metadata]
    return [_Task(photo, target, one, kept) for (photo, target), one in zip(pairs, requests, strict=False)]


def _seed_so_far(targets: Sequence[Path], request: EditRequest, vary_seed: bool) -> int | None:
    """The seed of a run that was interrupted and now goes on, so that all its photos share one; else ``None``."""
    index, there = next(((k, target) for k, target in enumerate(targets) if target.exists()), (0, None))
    try:
        receipt = None if there is None else read_receipt(there)
    except InvalidImage:
        return None
    if receipt is None or receipt.seed is None or receipt.instruction != request.instruction:
        return None
    return (receipt.seed - index) % (MAX_SEED + 1) if vary_seed else receipt.seed


def _edit_all(options: argparse.Namespace, tasks: Sequence[_Task]) -> int:
    from pix2pix.diffusion.quiet import quieten_libraries  # these take seconds to import, so wrong usage is told before

    quieten_libraries()
    from pix2pix.editing.editor import Editor

    editor = Editor.load(options.model, options.device)
    if editor.note and sys.stderr.isatty():
        _complain(editor.note)
    photos, requests = [task.photo for task in tasks], [task.request for task in tasks]
    done: list[bool] = []
    ideas = editor.checkpoint.suggestions
    saving: deque[_Saving] = deque()
    bar = tqdm(unit="step", leave=False, disable=None)
    gallery = editor.stream_gallery(photos, requests, session=EditSession())
    with bar, ThreadPoolExecutor(SAVERS) as savers, closing(gallery) as stream:
        for event in stream:
            if isinstance(event, PhotoStep):
                bar.total = event.step.total * len(tasks)  # some schedulers take more than one step for one asked for
                bar.set_description(_position(event.index, photos), refresh=False)
                bar.update()
                continue
            task = tasks[event.index]
            saving.append(_Saving(event, task, savers.submit(_save, event, task)))
            while saving and (saving[0].file.done() or _are_too_many(saving)):
                done.append(_report(saving.popleft(), ideas))
        done += [_report(one, ideas) for one in saving]
    return ALL_EDITED if all(done) else SOME_FAILED


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
    number = f" ({index + 1} of {len(photos)})" if len(photos) > 1 else ""
    return photos[index].name + number


def _save(outcome: Outcome, task: _Task) -> None:
    if outcome.result is not None:
        task.target.parent.mkdir(parents=True, exist_ok=True)
        remove_drafts(task.target)
        save = save_result if task.metadata else partial(save_result, metadata=False)
        save(outcome.result, task.target)


def _report(saving: _Saving, ideas: Sequence[str]) -> bool:
    """Wait until the file is written and print one line about the photo. True if its result is there."""
    task, result = saving.task, saving.outcome.result
    if result is None:
        _complain(f"{task.photo}: {saving.outcome.error}")
        return False
    try:
        saving.file.result()
    except OSError as error:
        _complain(f"{task.target}: cannot be written ({error.strerror}).")
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
        tqdm.write(f"{task.target}  ({used.num_inference_steps} steps, seed {used.seed}, {result.seconds:.1f} s)")
    return True


def _complain(sentence: str) -> None:
    tqdm.write(sentence, file=sys.stderr)  # above the bar, if there is one
