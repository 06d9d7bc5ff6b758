"""How a wording becomes a sentence as a person might type it: an object, politeness, capitals, a typo."""

import random
import re

from pix2pix.training.words.terms import PHRASES


def dress(wording: str, rng: random.Random) -> str:
    """Choose a word for {it}; sometimes add politeness, capitals, a typo, or leave out a small word."""
    text = wording.replace("{it}", rng.choice(PHRASES["objects"]))
    if rng.random() < 0.3:
        text = text.replace("color", "colour").replace("gray", "grey")
    if rng.random() < 0.2:
        text = rng.choice(PHRASES["before"]) + text
    if rng.random() < 0.15:
        text += rng.choice(PHRASES["after"])
    if rng.random() < 0.05:
        text = _without_a_small_word(text, rng)
    if rng.random() < 0.07:
        text = _with_typo(text, rng)
    style = rng.random()
    if style < 0.25:
        return text.capitalize()
    return text.upper() if style < 0.27 else text


def _without_a_small_word(text: str, rng: random.Random) -> str:
    words = text.split()
    small = [i for i, word in enumerate(words) if word in ("it", "a", "an", "the", "to", "into", "some", "this")]
    if len(words) > 3 and small:
        del words[rng.choice(small)]
    return " ".join(words)


def _with_typo(text: str, rng: random.Random) -> str:
    """Two neighbouring letters exchanged, or one doubled, or one missing, inside a word of five letters or more."""
    places = [match.start() for match in re.finditer(r"(?<=[a-z])[a-z](?=[a-z]{3})", text)]
    if not places:
        return text
    at = rng.choice(places)
    middle = rng.choice([text[at + 1] + text[at], text[at : at + 2] + text[at + 1], text[at]])
    return text[:at] + middle + text[at + 2 :]
