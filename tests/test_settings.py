"""One table of settings: whoever speaks of settings has them from there."""

import subprocess
import sys
from dataclasses import fields

from pix2pix.request import GALLERY_SETTINGS, SAVE_SETTINGS, SETTINGS, Defaults, EditRequest
from pix2pix.setting import DefaultFrom
from tests.house.test_imports import ROOT

# The table with one more line, as somebody would add it; then everything that is made from the table is looked at.
WITH_AN_INVENTED_SETTING = '''
import sys, types
from pathlib import Path

name = "pix2pix.request"
source = Path("pix2pix/request.py").read_text(encoding="utf-8")
line = """    sparkle: float = _setting(
        float, label="Sparkle", subject="The sparkle", help="How much it glitters.", flag="--sparkle",
        place=Place.AMOUNT, bounds=(0.0, 2.0), step=0.1, default=0.5,
    )

    def __post_init__"""
assert source.count("    def __post_init__") == 1
module = sys.modules[name] = types.ModuleType(name)
exec(compile(source.replace("    def __post_init__", line), name, "exec"), module.__dict__)
'''


def output_of(code: str) -> str:
    """What ``code`` prints, run after the invented setting has joined the table."""
    ran = subprocess.run(
        [sys.executable, "-c", WITH_AN_INVENTED_SETTING + code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_an_invented_setting_is_checked_and_resolved():
    out = output_of(
        """
from pix2pix import EditRequest, InvalidRequest
from pix2pix.request import Defaults
try:
    EditRequest("x", sparkle=2.5)
except InvalidRequest as error:
    print(error)
print(EditRequest("x").resolved(Defaults(1, 1.0, 1.0, 256)).sparkle)
"""
    )
    assert out == "The sparkle must be a number from 0 to 2.\n0.5\n"


def test_an_invented_setting_is_on_both_tabs_and_in_both_endpoints():
    out = output_of(
        """
from gradio.utils import get_function_description
from pix2pix.ui import build_page
import tempfile
from pix2pix.serving.store import Store
from pix2pix.serving.visitors import Visitors
page = build_page(None, Visitors(Store(Path(tempfile.mkdtemp()), 3600, 10**9)))
for block in page.blocks.values():
    if (getattr(block, "elem_id", None) or "").endswith("sparkle"):
        print(block.elem_id, block.minimum, block.maximum, block.step, block.label, block.info)
for endpoint in ("edit", "edit_gallery"):
    (fn,) = [fn.fn for fn in page.fns.values() if fn.api_name == endpoint]
    named = page.get_api_info()["named_endpoints"]["/" + endpoint]["parameters"]
    (found,) = [one["parameter_default"] for one in named if one["parameter_name"] == "sparkle"]
    print(endpoint, found, get_function_description(fn)[1]["sparkle"])
for event in page.fns.values():  # the events of the page that make a request of it
    if "sparkle" in event.input_keyword_names:
        print("event", event.name)
"""
    ).splitlines()
    assert sorted(out[:3]) == sorted(
        f"{prefix}sparkle 0.0 2.0 0.1 Sparkle How much it glitters." for prefix in ("", "gallery-", "gallery-again-")
    )
    assert out[3:5] == [
        f"{endpoint} 0.5 How much it glitters (a number from 0 to 2)." for endpoint in ("edit", "edit_gallery")
    ]
    assert {"event edit", "event ask_all", "event ask_failed", "event edit_again"} <= set(out[5:])


def test_an_invented_setting_is_a_flag_of_the_command_line():
    out = output_of(
        """
from pix2pix.cli import _tasks
from pix2pix.flags import parser
options = parser().parse_args(["edit", "a.png", "make it night", "--out", "b.png", "--sparkle", "1.5"])
print(_tasks(options, into_folder=False)[0].request.sparkle)
parser().parse_args(["edit", "--help"])
"""
    )
    assert out.startswith("1.5\n")
    assert "--sparkle N" in out
    assert "How much it glitters" in out


def test_an_invented_setting_is_in_receipts_and_tables():
    out = output_of(
        """
import io, tempfile
from pathlib import Path
from PIL import Image
from pix2pix import EditRequest, Result, read_receipt, save_result
from pix2pix.files.archive import ArchivedPhoto, _table
picture = Image.new("RGB", (9, 9))
request = EditRequest("x", 1, 1.0, 1.0, 7, 256, sparkle=1.25)
result = Result(picture, picture, request, 0.1, None, "tiny", None)
path = Path(tempfile.mkdtemp()) / "made.png"
save_result(result, path)
print(read_receipt(path).sparkle)
print(_table([(ArchivedPhoto("a.png", request, path), "a.png")]))
"""
    )
    assert out.startswith("1.25\n")
    assert "detail,area,area_threshold,speed,sparkle,error" in out
    assert ",1.25," in out


def test_the_table_agrees_with_what_checkpoints_have():
    names = {setting.name for setting in SETTINGS if setting.default_from is DefaultFrom.CHECKPOINT}
    assert names == {field.name for field in fields(Defaults)}
    assert [field.name for field in fields(EditRequest)] == ["instruction", *(setting.name for setting in SETTINGS)]


def test_every_setting_is_said_well():
    for setting in (*GALLERY_SETTINGS, *SAVE_SETTINGS):
        assert setting.help.endswith(".")
        assert setting.subject[0].isupper()
        assert setting.flag.startswith("--")
        assert (setting.bounds is None) == (setting.kind in (bool, str))
        assert bool(setting.choices) == (setting.kind is str)
        if setting.bounds:
            low, high = setting.bounds
            assert low < high


def test_the_readme_has_the_same_table():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [
        f"| {setting.label} | `{setting.flag}` | `{setting.name}` | {setting.values} | {setting.help} |"
        for setting in (*GALLERY_SETTINGS, *SAVE_SETTINGS)
    ]
    assert "\n".join(rows) in readme
