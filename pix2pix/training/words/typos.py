"""Typing mistakes: one letter of a word missing, doubled, swapped with the next, or the neighbour's key."""

import random
import re
from functools import cache

from pix2pix.training.words.terms import PHRASES, QUALITIES, TERMS, VOCABULARY

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBOURS = {row[i]: row[max(i - 1, 0) : i] + row[i + 1 : i + 2] for row in ROWS for i in range(len(row))}
SHORTEST = 4  # word that gets a mistake
# Without one letter of these the sentence would mean the opposite.
KEPT = re.compile("(un|de)[a-z]+|less|dont|never|stop|without|remove")


def with_typo(text: str, rng: random.Random) -> str:
    """``text`` with one mistake inside of a word, or as it is where no word can bear one.

    The first letter stays, and the mistake never makes another word of the grammar.
    """
    words = [match for match in re.finditer("[a-z]+", text) if _can_bear_one(match.group())]
    if not words:
        return text
    chosen = rng.choice(words)
    wrong = _mistyped(chosen.group(), rng)
    return text if wrong in known_words() else text[: chosen.start()] + wrong + text[chosen.end() :]


def _can_bear_one(word: str) -> bool:
    return len(word) >= SHORTEST and not KEPT.fullmatch(word)


def _mistyped(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word))
    before, letter, after = word[:at], word[at], word[at + 1 :]
    match rng.randrange(4):
        case 0:
            return before + after
        case 1:
            return before + letter + letter + after
        case 2 if after:
            return before + after[0] + letter + after[1:]
    return before + rng.choice(NEIGHBOURS[letter]) + after


@cache
def known_words() -> frozenset[str]:
    """Every word of the grammar in small letters."""
    everything = [*PHRASES.values()]
    for tables in (TERMS, VOCABULARY, QUALITIES):
        everything += [words for table in tables.values() for words in table.values() if isinstance(words, list)]
    text = " ".join(word for words in everything for word in words).lower()
    return frozenset(re.findall("[a-z]+", text))
