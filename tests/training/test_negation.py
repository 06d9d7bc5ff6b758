"""Removal, negation and what is not understood: what it means, and that what is measured is never said in training."""

import random
import re

import pytest

from pix2pix.training.learning.language import make_tokenizer
from pix2pix.training.recipe import LanguageRecipe
from pix2pix.training.targets.edits import EDITS, TINTS
from pix2pix.training.words.dressing import dress
from pix2pix.training.words.free_wordings import (
    NOTHING,
    free_wordings,
    is_held_out_wording,
    measured,
    negations,
    not_understood,
)
from pix2pix.training.words.marks import QUOTES, quoted, with_emoji, with_other_apostrophes
from pix2pix.training.words.meanings import Change
from pix2pix.training.words.mixture import CROP_SHARES, WHOLE_SHARES, sample_meaning, sample_sentence
from pix2pix.training.words.negation import (
    is_held_out_negation,
    negation_of,
    removals,
    reverses,
    sample_negated,
    say_negation,
)
from pix2pix.training.words.not_understood import say_not_understood
from pix2pix.training.words.sentences import sentence_for
from pix2pix.training.words.terms import PHRASES, QUALITIES, TERMS
from pix2pix.training.words.typos import known_words, with_typo
from pix2pix.training.words.wordings import wordings

NO_CHANGE = ()


def meaning_of(name):
    return NO_CHANGE if name == NOTHING else (Change(name),)


@pytest.fixture(scope="module")
def drawn():
    """What is said in 20,000 samples of the text's training, and what it means."""
    rng = random.Random(0)
    return [sample_sentence(rng) for _ in range(20_000)]


def test_half_of_the_negations_to_measure_are_held_out_and_all_mean_something_known():
    trained, held_out = negations(held_out=False), negations(held_out=True)
    assert len(trained) == len(held_out) == 20
    assert {name for name, _ in trained + held_out} <= {*EDITS, NOTHING}
    assert not {sentence for _, sentence in trained} & measured()


def test_the_trained_negations_to_measure_are_said_with_that_meaning():
    rng = random.Random(1)
    for name, sentence in negations(held_out=False):
        draws = (negation_of(meaning_of(name), rng) for _ in range(100_000))
        wording = next(wording for wording in draws if wording.replace("{it}", "it") == sentence)
        assert not is_held_out_negation(wording)


def test_what_is_measured_is_never_said(drawn):
    said = {sentence.lower().strip(" .!?") for sentence, _ in drawn}
    assert said & {sentence.lower() for sentence in measured()} == set()


def test_what_is_measured_as_not_understood_is_of_sixty_sentences_that_nothing_answers():
    known = {wording.replace("{it}", "it") for name in EDITS for group in wordings(name).values() for wording in group}
    assert len(not_understood()) == len(set(not_understood())) == 60
    assert not known & set(not_understood())
    assert {sentence for _, sentence in free_wordings()} <= measured()


def test_half_of_the_negations_are_held_out():
    rng = random.Random(2)
    held_out = [is_held_out_negation(negation_of(sample_negated(rng), rng)) for _ in range(3000)]
    assert 0.45 < sum(held_out) / len(held_out) < 0.6


def test_no_two_edits_share_a_wording_of_removal():
    meanings = {name: {wording for group in groups for wording in group} for name, groups in removals().items()}
    for name, said in meanings.items():
        for other in EDITS:
            plain = {wording for group in wordings(other).values() for wording in group}
            assert other == name or not said & plain
            assert other == name or not said & meanings.get(other, set())


def test_less_of_the_reverse_is_the_edit_itself():
    reverse = reverses()
    for one, other in [("blur", "sharpen"), ("brighter", "darker"), ("warmer", "colder"), ("more contrast", "faded")]:
        assert reverse[one] == other
        assert reverse[other] == one
    assert reverse["fog"] == "clear"
    assert set(reverse.values()) < set(EDITS)
    assert set(QUALITIES) - set(EDITS) == {"pale", "effects", "places"}


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("less foggy", "clear"),
        ("no haze", "clear"),
        ("unblur {it}", "sharpen"),
        ("not so sharp", "blur"),
        ("too dark", "brighter"),
        ("remove the colors", "black and white"),
        ("less colors", "faded"),
        ("too pale", "vivid"),
        ("remove the snow", None),
        ("less blue", None),
        ("denoise {it}", None),
    ],
)
def test_removals_mean_the_reverse_where_there_is_one(sentence, name):
    assert [other for other, groups in removals().items() if any(sentence in group for group in groups)] == [name]


