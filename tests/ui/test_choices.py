"""Choosing by eye: four variants, and strengths of both guidances, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from pix2pix import EditRequest, read_receipt
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX, POCKET
from pix2pix.ui.edit.choices import strengths
from tests.ui.conftest import downloaded
from tests.ui.test_browser import choose


def test_four_variants_and_one_that_is_chosen(page, photos, tmp_path):
    choose(page, photos[0])
    page.fill("#instruction textarea", "make it snowy")
    page.click("#variants")
    expect(page.locator("#stage .choices button")).to_have_count(4)
    expect(page.locator("#strip img")).to_have_count(4)
    expect(page.locator("#edit")).to_be_enabled()
    seeds = [int(re.search(r"seed (\d+)", said)[1]) for said in page.locator("#strip .caption-label").all_inner_texts()]
    assert [seed - seeds[0] for seed in seeds] == [0, 1, 2, 3]
    page.locator("#stage .choices button").nth(2).click()
    expect(page.locator("#slider img").first).to_be_visible()
    request = read_receipt(downloaded(page, "#download", tmp_path / "chosen.png"))
    assert (request.instruction, request.seed) == ("make it snowy", seeds[2])


def test_a_strength_that_is_chosen_is_drawn_in_full(page, photos, tmp_path, pocket):
    choose(page, photos[0])
    page.fill("#instruction textarea", "make it night")
    page.click("#strengths")
    cells = page.locator("#stage .choices button")
    expect(cells).to_have_count(9)
    expect(page.locator("#strip img")).to_have_count(0)  # drafts are no results
    scales = cells.nth(5).locator("small").inner_text()
    cells.nth(5).click()
    expect(page.locator("#slider img").first).to_be_visible()
    request = read_receipt(downloaded(page, "#download", tmp_path / "chosen.png"))
    assert f"{request.guidance_scale} · {request.image_guidance_scale}" == scales
    assert request.resolution == pocket.checkpoint.defaults.resolution


@pytest.mark.parametrize("checkpoint", [POCKET, INSTRUCT_PIX2PIX])
@pytest.mark.parametrize(("text", "image"), [(None, None), (1.0, 1.0), (1.3, 3.0), (30.0, 5.0)])
def test_strengths_are_around_the_present_ones(checkpoint, text, image):
    request = EditRequest("x", guidance_scale=text, image_guidance_scale=image, seed=4).resolved(checkpoint.defaults)
    drafts = strengths(request, checkpoint)
    texts = [draft.guidance_scale for draft in drafts]
    images = [draft.image_guidance_scale for draft in drafts]
    assert texts[:3] == sorted(set(texts)) == texts[3:6] == texts[6:]
    assert images == sorted(images, reverse=True)
    assert len(set(images)) == 3
    most = dict(zip(("text", "image"), checkpoint.guidance_limits, strict=True))
    assert max(texts) <= most["text"]
    assert max(images) <= most["image"]
    assert all(draft.seed == 4 and draft.resolution < request.resolution for draft in drafts)
    if request.guidance_scale <= most["text"]:
        assert request.guidance_scale in texts
