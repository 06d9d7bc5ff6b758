"""What runs in the visitor's browser: the style sheet, and scripts for what needs no server."""

from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = (
    "say.js",
    "place.js",
    "brush.js",
    "strip.js",
    "choices.js",
    "keyboard.js",
    "words.js",
    "untyped.js",
    "soon.js",
    "room.js",
)
# The first ones are used by those after them.


def style_sheet() -> str:
    """The look of the page."""
    return (HERE / "look.css").read_text(encoding="utf-8")


def script() -> str:
    """All scripts as one function, for gradio to call once the page is there; calling it again does nothing."""
    scripts = "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return f"() => {{ if (window.pix2pix) return; window.pix2pix = true;\n{scripts}\n}}"
