"""The shipped checkpoint on photographs that come with gradio: what it is advertised to do, it does."""

import json
from pathlib import Path

import pytest
import torch

from pix2pix import Editor
from pix2pix.diffusion.checkpoints import POCKET
from pix2pix.training.evaluation.measured import edits as measures
from pix2pix.training.evaluation.measured.places import in_its_place
from pix2pix.training.evaluation.photos import measured_photo, open_photos
from pix2pix.training.learning.export import size_in_megabytes
from pix2pix.training.pictures import to_tensor
from pix2pix.training.words.meanings import Frame, Local

FOLDER = Path(POCKET.source)


@pytest.fixture(scope="module")
def editor():
    return Editor.load(POCKET.name, "cpu")


@pytest.fixture(scope="module")
def edit(editor):
    return measures.edit_with(editor)


@pytest.fixture(scope="module")
def photos():
    return [measured_photo(photo) for photo in open_photos().values()]


def test_it_is_small():
    assert size_in_megabytes(FOLDER) < 25


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("sepia", "make it sepia"),
        ("night", "Turn day into night!"),
        ("blue", "please tint the photo blue"),
        ("fog", "add some fog"),
        ("darker", "make this picture darker"),
        ("blur", "blur it"),
        ("posterize", "posterize it"),
        ("vignette", "add a vignette"),
    ],
)
def test_an_edit_is_nearest_to_its_own_target(edit, photos, name, sentence):
    samples = measures.global_edits(edit, photos[:2], [(name, sentence)] * 2)
    assert [sample.nearest for sample in samples] == [name, name]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (Local("darker", "top half"), "make the top half darker"),
        (Local("black and white", "left half"), "make the left side black and white"),
        (Frame("white"), "add a white frame"),
    ],
)
def test_an_edit_in_a_place_is_nearest_to_its_own_target(edit, photos, step, sentence):
    (sample,) = in_its_place(edit, photos[:1], [((step,), sentence)])
    assert sample.passed, sample.nearest
    assert sample.outside > 24


def test_black_and_white_has_no_colour_blotches(edit, photos):
    outcome = edit(photos[1], "make it black and white")
    spread = (outcome.max(1).values - outcome.min(1).values) * 255
    assert spread.mean() < 6
    assert torch.nn.functional.avg_pool2d(spread[None], 16).max() < 12


@pytest.mark.parametrize("sentence", ["add a dog", "do nothing"])
def test_what_is_no_edit_leaves_the_photo_alone(edit, photos, sentence):
    (sample,) = measures.left_alone(edit, photos[:1], [sentence], bar=26)
    assert sample.passed, sample.psnr


def test_the_abilities_are_families_with_examples_that_can_be_said(edit, photos):
    abilities = json.loads((FOLDER / "abilities.json").read_text(encoding="utf-8"))
    assert abilities["num_inference_steps"] >= 1
    assert len(abilities["families"]) >= 3
    picture = to_tensor(photos[2])
    for family in abilities["families"][:3]:
        assert (edit(photos[2], family["examples"][0]) - picture).abs().mean() > 0.01
