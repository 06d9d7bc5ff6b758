import math
from fractions import Fraction

import numpy as np
import pytest

from pix2pix import EditError, EditRequest, InvalidRequest
from pix2pix.request import Defaults


@pytest.mark.parametrize(
    "wrong",
    [
        {"instruction": ""},
        {"instruction": " \n\t "},
        {"instruction": "\u200b\u200d"},
        {"instruction": "x" * 1001},
        {"instruction": None},
        {"instruction": 7},
        {"instruction": "make it \ud800"},
        {"num_inference_steps": 0},
        {"num_inference_steps": 151},
        {"num_inference_steps": 7.7},
        {"num_inference_steps": "20"},
        {"num_inference_steps": True},
        {"num_inference_steps": math.nan},
        {"guidance_scale": 0.99},
        {"guidance_scale": 30.1},
        {"guidance_scale": math.nan},
        {"guidance_scale": math.inf},
        {"guidance_scale": "7.5"},
        {"guidance_scale": 10**400},
        {"image_guidance_scale": 0.5},
        {"image_guidance_scale": 5.1},
        {"image_guidance_scale": -math.inf},
        {"image_guidance_scale": [1.5]},
        {"seed": -1},
        {"seed": 2**32},
        {"seed": 1.5},
        {"seed": "1"},
        {"resolution": 31},
        {"resolution": 1025},
        {"resolution": 256.5},
        {"detail": "on"},
        {"detail": 1},
        {"detail": None},
    ],
)
def test_wrong_values_are_refused_in_one_sentence(wrong):
    with pytest.raises(InvalidRequest) as caught:
        EditRequest(**{"instruction": "make it night", **wrong})
    assert isinstance(caught.value, EditError)
    assert str(caught.value).endswith((".", "”."))
    assert "\n" not in str(caught.value)


def test_the_ends_of_all_ranges_are_allowed():
    for steps, text, image, seed in ((1, 1, 1, 0), (150, 30, 5, 2**32 - 1)):
        request = EditRequest("x", steps, text, image, seed)
        assert (request.num_inference_steps, request.guidance_scale) == (steps, text)
    assert EditRequest("x" * 1000).instruction == "x" * 1000


def test_numbers_of_other_libraries_become_plain_ones():
    request = EditRequest("x", np.int64(20), np.float32(7.5), Fraction(3, 2), np.uint32(7))
    assert request == EditRequest("x", 20, 7.5, 1.5, 7)
    assert type(request.seed) is int
    assert type(request.image_guidance_scale) is float


def test_outer_blanks_do_not_count():
    assert EditRequest("  make it night\n").instruction == "make it night"
    assert EditRequest("🌧️ 雨にして").instruction == "🌧️ 雨にして"


def test_resolved_fills_what_is_open_and_nothing_else():
    defaults = Defaults(num_inference_steps=9, guidance_scale=2.0, image_guidance_scale=1.0, resolution=256)
    assert EditRequest("x", seed=3).resolved(defaults) == EditRequest("x", 9, 2.0, 1.0, 3, 256)
    assert EditRequest("x", detail=False).resolved(defaults).detail is False
    assert EditRequest("x", 5, 3.0, 1.5, 0, 128).resolved(defaults) == EditRequest("x", 5, 3.0, 1.5, 0, 128)
    seeds = {EditRequest("x").resolved(defaults).seed for _ in range(20)}
    assert len(seeds) > 1
    assert all(0 <= seed <= 100_000 for seed in seeds)


def test_requests_cannot_be_changed():
    with pytest.raises(AttributeError):
        EditRequest("x").seed = 5
