"""The page's own words in other languages: one table a file, keyed by the English words, which also are the fallback.

Gradio translates labels, hints and buttons by these tables in the visitor's browser; ``browser/say.js`` does the rest.
"""

import tomllib
from pathlib import Path

import gradio as gr

TABLES = {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in Path(__file__).parent.glob("*.toml")}
ENGLISH = {words: words for table in TABLES.values() for words in table}
I18N = gr.I18n(en=ENGLISH, **TABLES, **{"pt-BR": TABLES["pt"]})
TRANSLATED = ("label", "info", "placeholder", "value")  # what gradio looks at


def said(words: str) -> str:
    """``words`` with a mark by which gradio finds them in the tables; as they are, where no table has them."""
    return str(I18N(words)) if words in ENGLISH else words


def translate(page: gr.Blocks) -> None:
    """Mark all words of a ``page`` that is drawn; whoever draws it writes plain English."""
    for part in page.blocks.values():
        for name in TRANSLATED:
            if isinstance(words := getattr(part, name, None), str):
                setattr(part, name, said(words))
