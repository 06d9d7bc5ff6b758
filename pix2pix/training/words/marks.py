"""Marks around words: quotes of all kinds, apostrophes, commas without a space, emoji."""

import random
import re

QUOTES = ('""', '""', "''", "“”", "“”", "‘’", "„“", "«»", "「」", "``", "()", "**")  # opening and closing
APOSTROPHES = ("’", "’", "", "", "`", "´")  # instead of the straight one
EMOJI = ("🙂", "😀", "😊", "👍", "🙏", "✨", "🎨", "📷", "❤️", "🌙", "☀️", "🔥", "😍", "🖼️", "👌", "💡", "🥰", "😎")
PHRASE = 3  # words in quotes, at most


def quoted(text: str, rng: random.Random) -> str:
    """``text``, all of it or a few words of it, in quotes of some kind."""
    marks = rng.choice(QUOTES)
    words = text.split(" ")
    start, end = 0, len(words)
    if rng.random() < 0.4:
        start = rng.randrange(len(words))
        end = start + rng.randint(1, PHRASE)
    return " ".join([*words[:start], marks[0] + " ".join(words[start:end]) + marks[1], *words[end:]])


def with_other_apostrophes(text: str, rng: random.Random) -> str:
    """``text`` with its straight apostrophes between letters curly, of another kind, or left out."""
    return re.sub(r"(?<=\w)'(?=\w)", rng.choice(APOSTROPHES), text)


def with_emoji(text: str, rng: random.Random) -> str:
    """``text`` with one emoji or several behind it."""
    return text + rng.choice([" ", ""]) + rng.choice(EMOJI) * rng.choice([1, 1, 1, 2, 3])