def test_no_slot_of_a_negation_is_left_open():
    rng = random.Random(3)
    for meaning in [NO_CHANGE, *((Change(name),) for name in EDITS)]:
        for _ in range(60):
            assert "{" not in say_negation(meaning, rng)
    with pytest.raises(ValueError, match="no negation"):
        negation_of((Change("blur", 0.5),), rng)


def test_what_must_not_happen_is_never_a_wish():
    """Nothing is changed by a sentence without a word of negation only where it asks for the impossible."""
    rng = random.Random(4)
    negative = r"\b(not|no|never|don't|shouldn't|less|without|stop|avoid|but|except|than)\b"
    asked = [negation_of(NO_CHANGE, rng) for _ in range(2000)]
    removed = {wording for group in removals()[None] for wording in group}
    assert [wording for wording in asked if not re.search(negative, wording) and wording not in removed] == []


@pytest.mark.parametrize("kind", [*CROP_SHARES, *WHOLE_SHARES])
def test_there_is_a_sentence_of_every_kind(kind):
    rng = random.Random(5)
    for _ in range(50):
        meaning = sample_meaning(rng, kind)
        assert sentence_for(kind, meaning, rng)
        assert kind not in ("unknown", "nothing") or meaning == NO_CHANGE


def test_crops_are_not_asked_for_what_only_whole_pictures_have():
    rng = random.Random(6)
    named = {action.name for _ in range(2000) for action in sample_negated(rng)}
    assert not any(EDITS[name].whole for name in named)
    assert len(named) > 30


def test_a_fifth_of_what_is_not_understood_is_held_out():
    rng = random.Random(7)
    said = [say_not_understood(rng) for _ in range(3000)]
    assert not any(is_held_out_wording(text) or text in measured() for text in said)
    for script in (
        "[一-龥]",
        "[ぁ-ヺ]",
        "[가-힣]",
        "[а-я]",
        "[ا-ي]",
        "[α-ω]",
        "[א-ת]",
        "[अ-ह]",
        "[ก-ฮ]",
        r"\d",
        "[éñü]",
        "<",
    ):
        assert any(re.search(script, text) for text in said), script


def test_a_typo_is_one_letter_and_no_other_word_of_the_grammar():
    rng = random.Random(8)
    colours = {word for words in TERMS["colours"].values() for word in words}
    for word in [*colours, "lighter", "sharpen", "snowy"]:
        typos = {with_typo(word, rng) for _ in range(60)} - {word}
        assert not typos & known_words()
        assert all(typo[0] == word[0] and abs(len(typo) - len(word)) <= 1 for typo in typos)
    assert with_typo("red", rng) == "red"


@pytest.mark.parametrize("word", ["less", "unblur", "dont", "deblur", "never", "without"])
def test_a_typo_never_hides_a_negation(word):
    rng = random.Random(9)
    assert {with_typo(word, rng) for _ in range(30)} == {word}


def test_dressing_keeps_the_words_of_the_meaning():
    rng = random.Random(10)
    said = [dress("don't make {it} sepia, not blue", rng).lower() for _ in range(500)]
    assert sum("sepia" in sentence for sentence in said) > 460
    assert all("blue" in re.sub(r"\W", "", sentence) or len(sentence) > 20 for sentence in said)
    assert {"don't", "dont", "don’t"} <= {word for sentence in said for word in sentence.split()}
    assert all(re.search("don.?t", sentence) for sentence in said)


def test_marks_leave_the_letters_as_they_are():
    rng = random.Random(11)
    for _ in range(100):
        text = quoted("make it night", rng)
        assert re.sub(r"[^a-z ]", "", text) == "make it night"
        assert any(text.count(mark) for marks in QUOTES for mark in marks)
        assert with_emoji("blur it", rng).startswith("blur it")
        assert re.fullmatch("don.?t 'do' it", with_other_apostrophes("don't 'do' it", rng))


def test_most_sentences_fit_into_the_text_encoder(drawn, tmp_path):
    recipe = LanguageRecipe()
    tokenizer = make_tokenizer(recipe, 0, tmp_path)
    sentences = [sentence for sentence, _ in drawn[:4000]] + [*not_understood(), *measured()]
    lengths = [len(ids) for ids in tokenizer(sentences).input_ids]
    assert sum(length <= recipe.positions for length in lengths) > 0.97 * len(lengths)


def test_every_colour_can_be_ruled_out():
    rng = random.Random(12)
    said = " | ".join(negation_of(NO_CHANGE, rng) for _ in range(6000))
    assert all(re.search(rf"anything (but|except|other than) {colour}\b", said) for colour in TINTS)
    assert len(PHRASES["excepted"]) > 8
