"""Removal and negation: what people say when there is too much of something, or when something must not happen.

“Less”, “no”, “not so” and “remove” mean the reverse edit where there is one, and else nothing; “don't”, “never” and
“anything but” always mean nothing; “brighter, not darker” means brighter. Half of the wordings are never trained on.
"""

import random
import zlib
from functools import cache

from pix2pix.training.targets.edits import EDITS, PLAIN, TINTS
from pix2pix.training.words.dressing import dress
from pix2pix.training.words.free_wordings import measured
from pix2pix.training.words.meanings import Change, Meaning
from pix2pix.training.words.terms import PHRASES, QUALITIES, TERMS
from pix2pix.training.words.wordings import NO_CHANGE, filled, vocabulary_of, with_articles, wordings

NOTHING, REVERSED, PREFERRED = 0.4, 0.4, 0.2  # how often a negation means no edit, a reverse one, one of two
LONG = 28  # a command that is too long to stand beside another one
OPPOSITES = [
    ("brighter", "darker"),
    ("warmer", "colder"),
    ("blur", "sharpen"),
    ("more contrast", "faded"),
    ("vivid", "faded"),
    ("vivid", "black and white"),
    ("fog", "clear"),
    ("night", "sunset"),
    ("snow", "rain"),
]


def is_held_out_negation(wording: str) -> bool:
    """Whether ``wording`` belongs to the half that is never trained on, or is left to the plain edits."""
    is_half = zlib.crc32(wording.encode()) % 2 == 0
    return is_half or wording in _plain_wordings() or wording.replace("{it}", "it") in measured()


@cache
def _plain_wordings() -> frozenset[str]:
    return frozenset(wording for name in EDITS for group in wordings(name).values() for wording in group)


def reverses() -> dict[str, str]:
    """The edit for less of something, by the name of what there is less of."""
    return {name: quality["less"] for name, quality in QUALITIES.items() if "less" in quality}


@cache
def removals() -> dict[str | None, list[tuple[str, ...]]]:
    """All wordings for less and for none of something in groups, by the edit that they mean; ``None`` is no edit."""
    found: dict[str | None, list[tuple[str, ...]]] = {}
    for quality in [*QUALITIES.values(), *_tints_as_qualities()]:
        less, nouns, adjectives = quality.get("less"), quality["nouns"], quality["adjectives"]
        graded = less is not None and EDITS[less].graded  # where degrees are wordings of their own
        found.setdefault(quality.get("gone", less), []).append(filled(PHRASES["without"], "{n}", nouns))
        found.setdefault(less, []).extend(
            (
                filled(PHRASES["reduced"], "{n}", nouns),
                filled(PHRASES["less"] + ([] if graded else PHRASES["less_ungraded"]), "{a}", adjectives),
                tuple(quality["commands"]),
            )
        )
    return {name: [group for group in groups if group] for name, groups in found.items()}


def _tints_as_qualities() -> list[dict[str, list[str]]]:
    colours = {name: sorted(set(TERMS["colours"][name])) for name in TINTS}
    return [
        {
            "nouns": [*words, *filled(["{c} tint", "{c} tones", "{c} cast"], "{c}", words)],
            "adjectives": words,
            "commands": [],
        }
        for words in colours.values()
    ]


def sample_negated(rng: random.Random) -> Meaning:
    """What a negation means: no edit, the reverse of one, or the one of two that is wanted."""
    fate = rng.random()
    if fate < NOTHING:
        return NO_CHANGE
    if fate < NOTHING + REVERSED:
        return (Change(rng.choice([name for name in removals() if name])),)
    return (Change(rng.choice(_crops_can_show())),)


@cache
def _crops_can_show() -> list[str]:
    return [name for name, edit in EDITS.items() if not edit.whole]


