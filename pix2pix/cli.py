"""The command line: ``python -m pix2pix edit PHOTO... "make it night" --out DIR_OR_FILE`` and ``models``."""

import argparse
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from pix2pix.errors import EditError
from pix2pix.events import Result, Step
from pix2pix.photo.receipt import output_format, save_result
from pix2pix.request import EditRequest
from pix2pix.session import EditSession

if TYPE_CHECKING:
    from pix2pix.editor import Editor

ALL_EDITED, SOME_FAILED, WRONG_USAGE, STOPPED = 0, 1, 2, 130


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
    edit.add_argument("photos", nargs="+", metavar="PHOTO", type=Path)
    edit.add_argument("instruction", metavar="INSTRUCTION", help='such as "make it night"')
    edit.add_argument("--out", required=True, metavar="DIR_OR_FILE", help="folder, or a .png, .jpg or .webp file")
    edit.add_argument("--model", default="auto", metavar="M", help='"pocket", a Hugging Face id, or a folder')
    edit.add_argument("--steps", type=int, metavar="N", help="denoising steps, 1 to 150")
    edit.add_argument("--guidance-scale", type=float, metavar="X", help="how strongly the instruction counts, 1 to 30")
    edit.add_argument("--image-guidance-scale", type=float, metavar="Y", help="how strongly the photo is kept, 1 to 5")
    edit.add_argument("--seed", type=int, metavar="S", help="the same seed gives the same picture")
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
        targets = _targets(options.photos, options.instruction, options.out)
        targets[0][1].parent.mkdir(parents=True, exist_ok=True)
    except (EditError, _WrongUsage) as error:
        _complain(str(error))
        return WRONG_USAGE
    except OSError as error:
        _complain(f"{options.out}: cannot be made a folder ({error.strerror}).")
        return SOME_FAILED
    from pix2pix.editor import Editor  # takes seconds to import, so wrong usage is told before

    editor = Editor.load(options.model, options.device)
    if editor.note and sys.stderr.isatty():
        _complain(editor.note)
    request = request.resolved(editor.checkpoint.defaults)  # one seed for all photos
    session = EditSession(max_results=1)
    done = [_edit_one(editor, photo, request, session, target) for photo, target in targets]
    return ALL_EDITED if all(done) else SOME_FAILED


class _WrongUsage(Exception):
    """The command line asks for something that cannot be meant."""


def _targets(photos: Sequence[Path], instruction: str, out: str) -> list[tuple[Path, Path]]:
    """Where each photo's result goes; never on top of a photo, never two on the same file."""
    if os.path.isfile(instruction):
        raise _WrongUsage("The instruction is missing: it comes after the photos, in quotes.")
    if os.path.isdir(out) or out.endswith(("/", os.sep)) or not Path(out).suffix:
        return list(zip(photos, _names(photos, Path(out)), strict=True))
    if len(photos) > 1:
        raise _WrongUsage("Several photos need a folder: end the name after --out with a slash.")
    output_format(out)
    if Path(out).resolve() == photos[0].resolve():
        raise _WrongUsage("--out is the photo itself; choose another name, so that the original is kept.")
    return [(photos[0], Path(out))]


def _names(photos: Sequence[Path], folder: Path) -> Iterable[Path]:
    taken = {photo.resolve() for photo in photos}
    for photo in photos:
        target, number = folder / f"{photo.stem}.png", 1
        while target.resolve() in taken:
            number += 1
            target = folder / f"{photo.stem}-{number}.png"
        taken.add(target.resolve())
        yield target


def _edit_one(editor: "Editor", photo: Path, request: EditRequest, session: EditSession, target: Path) -> bool:
    try:
        result = _with_progress(editor, photo, request, session)
        save_result(result, target)
    except EditError as error:
        _complain(f"{photo}: {error}")
        return False
    except OSError as error:
        _complain(f"{target}: cannot be written ({error.strerror}).")
        return False
    if result.truncated:
        _complain(f"{photo}: the instruction is too long for the model, which did not read “{result.truncated}”.")
    if sys.stdout.isatty():
        used = result.request
        print(f"{target}  ({used.num_inference_steps} steps, seed {used.seed}, {result.seconds:.1f} s)")
    return True


def _with_progress(editor: "Editor", photo: Path, request: EditRequest, session: EditSession) -> Result:
    bar = tqdm(total=request.num_inference_steps, desc=photo.name, unit="step", leave=False, disable=None)
    with bar, closing(editor.stream(photo, request, session=session)) as stream:
        for event in stream:
            if isinstance(event, Step):
                bar.total = event.total
                bar.update()
        return event


def _complain(sentence: str) -> None:
    print(sentence, file=sys.stderr)
