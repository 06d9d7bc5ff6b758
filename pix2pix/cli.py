"""The command line: ``python -m pix2pix edit PHOTO_OR_DIR... "make it night" --out DIR_OR_FILE`` and ``models``."""

import argparse
import os
import sys
import warnings
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path

from tqdm import tqdm

from pix2pix.errors import EditError, InvalidImage
from pix2pix.events import Outcome, PhotoStep
from pix2pix.files.folders import photos_in
from pix2pix.files.formats import FORMATS, output_format, remove_drafts, save_result
from pix2pix.files.naming import unique
from pix2pix.files.receipt import read_receipt
from pix2pix.request import EditRequest
from pix2pix.session import EditSession

ALL_EDITED, SOME_FAILED, WRONG_USAGE, STOPPED = 0, 1, 2, 130
SAVERS = 4  # files that are written at the same time: packing a large PNG takes longer than a GPU takes to edit it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0 every photo was edited, 1 at least one was not, 2 wrong usage, 130 stopped by Ctrl-C.
    """
    warnings.simplefilter("ignore")  # stderr is for one line per photo that failed, not for what libraries remark
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return options.run(options, parser)
    except EditError as error:
        _complain(str(error))
        return SOME_FAILED
    except KeyboardInterrupt:
        _complain("Stopped.")
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pix2pix", description="Edit photos by telling them what to do.")
    commands = parser.add_subparsers(required=True, metavar="edit | models")
    edit = commands.add_parser("edit", help="edit one or more photos with one instruction")
    edit.add_argument("photos", nargs="+", metavar="PHOTO", type=Path, help="a photo, or a folder of photos")
    edit.add_argument("instruction", metavar="INSTRUCTION", help='such as "make it night"')
    edit.add_argument("--out", required=True, metavar="DIR_OR_FILE", help="folder, or a .png, .jpg or .webp file")
    edit.add_argument("--model", default="auto", metavar="M", help='"pocket", a Hugging Face id, or a folder')
    edit.add_argument("--steps", type=int, metavar="N", help="denoising steps, 1 to 150")
    edit.add_argument("--guidance-scale", type=float, metavar="X", help="how strongly the instruction counts, 1 to 30")
    edit.add_argument("--image-guidance-scale", type=float, metavar="Y", help="how strongly the photo is kept, 1 to 5")
    edit.add_argument("--seed", type=int, metavar="S", help="the same seed gives the same picture")
    edit.add_argument("--vary-seed", action="store_true", help="each photo takes the next seed, not all the same")
    edit.add_argument("--recursive", action="store_true", help="also photos in the folders inside a folder")
    edit.add_argument("--overwrite", action="store_true", help="edit again what the folder after --out has already")
    edit.add_argument("--detail", choices=("on", "off"), default="on", help="whether the photo's own detail is kept")
    edit.add_argument("--device", choices=("cpu", "cuda", "mps"), help="the best of this machine unless given")
    edit.set_defaults(run=_edit)
    models = commands.add_parser("models", help="list what can be run, and whether it is on this machine")
    models.set_defaults(run=_models)
    return parser


def _models(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from pix2pix.diffusion.checkpoints import KNOWN, is_on_this_machine

    width = max(len(checkpoint.name) for checkpoint in KNOWN)
    for checkpoint in KNOWN:
        where = "on this machine" if is_on_this_machine(checkpoint) else "not downloaded "
        print(f"{checkpoint.name:{width}}  {where}  {checkpoint.summary}")
    print("\n--model also takes any InstructPix2Pix on Hugging Face by its id, or a folder in diffusers layout.")
    return ALL_EDITED


def _edit(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    try:
        request = EditRequest(
            options.instruction,
            options.steps,
            options.guidance_scale,
            options.image_guidance_scale,
            options.seed,
            detail=options.detail == "on",
        )
        tasks = _tasks(options, request)
        tasks[0].target.parent.mkdir(parents=True, exist_ok=True)
    except (EditError, _WrongUsage) as error:
        _complain(str(error))
        return WRONG_USAGE
    except OSError as error:
        _complain(f"{options.out}: cannot be made a folder ({error.strerror}).")
        return SOME_FAILED
    left = tasks if options.overwrite or not _is_folder(options) else [one for one in tasks if not one.target.exists()]
    if len(left) < len(tasks) and sys.stderr.isatty():
        _complain(f"{len(tasks) - len(left)} of {len(tasks)} are there already; --overwrite edits them again.")
    return _edit_all(options, left) if left else ALL_EDITED


def _edit_all(options: argparse.Namespace, tasks: Sequence["_Task"]) -> int:
    from pix2pix.editing.editor import Editor  # takes seconds to import, so wrong usage is told before

    editor = Editor.load(options.model, options.device)
    if editor.note and sys.stderr.isatty():
        _complain(editor.note)
    steps = tasks[0].request.resolved(editor.checkpoint.defaults).num_inference_steps
    photos, requests = [task.photo for task in tasks], [task.request for task in tasks]
    done, saving = [], deque()
    bar = tqdm(total=steps * len(tasks), unit="step", leave=False, disable=None)
    gallery = editor.stream_gallery(photos, requests, session=EditSession())
    with bar, ThreadPoolExecutor(SAVERS) as savers, closing(gallery) as stream:
        for event in stream:
            if isinstance(event, PhotoStep):
                bar.set_description(_position(event.index, photos), refresh=False)
                bar.update()
                continue
            task = tasks[event.index]
            saving.append((event, task, savers.submit(_save, event, task)))
            while saving and (saving[0][-1].done() or len(saving) > SAVERS):  # or too many results would be in memory
                done.append(_report(*saving.popleft()))
        done += [_report(*one) for one in saving]
    return ALL_EDITED if all(done) else SOME_FAILED


def _position(index: int, photos: Sequence[Path]) -> str:
    number = f" ({index + 1} of {len(photos)})" if len(photos) > 1 else ""
    return photos[index].name + number


class _WrongUsage(Exception):
    """The command line asks for something that cannot be meant."""


@dataclass(frozen=True)
class _Task:
    """One photo, where its result goes, and the request with its seed."""

    photo: Path
    target: Path
    request: EditRequest


def _tasks(options: argparse.Namespace, request: EditRequest) -> list[_Task]:
    pairs = _targets(options)
    if request.seed is None and _is_folder(options):
        request = replace(request, seed=_seed_so_far([target for _, target in pairs], options))
    requests = request.numbered()  # which also draws the seed, if there is none
    if not options.vary_seed:
        requests = repeat(next(requests))
    return [_Task(photo, target, one) for (photo, target), one in zip(pairs, requests, strict=False)]


def _seed_so_far(targets: Sequence[Path], options: argparse.Namespace) -> int | None:
    """The seed of a run that was interrupted and now goes on, so that all its photos share one; else ``None``."""
    index, there = next(((k, target) for k, target in enumerate(targets) if target.exists()), (0, None))
    try:
        receipt = None if there is None else read_receipt(there)
    except InvalidImage:
        return None
    if receipt is None or receipt.instruction != options.instruction.strip():
        return None
    return (receipt.seed - index) % 2**32 if options.vary_seed else receipt.seed


def _is_folder(options: argparse.Namespace) -> bool:
    """Whether what comes after --out is a folder."""
    out = options.out
    if os.path.isdir(out) or out.endswith(("/", os.sep)) or not Path(out).suffix:
        return True
    return any(photo.is_dir() for photo in options.photos) and Path(out).suffix.lower() not in FORMATS


def _targets(options: argparse.Namespace) -> list[tuple[Path, Path]]:
    """Each photo and where its result goes; never on top of a photo, never two on the same file."""
    out = Path(options.out)
    if os.path.isfile(options.instruction):
        raise _WrongUsage("The instruction is missing: it comes after the photos, in quotes.")
    if _is_folder(options):
        wanted = [pair for photo in options.photos for pair in _expanded(photo, out, options.recursive)]
        photos = [photo for photo, _ in wanted]
        return list(zip(photos, unique((target for _, target in wanted), taken=photos), strict=True))
    if len(options.photos) > 1 or options.photos[0].is_dir():
        raise _WrongUsage("Several photos need a folder: end the name after --out with a slash.")
    output_format(out)
    if out.resolve() == options.photos[0].resolve():
        raise _WrongUsage("--out is the photo itself; choose another name, so that the original is kept.")
    return [(options.photos[0], out)]


def _expanded(photo: Path, out: Path, recursive: bool) -> list[tuple[Path, Path]]:
    """A photo, or the photos of a folder, each with the file in ``out`` that its result would like to be."""
    if not photo.is_dir():
        return [(photo, out / f"{photo.stem}.png")]
    if photo.resolve() == out.resolve():
        raise _WrongUsage("--out is the folder of the photos; choose another one, so that originals stay apart.")
    try:
        found = photos_in(photo, recursive, leave_out=out)
    except OSError as error:
        raise _WrongUsage(f"{photo}: this folder cannot be read ({error.strerror}).") from None
    if not found:
        hint = "" if recursive else "; --recursive also looks into the folders inside it"
        raise _WrongUsage(f"{photo}: there are no photos in this folder{hint}.")
    return [(one, out / one.relative_to(photo).with_suffix(".png")) for one in found]


def _save(outcome: Outcome, task: _Task) -> None:
    if outcome.result is not None:
        task.target.parent.mkdir(parents=True, exist_ok=True)
        remove_drafts(task.target)
        save_result(outcome.result, task.target)


def _report(outcome: Outcome, task: _Task, saving: Future) -> bool:
    """Say what became of one photo; whether its result is there."""
    if outcome.error is not None:
        _complain(f"{task.photo}: {outcome.error}")
        return False
    try:
        saving.result()
    except OSError as error:
        _complain(f"{task.target}: cannot be written ({error.strerror}).")
        return False
    result, used = outcome.result, outcome.result.request
    if result.truncated:
        _complain(f"{task.photo}: the instruction is too long for the model, which did not read “{result.truncated}”.")
    if sys.stdout.isatty():
        tqdm.write(f"{task.target}  ({used.num_inference_steps} steps, seed {used.seed}, {result.seconds:.1f} s)")
    return True


def _complain(sentence: str) -> None:
    tqdm.write(sentence, file=sys.stderr)  # above the bar, if there is one
