"""A font that has the letters of a text: of this machine's fonts the one that lacks the fewest of them."""

import unicodedata
from functools import cache, lru_cache

from PIL import ImageFont

NAMES = (  # on Linux (packages.txt brings the first to Spaces), macOS and Windows; of the West, then of the East
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "Arial Unicode.ttf",
    "arial.ttf",
    "segoeui.ttf",
    "NotoSansCJK-Regular.ttc",
    "wqy-zenhei.ttc",
    "Hiragino Sans GB.ttc",
    "msyh.ttc",
)
NO_LETTER = "\uffff"  # is in no font, so it is drawn as the box that stands for what is missing
UNKNOWN = "?"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def fitting_font(text: str, size: int) -> tuple[Font, str]:
    """A font of ``size`` pixels for ``text``, and the text as that font can draw it, never with a box.

    A letter that it lacks loses its accent, or becomes a question mark.
    """
    line = unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode()  # names may hold what is no letter
    font = min(_fonts(size), key=lambda one: len(_missing(one, line)))
    missing = _missing(font, line)
    return font, "".join(_without_accent(font, letter) if letter in missing else letter for letter in line)


@cache
def _fonts(size: int) -> tuple[Font, ...]:
    fonts: list[Font] = []
    for name in NAMES:
        try:
            fonts.append(ImageFont.truetype(name, size))
        except OSError:  # this machine has no such font
            continue
    return (*fonts, ImageFont.load_default(size))  # which always is there, and has plain letters only


def _missing(font: Font, text: str) -> set[str]:
    return {letter for letter in set(text) if not letter.isspace() and not _has(font, letter)}


@lru_cache(4096)
def _has(font: Font, letter: str) -> bool:
    return bytes(font.getmask(letter)) != bytes(font.getmask(NO_LETTER))


def _without_accent(font: Font, letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter)[0]
    return plain if plain != letter and _has(font, plain) else UNKNOWN
