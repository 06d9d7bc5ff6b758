"""The grammar: every wording has one meaning, and what is held out is never said in training."""

import random
import re

import pytest

from pix2pix.training.edits import EDITS, SLIGHT, STRONG
from pix2pix.training.evaluation import read_held_out
from pix2pix.training.meanings import Change, Recolour, degrees, is_held_out, pairs, recolourings
from pix2pix.training.mixture import SHARES, sample_kind, sample_meaning, sample_sentence
from pix2pix.training.wordings import (
    PHRASES,
    VOCABULARY,
    dress,
    graded_wordings,
    is_held_out_wording,
    say,
    say_unknown,
    split_wordings,
    with_articles,
    wording_of,
    wordings,
)


def all_wordings(name):
    return [wording for group in wordings(name).values() for wording in group]


def said_with(wording, thing):
    return wording.replace("{it}", thing).lower()


def bare(sentence):
    """``sentence`` in small letters without the politeness around it."""
    sentence = sentence.lower()
    for before in PHRASES["before"]:
        sentence = sentence.removeprefix(before)
    for after in sorted(PHRASES["after"], key=len, reverse=True):
        sentence = sentence.removesuffix(after)
    return sentence


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_has_many_wordings_and_some_held_out(name):
    trained, held_out = split_wordings(name)
    assert len(set(trained)) >= 25
    assert 0.1 < len(held_out) / (len(trained) + len(held_out)) < 0.3


def test_the_vocabulary_is_of_the_edits():
    assert set(VOCABULARY) | set(PHRASES["colours"]) == set(EDITS)


def test_every_wording_has_one_meaning():
    meanings = {}
    for name in EDITS:
        for wording in all_wordings(name):
            meanings.setdefault(wording, set()).add((name, 1.0))
        if EDITS[name].graded:
            for strength in (SLIGHT, STRONG):
                for wording in graded_wordings(name, strength):
                    meanings.setdefault(wording, set()).add((name, strength))
    for wording in PHRASES["nothing"]:
        meanings.setdefault(wording, set()).add(())
    assert {wording: found for wording, found in meanings.items() if len(found) > 1} == {}


def test_no_slot_is_left_open():
    rng = random.Random(0)
    for meaning in [(), *degrees(), *pairs(), *recolourings(), *((Change(name),) for name in EDITS)]:
        assert "{" not in wording_of(meaning, rng).replace("{it}", "it")
    assert not any("{" in say_unknown(rng) for _ in range(200))


def test_the_file_of_free_wordings_covers_every_edit_and_is_not_of_the_trained_grammar():
    free = read_held_out()
    assert {name for name, _ in free} == set(EDITS)
    trained = {
        said_with(wording, thing)
        for name in EDITS
        for wording in split_wordings(name)[0]
        for thing in set(PHRASES["objects"])
    }
    assert [sentence for _, sentence in free if {sentence.lower(), bare(sentence)} & trained] == []


def test_the_training_never_says_what_is_held_out():
    held_out = {said_with(wording, "it") for name in EDITS for wording in split_wordings(name)[1]}
    held_out |= {sentence.lower() for _, sentence in read_held_out()}
    rng = random.Random(1)
    said = [say((Change(name),), rng) for name in EDITS for _ in range(120)]
    clashes = [sentence for sentence in said if {bare(sentence), sentence.lower()} & held_out]
    assert len(clashes) <= len(said) * 0.002  # a typo or a word left out may turn one into another


def test_held_out_combinations_are_never_drawn():
    rng = random.Random(2)
    drawn = {sample_meaning(rng, kind) for kind in ("pair", "recolour") for _ in range(3000)}
    assert not any(is_held_out(meaning) for meaning in drawn)
    for meanings in (pairs(), recolourings()):
        assert 0.03 < sum(map(is_held_out, meanings)) / len(meanings) < 0.2


def test_the_plain_global_edits_come_first():
    assert sum(SHARES.values()) == pytest.approx(1)
    assert SHARES["global"] >= 0.55
    rng = random.Random(3)
    assert {sample_kind(rng) for _ in range(500)} == set(SHARES)
    assert all(isinstance(sample_sentence(rng)[0], str) for _ in range(50))


def test_recolouring_names_both_colours():
    rng = random.Random(4)
    for _ in range(50):
        sentence = wording_of((Recolour("red", "blue"),), rng)
        assert re.search("red|crimson|scarlet", sentence)
        assert re.search("blue", sentence)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a oil painting", "an oil painting"), ("make a a sketch of it", "make a sketch of it"), ("a dog", "a dog")],
)
def test_articles(text, expected):
    assert with_articles(text) == expected


def test_dressing_keeps_the_words_mostly():
    rng = random.Random(5)
    kept = sum("sepia" in dress("add sepia to {it}", rng).lower() for _ in range(300))
    assert kept > 270


def test_which_wordings_are_held_out_is_fixed():
    names = ("make {it} red", "make {it} blue", "make {it} darker")
    assert [name for name in names if is_held_out_wording(name)] == ["make {it} blue"]
