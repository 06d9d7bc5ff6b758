"""The grammar of instructions: what people say for every meaning.

A wording is a sentence of the grammar in which {it} stands for the picture. A fifth of the wordings is held out: it is
never trained on and shows how well the rest was understood.
"""

import random
import re
from collections.abc import Sequence
from functools import cache

from pix2pix.training.targets.edits import PLAIN, SLIGHT, TINTS
from pix2pix.training.words.dressing import dress
from pix2pix.training.words.free_wordings import is_held_out_wording
from pix2pix.training.words.meanings import Change, Frame, Local, Meaning, Recolour, Shape
from pix2pix.training.words.not_understood import say_not_understood
from pix2pix.training.words.terms import PHRASES, TERMS, VOCABULARY

NO_CHANGE: Meaning = ()
SENSELESS = 0.5  # of what is not understood: no request in plain English
MADE_UP = 0.3  # of the names in requests that no edit answers
SYLLABLE = (  # its beginnings, its vowels, its ends
    (*"bcdfghklmnprstvwz", "", "qu", "tr", "st"),
    (*"aeiou", "ai", "ea", "oo"),
    (*"dlmnprst", "", "", "ck", "ng"),
)


@cache
def wordings(name: str) -> dict[str, tuple[str, ...]]:
    """All wordings of a plain global edit, as commands, adjectives and nouns."""
    words = vocabulary_of(name)
    return {
        "commands": tuple(words["commands"]),
        "adjectives": filled(PHRASES["adjective"], "{a}", words["adjectives"]),
        "nouns": filled(PHRASES["noun"], "{n}", words["nouns"]),
    }


@cache
def graded_wordings(name: str, strength: float) -> tuple[str, ...]:
    """All wordings of a global edit with a word of degree."""
    words, degrees = vocabulary_of(name), PHRASES["slight" if strength == SLIGHT else "strong"]
    found: list[str] = []
    for degree in degrees:
        if degree in PHRASES["leading_adjective"]:
            for form in ("make {it} {d} {a}", "make {it} look {d} {a}", "{d} {a}", "{it} should be {d} {a}"):
                found += filled([form.replace("{d}", degree)], "{a}", words["adjectives"])
        if degree in PHRASES["trailing_command"]:
            found += [f"{command} {degree}" for command in words["commands"]]
        if degree in PHRASES["leading_command"]:
            found += [f"{degree} {command}" for command in words["commands"]]
    return tuple(dict.fromkeys(found))


@cache
def vocabulary_of(name: str) -> dict[str, list[str]]:
    """The adjectives, commands and nouns of a global edit."""
    if name not in TINTS:
        return VOCABULARY[name]
    colours = list(dict.fromkeys(TERMS["colours"][name]))
    return {
        "adjectives": list(filled(PHRASES["tint_adjectives"], "{c}", colours)),
        "commands": list(filled(PHRASES["tint_commands"], "{c}", colours)),
        "nouns": [],
    }


def filled(forms: Sequence[str], slot: str, words: Sequence[str]) -> tuple[str, ...]:
    """Every one of ``forms`` with each of ``words`` in ``slot``."""
    return tuple(with_articles(form.replace(slot, word)) for form in forms for word in words)


def with_articles(text: str) -> str:
    """ "a" becomes "an" before a vowel, and goes before another article."""
    text = re.sub(r"\ba (an?|the|its|shades|grandma's) ", r"\1 ", text)
    return re.sub(r"\ba (?=[aeio])", "an ", text)


def split_wordings(name: str) -> tuple[list[str], list[str]]:
    """The trained and the held-out wordings of a plain global edit."""
    everything = [wording for group in wordings(name).values() for wording in group]
    return [w for w in everything if not is_held_out_wording(w)], [w for w in everything if is_held_out_wording(w)]


def say(meaning: Meaning, rng: random.Random) -> str:
    """A trained wording of ``meaning`` as a person might type it."""
    return dress(_trained_wording(meaning, rng), rng)


def _trained_wording(meaning: Meaning, rng: random.Random) -> str:
    while True:
        wording = wording_of(meaning, rng)
        if not is_held_out_wording(wording):
            return wording


