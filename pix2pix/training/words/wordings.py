"""The grammar of instructions: what people say for every meaning. The words are in the two TOML files beside this one.

A wording is a sentence of the grammar in which {it} stands for the picture. A fifth of the wordings is held out: it is
never trained on and shows how well the rest was understood.
"""

import random
import re
import tomllib
import zlib
from functools import cache
from pathlib import Path

from pix2pix.training.targets.edits import PLAIN, SLIGHT, TINTS
from pix2pix.training.words.meanings import Change, Frame, Local, Meaning, Recolour, Shape

PHRASES = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))
VOCABULARY = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))
NO_CHANGE: Meaning = ()
MADE_UP = 0.3  # of the names in requests that no edit answers
SYLLABLE = (  # how one begins, its vowel, how it ends
    (*"bcdfghklmnprstvwz", "", "qu", "tr", "st"),
    (*"aeiou", "ai", "ea", "oo"),
    (*"dlmnprst", "", "", "ck", "ng"),
)


def is_held_out_wording(wording: str) -> bool:
    """Whether ``wording`` belongs to the fifth that is never trained on."""
    return zlib.crc32(wording.encode()) % 5 == 0


@cache
def wordings(name: str) -> dict[str, tuple[str, ...]]:
    """All wordings of a plain global edit, as commands, adjectives and nouns."""
    words = _vocabulary(name)
    return {
        "commands": tuple(words["commands"]),
        "adjectives": _filled(PHRASES["adjective"], "{a}", words["adjectives"]),
        "nouns": _filled(PHRASES["noun"], "{n}", words["nouns"]),
    }


@cache
def graded_wordings(name: str, strength: float) -> tuple[str, ...]:
    """All wordings of a global edit with a word of degree."""
    words, degrees = _vocabulary(name), PHRASES["slight" if strength == SLIGHT else "strong"]
    found = []
    for degree in degrees:
        if degree in PHRASES["leading_adjective"]:
            for form in ("make {it} {d} {a}", "make {it} look {d} {a}", "{d} {a}", "{it} should be {d} {a}"):
                found += _filled([form.replace("{d}", degree)], "{a}", words["adjectives"])
        if degree in PHRASES["trailing_command"]:
            found += [f"{command} {degree}" for command in words["commands"]]
        if degree in PHRASES["leading_command"]:
            found += [f"{degree} {command}" for command in words["commands"]]
    return tuple(dict.fromkeys(found))


@cache
def _vocabulary(name: str) -> dict[str, list[str]]:
    if name not in TINTS:
        return VOCABULARY[name]
    colours = list(dict.fromkeys(PHRASES["colours"][name]))
    return {
        "adjectives": list(_filled(PHRASES["tint_adjectives"], "{c}", colours)),
        "commands": list(_filled(PHRASES["tint_commands"], "{c}", colours)),
        "nouns": [],
    }


def _filled(forms: list[str], slot: str, words: list[str]) -> tuple[str, ...]:
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
            a, b = rng.choice(PHRASES["colours"][source]), rng.choice(PHRASES["colours"][target])
            form = rng.choice(PHRASES["recolour"]).replace("{t}", rng.choice(PHRASES["things"]))
            return form.replace("{a}", a).replace("{b}", b)
        case (Local(name, region),):
            return _of_local(name, region, rng)
        case (Frame(colour),):
            return _of_frame(colour, rng)
        case (Shape(),):
            return _of_shape(meaning[0], rng)
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
        a, b = (rng.choice(_vocabulary(name)["adjectives"]) for name in (first, second))
        return rng.choice(PHRASES["joined_adjectives"]).replace("{a}", a).replace("{b}", b)
    a, b = (_short_command(name, rng) for name in (first, second))
    return rng.choice(PHRASES["joined"]).replace("{a}", a).replace("{b}", b.replace("{it}", "it"))


def _of_local(name: str, region: str, rng: random.Random) -> str:
    """A trained wording of the edit whose object is the region, or that names it elsewhere."""
    place = rng.choice(PHRASES["regions"][region])
    while True:
        wording = _trained_wording((Change(name),), rng)
        if "everything" in wording or len(wording) > 40:
            continue
        if "{it}" in wording:
            return wording.replace("{it}", place)
        if wording in wordings(name)["commands"]:
            return rng.choice(PHRASES["local"]).replace("{w}", wording).replace("{p}", place)


def _of_frame(colour: str, rng: random.Random) -> str:
    """White is also what a frame is when nobody says its colour."""
    if colour == "white" and rng.random() < 0.2:
        return with_articles(rng.choice(PHRASES["frame"]).replace("{f}", rng.choice(["a frame", "a border"])))
    word = rng.choice(_paints(colour))
    if rng.random() < 0.25:
        return rng.choice(PHRASES["frame_commands"]).replace("{c}", word)
    frame = with_articles(rng.choice(PHRASES["frames"]).replace("{c}", word))
    return rng.choice(PHRASES["frame"]).replace("{f}", frame)


def _of_shape(shape: Shape, rng: random.Random) -> str:
    parts = (PHRASES["sizes"][shape.size], _paints(shape.colour), PHRASES["shapes"][shape.shape])
    thing = " ".join(word for words in parts if (word := rng.choice(words)))
    form = rng.choice(PHRASES["shape"]).replace("{s}", with_articles(f"a {thing}"))
    return form.replace("{p}", rng.choice(PHRASES["positions"][shape.position]))


def _paints(colour: str) -> list[str]:
    return PHRASES["colours" if colour in PHRASES["colours"] else "paints"][colour]


def _short_command(name: str, rng: random.Random) -> str:
    """A trained wording that is a command; both commands of a pair must fit into the text encoder."""
    while True:
        wording = _trained_wording((Change(name),), rng)
        is_command = wording in wordings(name)["commands"] or wording.startswith(("make", "turn", "convert", "change"))
        if is_command and len(wording) < 36:
            return wording


def say_unknown(rng: random.Random, names: list[str] | None = None) -> str:
    """A request that no edit answers, or letters without sense; it means no change."""
    if rng.random() < 0.12:
        letters = "abcdefghijklmnopqrstuvwxyz"
        words = ("".join(rng.choices(letters, k=rng.randint(2, 8))) for _ in range(rng.randint(1, 3)))
        return dress(" ".join(words), rng)
    x, y = rng.sample(names or PHRASES["names"], 2)
    if not names and rng.random() < MADE_UP:
        x, y = _made_up_name(rng), rng.choice([y, _made_up_name(rng)])
    return dress(with_articles(rng.choice(PHRASES["unknown"]).replace("{x}", x).replace("{y}", y)), rng)


def _made_up_name(rng: random.Random) -> str:
    """A name that nobody knows, so that no name needs to be known for it to be none of the edits."""
    return "".join(rng.choice(part) for _ in range(rng.randint(1, 3)) for part in SYLLABLE)


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