def say_negation(meaning: Meaning, rng: random.Random) -> str:
    """A trained negation that means ``meaning``, nothing or one plain global edit, as a person might type it."""
    while True:
        wording = negation_of(meaning, rng)
        if not is_held_out_negation(wording):
            return dress(wording, rng)


def negation_of(meaning: Meaning, rng: random.Random) -> str:
    """Any negation that means ``meaning``, held out or not."""
    match meaning:
        case ():
            return rng.choices([_useless_removal, _forbidden, _excepted], (5, 5, 2))[0](rng)
        case (Change(name, strength),) if strength == PLAIN:
            return (_removal if name in removals() and rng.random() < 0.67 else _preferred)(name, rng)
    raise ValueError(f"no negation means {meaning}")


def _removal(name: str | None, rng: random.Random) -> str:
    return rng.choice(rng.choice(removals()[name]))


def _useless_removal(rng: random.Random) -> str:
    return _removal(None, rng)


def _forbidden(rng: random.Random) -> str:
    """Some edit that must not happen, said as a command, as a noun, as an adjective or as more of it."""
    name, way = rng.choice(list(EDITS)), rng.random()
    if way < 0.35 and (commands := _imperatives(name)):
        return rng.choice(PHRASES["forbidden_commands"]).replace("{w}", rng.choice(commands))
    words = vocabulary_of(name)
    if way < 0.5 and words["nouns"]:
        return rng.choice(PHRASES["forbidden_nouns"]).replace("{n}", rng.choice(words["nouns"]))
    if way < 0.6 and (comparatives := [word for word in words["adjectives"] if _is_comparative(word)]):
        return rng.choice(PHRASES["not_more"]).replace("{a}", rng.choice(comparatives))
    return with_articles(rng.choice(PHRASES["forbidden_adjectives"]).replace("{a}", rng.choice(words["adjectives"])))


def _excepted(rng: random.Random) -> str:
    if rng.random() < 0.5:
        colour = rng.choice(TERMS["colours"][rng.choice(list(TINTS))])
        return rng.choice(PHRASES["excepted"] + PHRASES["excepted_colours"]).replace("{a}", colour)
    words = vocabulary_of(rng.choice(list(EDITS)))
    return rng.choice(PHRASES["excepted"]).replace("{a}", rng.choice(words["adjectives"] + words["nouns"]))


def _preferred(name: str, rng: random.Random) -> str:
    """The edit ``name`` and not another one, which is often its opposite."""
    other = _another(name, rng)
    if rng.random() < 0.3 and _short_commands(name) and _short_commands(other):
        wanted, unwanted = rng.choice(_short_commands(name)), rng.choice(_short_commands(other))
        form = rng.choice(PHRASES["preferred_commands"])
    else:
        wanted, unwanted = rng.choice(_simple_adjectives(name)), rng.choice(_simple_adjectives(other))
        both_tints = name in TINTS and other in TINTS  # there “instead of” changes the colour of things
        form = rng.choice(PHRASES["preferred"] + ([] if both_tints else PHRASES["preferred_instead"]))
    return form.replace("{x}", wanted).replace("{y}", unwanted.replace("{it}", "it"))


def _another(name: str, rng: random.Random) -> str:
    opposites = [b if a == name else a for a, b in OPPOSITES if name in (a, b)]
    if opposites and rng.random() < 0.6:
        return rng.choice(opposites)
    return rng.choice([other for other in EDITS if other != name])


@cache
def _imperatives(name: str) -> list[str]:
    return [command for command in wordings(name)["commands"] if command.split()[0] in PHRASES["verbs"]]


@cache
def _short_commands(name: str) -> list[str]:
    return [command for command in _imperatives(name) if len(command) < LONG]


@cache
def _simple_adjectives(name: str) -> list[str]:
    return [word for word in vocabulary_of(name)["adjectives"] if len(word) < 16 and not word.startswith("less")]


def _is_comparative(adjective: str) -> bool:
    return adjective.startswith("more ") or adjective.split()[0].endswith("er")
