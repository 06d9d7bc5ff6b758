"""The flags of the command line; those of settings are made from ``request.SETTINGS``."""

import argparse
from pathlib import Path
from typing import Any

from pix2pix.request import GALLERY_SETTINGS, SAVE_SETTINGS, SETTINGS, EditRequest
from pix2pix.setting import Setting

MAX_VARIANTS = 100
SWITCH = {"on": True, "off": False}
HERE = "local"  # the address after --ray that is none


def parser() -> argparse.ArgumentParser:
    """What the command line understands."""
    whole = argparse.ArgumentParser(prog="pix2pix", description="Edit photos by telling them what to do.")
    commands = whole.add_subparsers(required=True, dest="command", metavar="edit | models")
    edit = commands.add_parser("edit", help="edit one or more photos with one instruction")
    edit.add_argument("photos", nargs="+", metavar="PHOTO", help="a photo, or a folder of photos")
    edit.add_argument("instruction", metavar="INSTRUCTION", help='such as "make it night"')
    edit.add_argument("--out", required=True, metavar="DIR_OR_FILE", help="folder, or a .png, .jpg or .webp file")
    places = '"pocket", a Hugging Face id, or a folder; "+" and such a place of an LCM-LoRA may follow'
    edit.add_argument("--model", default="auto", metavar="M", help=places)
    edit.add_argument("--device", choices=("cpu", "cuda", "mps"), help="the best of this machine unless given")
    for setting in (*GALLERY_SETTINGS, *SAVE_SETTINGS):
        _add_flag(edit, setting)
    painted = "a picture of the photo's shape, white where the photo may change and black where it must not"
    edit.add_argument("--mask", metavar="FILE", type=Path, help=painted)
    several = f"as many results of each photo, each with another seed (1 to {MAX_VARIANTS})"
    edit.add_argument("--variants", metavar="N", type=int, default=1, help=several)
    edit.add_argument("--recursive", action="store_true", help="also photos in the folders inside a folder")
    edit.add_argument("--overwrite", action="store_true", help="edit again what the folder after --out has already")
    cluster = "edit one folder, or URL such as s3://..., on the Ray cluster at ADDRESS, or on all cores of this machine"
    edit.add_argument("--ray", nargs="?", const=HERE, metavar="ADDRESS", help=cluster)
    cores = "with --ray: how many cores each editor has, where there are no GPUs (1 unless given)"
    edit.add_argument("--cpus-per-editor", metavar="N", type=int, default=1, help=cores)
    models = commands.add_parser("models", help="list what can be run, and whether it is on this machine")
    for command in (edit, models):
        command.add_argument("--verbose", action="store_true", help="say more where something goes wrong")
    return whole


def request_of(options: argparse.Namespace) -> EditRequest:
    """What the flags ask for.

    Raises:
        InvalidRequest: one of them is out of its range.
    """
    named = {setting.name: getattr(options, setting.name) for setting in SETTINGS}
    settings: dict[str, Any] = {name: SWITCH.get(value, value) for name, value in named.items()}
    return EditRequest(options.instruction, **settings)


def _add_flag(parser: argparse.ArgumentParser, setting: Setting) -> None:
    explained = setting.explained.replace("%", "%%")
    default = setting.default
    if setting.bounds is not None:
        kind, name = setting.kind, setting.name
        parser.add_argument(setting.flag, dest=name, type=kind, default=default, metavar="N", help=explained)
    elif setting.choices:
        choices = setting.choices
        parser.add_argument(setting.flag, dest=setting.name, choices=choices, default=default, help=setting.help)
    elif setting.default:
        parser.add_argument(setting.flag, dest=setting.name, choices=SWITCH, default="on", help=setting.help)
    else:
        parser.add_argument(setting.flag, dest=setting.name, action="store_true", help=setting.help)
