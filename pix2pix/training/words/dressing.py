"""How a wording becomes a sentence as a person might type it: an object, politeness, marks, capitals, a typo."""

import random

from pix2pix.training.words.marks import quoted, with_emoji, with_other_apostrophes
from pix2pix.training.words.terms import PHRASES
from pix2pix.training.words.typos import with_typo

TYPOS = 0.08
SPELLINGS = (("color", "colour"), ("gray", "grey"))
CASUAL = (("night", "nite"), ("photo", "foto"), ("picture", "pic"), ("you", "u"), ("please", "pls"))


def dress(wording: str, rng: random.Random) -> str:
    """Choose a word for {it}; sometimes add politeness, marks, capitals, a typo, or leave out a small word."""
    text = _politely(_spelled(wording.replace("{it}", rng.choice(PHRASES["objects"])), rng), rng)
    if rng.random() < 0.05:
        text = _without_a_small_word(text, rng)
    if rng.random() < TYPOS:
        text = with_typo(text, rng)
    return _in_capitals(_with_marks(text, rng), rng)


def _spelled(text: str, rng: random.Random) -> str:
    if rng.random() < 0.3:
        for american, british in SPELLINGS:
            text = text.replace(american, british)
    if rng.random() < 0.02:
        for proper, casual in CASUAL:
            text = text.replace(proper, casual)
    return text


def _politely(text: str, rng: random.Random) -> str:
    if rng.random() < 0.2:
        text = rng.choice(PHRASES["before"]) + text
    return text + rng.choice(PHRASES["after"]) if rng.random() < 0.15 else text


def _without_a_small_word(text: str, rng: random.Random) -> str:
    words = text.split()
    small = [i for i, word in enumerate(words) if word in ("it", "a", "an", "the", "to", "into", "some", "this")]
    if len(words) > 3 and small:
        del words[rng.choice(small)]
    return " ".join(words)


def _with_marks(text: str, rng: random.Random) -> str:
    if "'" in text and rng.random() < 0.45:
        text = with_other_apostrophes(text, rng)
    if ", " in text and rng.random() < 0.15:
        text = text.replace(", ", ",")
    if rng.random() < 0.05:
        text = quoted(text, rng)
    return with_emoji(text, rng) if rng.random() < 0.03 else text


def _in_capitals(text: str, rng: random.Random) -> str:
    style = rng.random()
    if style < 0.25:
        return text[:1].upper() + text[1:]
    return text.upper() if style < 0.28 else text
