"""The grammar: every wording has one meaning, and what is held out is never said in training."""

import random
import re

import pytest

from pix2pix.training.targets.edits import EDITS, SLIGHT, STRONG
from pix2pix.training.words.dressing import dress
from pix2pix.training.words.free_wordings import free_wordings
from pix2pix.training.words.meanings import (
    Change,
    Frame,
    Local,
    Recolour,
    Shape,
    degrees,
    frames,
    is_held_out,
    local_changes,
    pairs,
    recolourings,
    shapes,
)
from pix2pix.training.words.mixture import CROP_SHARES, WHOLE_SHARES, sample_kind, sample_meaning, sample_sentence
from pix2pix.training.words.terms import PHRASES, TERMS, VOCABULARY
from pix2pix.training.words.wordings import (
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
    assert set(VOCABULARY) | set(TERMS["colours"]) == set(EDITS)


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
    for meaning in [
        (),
        *degrees(),
        *pairs(),
        *recolourings(),
        *local_changes(),
        *frames(),
        *shapes(),
        *((Change(name),) for name in EDITS),
    ]:
        assert "{" not in wording_of(meaning, rng).replace("{it}", "it")
    assert not any("{" in say_unknown(rng) for _ in range(200))


def test_the_file_of_free_wordings_covers_every_edit_and_is_not_of_the_trained_grammar():
    free = free_wordings()
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
    held_out |= {sentence.lower() for _, sentence in free_wordings()}
    rng = random.Random(1)
    said = [say((Change(name),), rng) for name in EDITS for _ in range(120)]
    clashes = [sentence for sentence in said if {bare(sentence), sentence.lower()} & held_out]
    assert len(clashes) <= len(said) * 0.002  # a typo or a word left out may turn one into another


def test_held_out_combinations_are_never_drawn():
    rng = random.Random(2)
    drawn = {sample_meaning(rng, kind) for kind in ("pair", "recolour", "local", "shape") for _ in range(3000)}
    assert not any(is_held_out(meaning) for meaning in drawn)
    for meanings in (pairs(), recolourings(), local_changes(), shapes()):
        assert 0.03 < sum(map(is_held_out, meanings)) / len(meanings) < 0.2


def test_the_plain_global_edits_come_first():
    assert CROP_SHARES["global"] >= 0.5
    rng = random.Random(3)
    for shares in (CROP_SHARES, WHOLE_SHARES):
        assert sum(shares.values()) == pytest.approx(1)
        assert {sample_kind(rng, shares) for _ in range(800)} == set(shares)
    assert all(isinstance(sample_sentence(rng)[0], str) for _ in range(50))


def test_recolouring_names_both_colours():
    rng = random.Random(4)
    for _ in range(50):
        sentence = wording_of((Recolour("red", "blue"),), rng)
        assert re.search("red|crimson|scarlet", sentence)
        assert re.search("blue", sentence)


def test_places_are_named_with_all_their_parts():
    rng = random.Random(6)
    for _ in range(50):
        assert re.search("(edge|border|margin|rim|outer)", wording_of((Local("blur", "edges"),), rng))
        assert re.search("red|crimson|scarlet", wording_of((Frame("red"),), rng))
        shape = wording_of((Shape("star", "blue", "large", "lower left"),), rng)
        assert re.search("(large|big|huge).*blue.*star", shape.replace("cobalt ", ""))
        assert re.search("(lower|bottom) left", shape)


def test_places_mean_one_thing_each():
    named = [phrase for phrases in TERMS["positions"].values() for phrase in phrases]
    assert len(named) == len(set(named))
    named = [phrase for phrases in TERMS["regions"].values() for phrase in phrases]
    assert len(named) == len(set(named))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a oil painting", "an oil painting"), ("make a a sketch of it", "make a sketch of it"), ("a dog", "a dog")],
)
def test_articles(text, expected):
    assert with_articles(text) == expected


def test_dressing_keeps_the_words_mostly():
    rng = random.Random(5)
    understood = sum("sepia" in dress("add sepia to {it}", rng).lower() for _ in range(300))
    assert understood > 270


def test_which_wordings_are_held_out_is_fixed():
    names = ("make {it} red", "make {it} blue", "make {it} darker")
    assert [name for name in names if is_held_out_wording(name)] == ["make {it} blue"]