def wording_of(meaning: Meaning, rng: random.Random) -> str:
    """Any wording of ``meaning``, held out or not."""
    match meaning:
        case ():
            return rng.choice(PHRASES["nothing"])
        case (Change(name, strength),):
            return _of_change(name, rng) if strength == PLAIN else rng.choice(graded_wordings(name, strength))
        case (Recolour(source, target),):
            a, b = rng.choice(TERMS["colours"][source]), rng.choice(TERMS["colours"][target])
            form = rng.choice(PHRASES["recolour"]).replace("{t}", rng.choice(PHRASES["things"]))
            return form.replace("{a}", a).replace("{b}", b)
        case (Local(name, region),):
            return _of_local(name, region, rng)
        case (Frame(colour),):
            return _of_frame(colour, rng)
        case (Shape() as shape,):
            return _of_shape(shape, rng)
        case (Change(first), Change(second)):
            return _of_pair(first, second, rng)
    raise ValueError(f"no wording for {meaning}")


def _of_change(name: str, rng: random.Random) -> str:
    groups = {kind: group for kind, group in wordings(name).items() if group}
    weights = {"commands": 5, "adjectives": 3, "nouns": 3}
    kind = rng.choices(list(groups), [weights[kind] for kind in groups])[0]
    return rng.choice(groups[kind])


def _of_pair(first: str, second: str, rng: random.Random) -> str:
    if rng.random() < 0.35:
        a, b = (rng.choice(vocabulary_of(name)["adjectives"]) for name in (first, second))
        return rng.choice(PHRASES["joined_adjectives"]).replace("{a}", a).replace("{b}", b)
    a, b = (_short_command(name, rng) for name in (first, second))
    return rng.choice(PHRASES["joined"]).replace("{a}", a).replace("{b}", b.replace("{it}", "it"))


def _of_local(name: str, region: str, rng: random.Random) -> str:
    """A trained wording of the edit, with the region as its object or named beside it."""
    place = rng.choice(TERMS["regions"][region])
    while True:
        wording = _trained_wording((Change(name),), rng)
        if "everything" in wording or len(wording) > 40:
            continue
        if "{it}" in wording:
            return wording.replace("{it}", place)
        if wording in wordings(name)["commands"]:
            return rng.choice(PHRASES["local"]).replace("{w}", wording).replace("{p}", place)


def _of_frame(colour: str, rng: random.Random) -> str:
    """Where the colour is white it may be left out: a frame is white unless somebody says otherwise."""
    if colour == "white" and rng.random() < 0.2:
        return with_articles(rng.choice(PHRASES["frame"]).replace("{f}", rng.choice(["a frame", "a border"])))
    word = rng.choice(_paints(colour))
    if rng.random() < 0.25:
        return rng.choice(PHRASES["frame_commands"]).replace("{c}", word)
    frame = with_articles(rng.choice(PHRASES["frames"]).replace("{c}", word))
    return rng.choice(PHRASES["frame"]).replace("{f}", frame)


def _of_shape(shape: Shape, rng: random.Random) -> str:
    parts = (TERMS["sizes"][shape.size], _paints(shape.colour), TERMS["shapes"][shape.shape])
    thing = " ".join(word for words in parts if (word := rng.choice(words)))
    form = rng.choice(PHRASES["shape"]).replace("{s}", with_articles(f"a {thing}"))
    return form.replace("{p}", rng.choice(TERMS["positions"][shape.position]))


def _paints(colour: str) -> list[str]:
    return TERMS["colours" if colour in TERMS["colours"] else "paints"][colour]


def _short_command(name: str, rng: random.Random) -> str:
    """A trained wording that is a command, and short: two of them must fit into the text encoder."""
    while True:
        wording = _trained_wording((Change(name),), rng)
        is_command = wording in wordings(name)["commands"] or wording.startswith(("make", "turn", "convert", "change"))
        if is_command and len(wording) < 36:
            return wording


def say_unknown(rng: random.Random, names: list[str] | None = None) -> str:
    """A request that no edit answers, for things called ``names``; without those also anything else not understood."""
    if names is None and rng.random() < SENSELESS:
        text = say_not_understood(rng)
        return dress(text, rng) if rng.random() < 0.3 else text
    x, y = rng.sample(names or PHRASES["names"], 2)
    if not names and rng.random() < MADE_UP:
        x, y = _made_up_name(rng), rng.choice([y, _made_up_name(rng)])
    return dress(with_articles(rng.choice(PHRASES["unknown"]).replace("{x}", x).replace("{y}", y)), rng)


def _made_up_name(rng: random.Random) -> str:
    """A name that does not exist. It teaches that any unknown name is no edit."""
    return "".join(rng.choice(part) for _ in range(rng.randint(1, 3)) for part in SYLLABLE)
