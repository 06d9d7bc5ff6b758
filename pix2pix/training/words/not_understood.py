"""What nobody here understands: digits, emoji, other languages and scripts, keys hit at random, code, questions."""

import random
import string
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from pix2pix.training.words.free_wordings import is_held_out_wording, measured
from pix2pix.training.words.typos import ROWS

SCRIPTS = {  # the first and the last letter, and how long a word is; long texts would not fit into the encoder
    "han": ("一", "龥", 4),
    "hiragana": ("ぁ", "ゖ", 4),
    "katakana": ("ァ", "ヺ", 4),
    "hangul": ("가", "힣", 4),
    "cyrillic": ("а", "я", 8),
    "arabic": ("ا", "ي", 6),
    "greek": ("α", "ω", 8),
    "hebrew": ("א", "ת", 6),
    "devanagari": ("अ", "ह", 5),
    "thai": ("ก", "ฮ", 5),
}
LONGEST = 10  # letters of another script, in all its words


def say_not_understood(rng: random.Random) -> str:
    """Something trained that is no request at all, or none in plain English; it means no change."""
    ways = [_number, _emoji, _of_a_script, _listed, _of_syllables, _keys, _letter]
    while True:
        text = rng.choices(ways, (10, 8, 20, 40, 10, 10, 3))[0](rng)
        if not is_held_out_wording(text) and text.lower() not in measured():
            return text


@cache
def listed() -> dict[str, list[str]]:
    """What is written down, by kind: sentences of other languages, questions, code, emoji, syllables."""
    return tomllib.loads(Path(__file__).with_name("not_understood.toml").read_text(encoding="utf-8"))


def _listed(rng: random.Random) -> str:
    return rng.choice(listed()[rng.choices(["languages", "questions", "code"], (5, 3, 2))[0]])


def _number(rng: random.Random) -> str:
    a, b = rng.randrange(10 ** rng.randint(1, 6)), rng.randrange(1000)
    forms = ["{a}", "{a}", "{a}", "{a}p", "{a}%", "{a} {b}", "{a} + {b}", "{a}-{b}", "{a}.{b}", "{a}x{b}", "{a}/{b}"]
    forms += ["{b}k", "{a} px", "${a}", "{a}*{b}", "{a} = {b}", "+{a} {b}", "#{a}", "{a}, {b}", "{b}:{b}", "no. {b}"]
    return rng.choice(forms).replace("{a}", str(a)).replace("{b}", str(b))


def _emoji(rng: random.Random) -> str:
    return "".join(rng.choices(listed()["emoji"], k=rng.choice([1, 1, 1, 2, 3])))


def _of_a_script(rng: random.Random) -> str:
    first, last, long = rng.choice(list(SCRIPTS.values()))
    words = (_some_of(first, last, rng.randint(1, long), rng) for _ in range(rng.randint(1, 3)))
    return " ".join(words)[:LONGEST].strip()


def _some_of(first: str, last: str, count: int, rng: random.Random) -> str:
    return "".join(chr(rng.randint(ord(first), ord(last))) for _ in range(count))


def _of_syllables(rng: random.Random) -> str:
    words = ("".join(rng.choices(listed()["syllables"], k=rng.randint(1, 3))) for _ in range(rng.randint(1, 4)))
    return " ".join(words)


def _keys(rng: random.Random) -> str:
    """A run along a row of the keyboard and back, one key again and again, or any letters."""
    way: Callable[[random.Random], str] = rng.choice([_run_of_keys, _same_key, _any_letters])
    return " ".join(way(rng) for _ in range(rng.choice([1, 1, 2, 3])))


def _run_of_keys(rng: random.Random) -> str:
    row = rng.choice(ROWS)
    start = rng.randrange(len(row) - 2)
    run = row[start : start + rng.randint(3, 8)]
    return rng.choice([run, run[::-1], run + run])


def _same_key(rng: random.Random) -> str:
    return rng.choice(string.ascii_lowercase) * rng.randint(2, 8)


def _any_letters(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(2, 8)))


def _letter(rng: random.Random) -> str:
    return rng.choice(string.ascii_letters + string.punctuation.replace("{", "").replace("}", ""))
