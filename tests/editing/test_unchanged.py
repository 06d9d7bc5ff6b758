"""Where nothing was changed, the photo comes back bit by bit, and everybody is told."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pix2pix import EditRequest, EditSession
from pix2pix.diffusion.conditioning import encode_photo
from pix2pix.diffusion.pictures import redraw
from pix2pix.editing.batch import BatchEditor
from pix2pix.events import nothing_changed

REQUEST = EditRequest("make it snowy", num_inference_steps=1, seed=4)
NOTHING = ("do nothing", "asdf qwerty", "put sunglasses on him")
SLIGHT = (
    "make it slightly warmer",
    "slightly more contrast",
    "add a little film grain",
    "sharpen it slightly",
    "blur it slightly",
    "make the left side black and white",
    "put a thin black border around it",
    "add a small blue square in the lower right",
)


@pytest.fixture
def a_model_that_changes_nothing(tiny_editor, monkeypatch):
    """The tiny one, which draws the autoencoder's copy, with a little noise."""
    rng = np.random.default_rng(1)
    seen = {}

    def remember(pipeline, image):
        seen["latents"] = encode_photo(pipeline, image)
        return seen["latents"]

    def draw(self, latents, models):
        copy = np.asarray(redraw(self.pipeline, seen["latents"])[0], float)
        return [Image.fromarray((copy + rng.normal(0, 1, copy.shape)).clip(0, 255).astype(np.uint8))] * len(latents)

    monkeypatch.setattr("pix2pix.editing.conditioned.encode_photo", remember)
    monkeypatch.setattr(BatchEditor, "_draw", draw)
    monkeypatch.setattr("pix2pix.editing.batch.FAR", 1e9)  # a random autoencoder's copy is nothing like the photo
    return tiny_editor


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_photo_comes_back_bit_by_bit(a_model_that_changes_nothing, scene, mode):
    photo = scene.convert(mode)
    for detail in (True, False):
        result = a_model_that_changes_nothing.edit(photo, EditRequest("make it snowy", 1, seed=4, detail=detail))
        assert result.unchanged
        assert result.image.mode == mode
        assert result.image.tobytes() == photo.tobytes()


def test_a_gallery_says_it_too_and_remembers(a_model_that_changes_nothing, scene):
    session = EditSession()
    for _ in range(2):
        (outcome,) = a_model_that_changes_nothing.edit_gallery([scene], REQUEST, session=session)
        assert outcome.result.unchanged
        assert outcome.result.image.tobytes() == scene.tobytes()


def test_an_edit_is_not_called_unchanged_and_without_detail_draws_no_copy(tiny_editor, scene, monkeypatch):
    assert not tiny_editor.edit(scene, REQUEST).unchanged
    monkeypatch.setattr("pix2pix.editing.batch.redraw", lambda *_: pytest.fail("drew a copy in vain"))
    assert not tiny_editor.edit(scene, replace(REQUEST, detail=False)).unchanged


def test_pocket_tells_nothing_from_the_slightest_edit(pocket, photos):
    session = EditSession()
    for photo in photos[:2]:
        with Image.open(photo) as image:
            original = image.convert("RGB")
        for instruction in NOTHING:
            result = pocket.edit(photo, EditRequest(instruction, seed=1), session=session)
            assert result.unchanged, instruction
            assert result.image.tobytes() == original.tobytes()
        for instruction in SLIGHT:
            result = pocket.edit(photo, EditRequest(instruction, seed=1), session=session)
            assert not result.unchanged, instruction
            assert result.image.tobytes() != original.tobytes()


def test_the_command_line_says_it_in_one_line(a_model_that_changes_nothing, run, scene, tmp_path):
    scene.save(tmp_path / "photo.png")
    status, out, err = run("edit", tmp_path / "photo.png", "make it snowy", "--out", tmp_path / "made.png")
    assert (status, out) == (0, "")
    assert err == f"{tmp_path / 'photo.png'}: Nothing was changed; try “turn it into an oil painting”.\n"
    with Image.open(tmp_path / "made.png") as image:
        assert image.tobytes() == scene.tobytes()


def test_the_idea_is_another_one():
    assert nothing_changed("b", ["b", "c"]) == "Nothing was changed; try “c”."
    assert nothing_changed("a", []) == "Nothing was changed; try other words."
