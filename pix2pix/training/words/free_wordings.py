"""Wordings of the global edits as people write them, outside of the grammar: never trained on, only measured."""

from pathlib import Path

FILE = Path(__file__).with_name("held_out.txt")


def free_wordings() -> list[tuple[str, str]]:
    """Name of the edit and sentence, for every line of the file."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    parts = [line.partition("\t") for line in lines if line and not line.startswith("#")]
    return [(name, sentence) for name, _, sentence in parts]
