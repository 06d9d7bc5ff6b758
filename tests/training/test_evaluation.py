"""What is around the measurements: photographs, figures, and the lists that are made from the edits."""

import random
import zlib
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from pix2pix.training.evaluation.abilities import families, step_zones
from pix2pix.training.evaluation.evaluate import Evaluation
from pix2pix.training.evaluation.measured.edits import Sample
from pix2pix.training.evaluation.measured.figures import seconds_of_an_edit
from pix2pix.training.evaluation.measured.guidance import Guided, sane_image_limit, sane_text_limit
from pix2pix.training.evaluation.measured.scatter import AMOUNTS, Scatter, streaks
from pix2pix.training.evaluation.photos import GRADIO_PHOTOS, open_photos
from pix2pix.training.evaluation.report import write_contact_sheet, write_report
from pix2pix.training.targets.edits import EDITS, TINTS, apply
from pix2pix.training.words.meanings import degrees, frames, local_changes, pairs, recolourings, shapes
from pix2pix.training.words.mixture import sample_sentence

SHEET_PARTS = ("two edits", "colours of things", "parts of the picture", "frames", "shapes", "unknown requests")
LISTS = [3388628212, 436436941, 3193975964, 306003936, 2766198670, 1109310067, 1465375510]
SENTENCES = 4267625987


def test_the_photographs_are_those_of_the_folder_or_gradios(tmp_path):
    assert len(open_photos()) == len(GRADIO_PHOTOS)
    with pytest.raises(FileNotFoundError):
        open_photos(tmp_path)
    Image.new("L", (4, 4)).save(tmp_path / "grey.png")
    assert {name: photo.mode for name, photo in open_photos(tmp_path).items()} == {"grey": "RGB"}


def test_the_seconds_of_an_edit_are_measured_with_the_threads_there_are():
    threads = torch.get_num_threads()
    editor = SimpleNamespace(edit=lambda photo, request: SimpleNamespace(seconds=0.5))
    try:
        torch.set_num_threads(1)
        assert seconds_of_an_edit(editor, Image.new("RGB", (8, 8))) == 0.5
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(threads)


def test_every_edit_is_in_one_family_and_common_ones_come_first():
    assert sorted(name for names in families().values() for name in names) == sorted(EDITS)
    assert list(families()) == ["Light", "Colour", "Tints", "Weather", "Texture", "Art"]
    assert families()["Light"][:2] == ["brighter", "darker"]
    assert families()["Tints"] == list(TINTS)


def test_random_sampling_chooses_from_the_lists_of_the_recipe():
    """Another order of these lists is another training; who means to change the recipe changes the numbers here."""
    lists = [list(EDITS), pairs(), degrees(), recolourings(), local_changes(), frames(), shapes()]
    assert [zlib.crc32(repr(one).encode()) for one in lists] == LISTS
    rng = random.Random(123)
    assert zlib.crc32(repr([sample_sentence(rng) for _ in range(2000)]).encode()) == SENTENCES


def evaluation() -> Evaluation:
    """Two samples of every kind, one that passed and one that did not."""
    shown = torch.zeros(1, 3, 128, 128), torch.ones(1, 3, 128, 128)
    samples = [
        Sample("make it night", "night", True, 30.0, "night", shown=shown),
        Sample("at night", "night", False, 20.0, "day", shown=shown),
    ]
    names = (*(f"global, {kind} wordings" for kind in ("trained", "held-out", "free")), *SHEET_PARTS)
    drawn = Scatter({"snow": {1: 0.1, 8: 0.6}}, {"snow": 0.9})
    guided = {1.0: Guided(1.0, 0.0), 2.0: Guided(1.25, 0.031)}
    return Evaluation(
        samples=dict.fromkeys(names, samples),
        autoencoder=35.0,
        colour_left=4.0,
        unchanged=0.8,
        seconds=0.3,
        megabytes=20.0,
        untrained=0.0,
        by_steps={1: 29.0, 8: 28.8},
        scatter=drawn,
        text_guidance=guided,
        image_guidance=guided,
    )


def test_the_report_says_what_passed_and_what_went_wrong(tmp_path):
    write_report(tmp_path, evaluation())
    text = (tmp_path / "EVALUATION.md").read_text(encoding="utf-8")
    assert "| night | 1 of 2 | 1 of 2 | 1 of 2 | 25.0 |" in text
    assert "- frames: “at night” (night): day" in text
    assert "| snow | 0.10 | 0.60 | 90% |" in text
    assert "| text 2 | 1.25 | 3.1% |" in text


def test_zones_of_steps_follow_the_curve():
    rising = {"snow": {1: 0.0, 2: 0.3, 4: 0.5, 8: 0.6}, "rain": {1: 0.1, 2: 0.3, 4: 0.5, 8: 0.5}}
    assert step_zones(rising) == [(1, "quick draft"), (4, "balanced"), (8, "most detail")]
    assert step_zones({"snow": {1: 0.5, 8: 0.5}}) == [(1, "most detail")]


def test_the_sliders_end_where_edits_stop_to_grow_or_begin_to_clip():
    growing = {1.0: Guided(1, 0), 1.5: Guided(1.2, 0.02), 2.0: Guided(1.4, 0.06), 3.0: Guided(1.5, 0.01)}
    assert sane_text_limit(growing) == 1.5
    assert sane_text_limit({1.0: Guided(1, 0), 1.5: Guided(1.2, 0), 2.0: Guided(1.1, 0)}) == 1.5
    assert sane_text_limit({1.0: Guided(1, 0), 1.5: Guided(1.2, 0.9)}) == 1
    assert sane_image_limit({1.0: Guided(1, 0), 1.5: Guided(0.8, 0), 2.0: Guided(0.7, 0)}) == 2
    assert sane_image_limit(growing) == 1


def streaked(slant: bool) -> torch.Tensor:
    noise = torch.randn(1, 1, 128, 128, generator=torch.Generator().manual_seed(0))
    rain = apply("rain", torch.full((1, 3, 128, 128), 0.5), noise)
    return rain if slant else rain.flip(3)


def test_amounts_are_nothing_without_noise_and_streaks_slant_one_way():
    grey = torch.full((1, 3, 128, 128), 0.5)
    noise = torch.randn(1, 1, 128, 128, generator=torch.Generator().manual_seed(0))
    for name, amount in AMOUNTS.items():
        still = apply(name, grey, 0 * noise)
        assert amount(still, still) == pytest.approx(0, abs=1e-6)
        assert amount(apply(name, grey, noise), still) > 1e-4
    still = apply("rain", grey, 0 * noise)
    assert streaks(streaked(slant=False), still) < 0 < streaks(streaked(slant=True), still)


def test_the_sheet_shows_outcomes_beside_their_targets(tmp_path):
    write_contact_sheet(tmp_path, evaluation())
    with Image.open(tmp_path / "contact-sheet.jpg") as sheet:
        dark = sum(sheet.convert("L").histogram()[:20])
    assert dark == pytest.approx(2 * 7 * 128**2, rel=0.02)  # two black outcomes of seven kinds
