"""Edits where they were asked for: by a mask, or where the model itself sees the instruction act."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pix2pix import EditFailed, EditRequest, InvalidRequest
from pix2pix.diffusion.relevance import Relevance
from pix2pix.events import Outcome
from pix2pix.session import EditSession

REQUEST = EditRequest("make it snowy", seed=3)
WHERE = EditRequest("make it snowy", seed=3, area="automatic")
SIZES = [(96, 64), (97, 61), (33, 90), (128, 128), (200, 31), (64, 65), (301, 222), (50, 50), (77, 143), (260, 99)]


@pytest.fixture
def mask():
    """``mask(size)``: the middle is painted."""

    def of(size):
        picture = Image.new("L", size)
        width, height = size
        ImageDraw.Draw(picture).rectangle((width // 4, height // 4, 3 * width // 4, 3 * height // 4), fill=255)
        return picture

    return of


@pytest.fixture
def left_half(monkeypatch):
    """The model sees every instruction act in the left half."""

    def relevance(unet, scheduler, prompt_embeds, negative_prompt_embeds, image_latents, scaling_factor):
        map = np.zeros(image_latents.shape[2:], np.float32)
        map[:, : map.shape[1] // 2] = 1
        return Relevance(map, evenness=0)

    monkeypatch.setattr("pix2pix.editing.conditioned.relevance", relevance)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "transparent"])
def test_outside_of_a_mask_every_pixel_is_the_photos_own(tiny_editor, scene, mask, size, kind):
    picture = scene.resize(size)
    if kind == "transparent":
        picture.putalpha(Image.linear_gradient("L").resize(size))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG" if kind == "JPEG" else "PNG")
    result = tiny_editor.edit(buffer.getvalue(), REQUEST, mask=mask(size))
    before, after = np.asarray(Image.open(buffer)), np.asarray(result.image)
    assert result.area.size == size
    assert after.shape == before.shape
    outside = (np.asarray(result.area) == 0) & (before[..., 3] > 0 if kind == "transparent" else True)
    assert outside.mean() > 0.4
    assert np.array_equal(after[outside], before[outside])
    assert not np.array_equal(after, before)


def test_an_automatic_area_leaves_the_rest_alone(tiny_editor, scene, left_half):
    result = tiny_editor.edit(scene, WHERE)
    before, after, area = np.asarray(scene), np.asarray(result.image), np.asarray(result.area)
    assert np.array_equal(after[area == 0], before[area == 0])
    assert (area[:, :40] > 0).all()
    assert not area[:, 64:].any()  # a latent of 8 pixels further, and soft
    assert not np.array_equal(after[:, :40], before[:, :40])


def test_a_mask_bounds_an_automatic_area(tiny_editor, scene, left_half, mask):
    both = np.asarray(tiny_editor.edit(scene, WHERE, mask=mask(scene.size)).area)
    painted = np.asarray(tiny_editor.edit(scene, REQUEST, mask=mask(scene.size)).area)
    found = np.asarray(tiny_editor.edit(scene, WHERE).area)
    assert np.array_equal(both, np.minimum(painted, found))
    assert both.any()


def test_where_it_acts_everywhere_it_is_the_plain_edit(tiny_editor, scene, monkeypatch):
    monkeypatch.setattr("pix2pix.diffusion.relevance.EVEN", -10)
    plain, automatic = tiny_editor.edit(scene, REQUEST), tiny_editor.edit(scene, WHERE)
    assert automatic.area is None
    assert automatic.image.tobytes() == plain.image.tobytes()


def test_one_extra_call_once_a_session_and_none_without_an_area(tiny_editor, scene, unet_calls, mask):
    session = EditSession()
    tiny_editor.edit(scene, REQUEST, session=session, mask=mask(scene.size))
    assert len(unet_calls) == 3
    tiny_editor.edit(scene, WHERE, session=session)
    assert len(unet_calls) == 3 + 3 + 1
    tiny_editor.edit(scene, EditRequest("make it snowy", seed=4, area="automatic"), session=session)
    assert len(unet_calls) == 3 + 4 + 3


def test_a_mask_of_another_shape_is_told(tiny_editor, scene, unet_calls, mask):
    with pytest.raises(InvalidRequest, match="another shape"):
        tiny_editor.edit(scene, REQUEST, mask=mask((64, 96)))
    assert not unet_calls


def test_a_gallery_takes_a_mask_for_each(tiny_editor, scene, mask, micro_batch):
    masks = [mask(scene.size), None, mask((10, 90)), mask((48, 32))]
    outcomes = list(tiny_editor.edit_gallery([scene] * 4, REQUEST, masks=masks))
    assert [outcome.error is None for outcome in outcomes] == [True, True, False, True]
    for outcome, one in zip(outcomes, masks, strict=True):
        if outcome.result:
            alone = tiny_editor.edit(scene, REQUEST, mask=one)
            difference = np.abs(np.asarray(outcome.result.image).astype(int) - np.asarray(alone.image))
            assert difference.max() <= 1
            assert (outcome.result.area is None) == (one is None)


def test_a_gallery_remembers_by_the_mask(tiny_editor, scene, mask, unet_calls):
    session = EditSession()
    for one in (None, mask(scene.size), mask(scene.size)):
        list(tiny_editor.edit_gallery([scene], REQUEST, session=session, masks=[one]))
    assert len(unet_calls) == 2 * 3


def test_variants_equal_single_edits(tiny_editor, scene, encoder_calls, micro_batch):
    requests = [EditRequest("make it snowy", seed=seed, guidance_scale=scale) for seed in (1, 2) for scale in (2, 4)]
    events = list(tiny_editor.edit_variants(scene, requests))
    outcomes = [event for event in events if isinstance(event, Outcome)]
    assert encoder_calls == {"text": 1, "vae": 1}
    assert [outcome.index for outcome in outcomes] == [0, 1, 2, 3]
    for outcome, request in zip(outcomes, requests, strict=True):
        alone = np.asarray(tiny_editor.edit(scene, request).image).astype(int)
        assert np.abs(np.asarray(outcome.result.image) - alone).max() <= 1
        assert outcome.result.request.guidance_scale == request.guidance_scale


def test_explaining_takes_the_call_that_the_area_would_take(tiny_editor, scene, unet_calls):
    session = EditSession()
    told = tiny_editor.explain(scene, WHERE, session=session)
    assert len(unet_calls) == 1
    assert told.photo.size == told.relevance.size
    assert np.ptp(np.asarray(told.relevance)) > 100
    assert told.words == ()  # the tiny checkpoint attends to text on one level only
    tiny_editor.edit(scene, WHERE, session=session)
    assert len(unet_calls) == 1 + 3


def test_every_word_has_a_map(pocket, scene):
    told = pocket.explain(scene, EditRequest("make the top half darker, please"))
    assert [word for word, _ in told.words] == ["make", "the", "top", "half", "darker", "please"]
    assert all(map.size == told.photo.size for _, map in told.words)


def test_a_unet_that_cannot_be_listened_to_still_finds_areas(tiny_editor, scene, monkeypatch):
    def deaf(unet):
        raise EditFailed("no")

    monkeypatch.setattr("pix2pix.editing.conditioned.listening", deaf)
    assert tiny_editor.explain(scene, WHERE).words == ()


def test_a_gallery_with_too_few_masks_edits_nothing_everywhere(tiny_editor, scene, mask):
    outcomes = [*tiny_editor.edit_gallery([scene] * 3, REQUEST, masks=[mask(scene.size), None])]
    assert [outcome.error is None for outcome in outcomes] == [True, True, False]
    assert "fewer masks" in str(outcomes[2].error)
    assert outcomes[0].result.area is not None
    assert outcomes[1].result.area is None
