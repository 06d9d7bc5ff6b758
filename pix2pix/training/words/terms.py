"""The words of the grammar, read from the TOML files beside this one; {it} in them stands for the picture."""

import tomllib
from pathlib import Path
from typing import Any


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


_phrases = _read("phrases.toml")
# Forms of sentences and words around the names of edits, by what they are for.
PHRASES: dict[str, list[str]] = {name: words for name, words in _phrases.items() if isinstance(words, list)}
# What colours, sizes, shapes and places are called: by kind, then by name.
TERMS: dict[str, dict[str, list[str]]] = {name: words for name, words in _phrases.items() if isinstance(words, dict)}
# The adjectives, nouns and commands of every global edit but the tints.
VOCABULARY: dict[str, dict[str, list[str]]] = _read("vocabulary.toml")
# What a photo can have too much of, by name; see the comments in the file.
QUALITIES: dict[str, dict[str, Any]] = _read("negation.toml")
