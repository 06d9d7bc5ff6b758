"""The quick ways to convolve give what torch's convolution gives in double precision."""

import pytest
import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin, StableDiffusionInstructPix2PixPipeline
from torch import nn

from pix2pix.diffusion.checkpoints import POCKET
from pix2pix.diffusion.speed import doubling, windows, winograd
from pix2pix.diffusion.speed.convolutions import DoublingConv2d, QuickConv2d, QuickUpsample2D, quicken
from pix2pix.diffusion.speed.precision import in_dtype

SHAPES = [(1, 5, 7, 4, 4), (2, 3, 2, 9, 5), (3, 4, 6, 1, 1), (1, 8, 8, 30, 11), (2, 2, 3, 2, 13)]


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.inference_mode():
        yield


@pytest.fixture(params=[True, False], ids=["bias", "no bias"])
def with_bias(request):
    return request.param


def drawn(photos, channels, outputs, height, width, with_bias):
    """Pixels, weight and bias by chance, those of a laid out model."""
    generator = torch.Generator().manual_seed(height * width + channels)
    pixels = torch.randn(photos, channels, height, width, generator=generator)
    weight = torch.randn(outputs, channels, 3, 3, generator=generator).contiguous(memory_format=torch.channels_last)
    return pixels, weight, torch.randn(outputs, generator=generator) if with_bias else None


def expected(pixels, weight, bias):
    return F.conv2d(pixels.double(), weight.double(), None if bias is None else bias.double(), padding=1)


def doubled(pixels):
    return F.interpolate(pixels, scale_factor=2.0, mode="nearest")


def assert_near(given, exact):
    assert given.shape == exact.shape
    assert all(photo.permute(1, 2, 0).is_contiguous() for photo in given), "in the order of channels_last"
    assert torch.allclose(given.double(), exact, rtol=0, atol=3e-5 * max(1.0, float(exact.abs().amax())))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("band", [1, 10**9])
def test_winograd(shape, with_bias, band, monkeypatch):
    monkeypatch.setattr(winograd, "BAND", band)
    monkeypatch.setattr(winograd, "LEAST_BAND", 1)
    pixels, weight, bias = drawn(*shape, with_bias)
    assert_near(winograd.convolve(pixels, winograd.transformed(weight), bias), expected(pixels, weight, bias))


@pytest.mark.parametrize("shape", SHAPES)
def test_windows(shape, with_bias):
    pixels, weight, bias = drawn(*shape, with_bias)
    assert_near(windows.convolve(pixels, weight, bias), expected(pixels, weight, bias))


@pytest.mark.parametrize("shape", SHAPES)
def test_doubling(shape, with_bias):
    pixels, weight, bias = drawn(*shape, with_bias)
    given = doubling.double_and_convolve(pixels, doubling.halved(weight), bias)
    assert_near(given, expected(doubled(pixels), weight, bias))


def test_winograd_reads_each_row_of_its_band_only(monkeypatch):
    """What is beside a band, and is not a number, stays out of the others."""
    monkeypatch.setattr(winograd, "BAND", 1)
    pixels, weight, bias = drawn(1, 4, 4, 48, 6, with_bias=True)
    pixels[:, :, 40] = torch.nan
    given = winograd.convolve(pixels, winograd.transformed(weight), bias)
    assert given[:, :, :32].isfinite().all()
    assert torch.equal(
        given[:, :, :32], winograd.convolve(pixels[:, :, :36], winograd.transformed(weight), bias)[:, :, :32]
    )


# what the numbers of each way are reached with: (photos, channels, outputs, height, width)
BY_WINOGRAD, BY_WINDOWS, BY_TORCH = (2, 128, 130, 33, 40), (3, 1000, 900, 4, 4), (1, 64, 48, 20, 20)
TOO_HEAVY = 1, 1000, 900, 16, 17


@pytest.mark.parametrize(
    ("shape", "way"),
    [(BY_WINOGRAD, "winograd"), (BY_WINDOWS, "windows"), (BY_TORCH, None), (TOO_HEAVY, None)],
    ids=str,
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_each_shape_is_convolved_in_its_way(shape, way, dtype, with_bias, monkeypatch):
    pixels, weight, bias = drawn(*shape, with_bias)
    conv = convolution(weight, bias).to(dtype)
    taken = [noted(module, monkeypatch) for module in (winograd, windows)]
    given = quick(conv)(pixels.to(dtype))
    names = [name for calls in taken for name in calls]
    assert names == ([way] if way and dtype == torch.float32 else [])
    if dtype == torch.float32:
        assert_near(given, expected(pixels, weight, bias))
    else:
        assert torch.equal(given, F.conv2d(pixels.to(dtype), conv.weight, conv.bias, padding=1))


def convolution(weight, bias):
    conv = nn.Conv2d(weight.shape[1], len(weight), 3, padding=1, bias=bias is not None)
    conv.load_state_dict({"weight": weight} | ({} if bias is None else {"bias": bias}))
    return conv.to(memory_format=torch.channels_last)


class AModel(ModelMixin, ConfigMixin):
    """One of ``layers``."""

    config_name = "config.json"

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)


def quick(*layers):
    """The first of ``layers``, quickened."""
    model = AModel(*layers)
    quicken(model)
    return model.layers[0]


def noted(module, monkeypatch):
    """The names of the ways that were gone, filled as they are."""
    calls, own = [], module.convolve

    def convolve(*arguments):
        calls.append(module.__name__.rpartition(".")[2])
        return own(*arguments)

    monkeypatch.setattr(module, "convolve", convolve)
    return calls


@pytest.mark.parametrize("side", [4, 16, 40])
def test_doubled_pixels_are_convolved(side, with_bias):
    pixels, weight, bias = drawn(1, 48, 48, side, side, with_bias)
    layers = quick(nn.Sequential(nn.Upsample(scale_factor=2), convolution(weight, bias)))
    assert [type(layer) for layer in layers] == [nn.Identity, DoublingConv2d]
    assert_near(layers(pixels), expected(doubled(pixels), weight, bias))


def test_half_precision_is_doubled_as_well():
    pixels, weight, bias = (given.bfloat16() for given in drawn(1, 48, 48, 40, 40, with_bias=True))
    layers = quick(nn.Sequential(nn.Upsample(scale_factor=2), convolution(weight, bias).bfloat16()))
    given, exact = layers(pixels), expected(doubled(pixels), weight, bias)
    assert given.dtype == torch.bfloat16
    assert torch.allclose(given.double(), exact, rtol=0, atol=float(exact.abs().amax()) / 50)


def test_smoothly_doubled_pixels_are_convolved_as_they_are():
    layers = nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(48, 48, 3, padding=1))
    pixels = torch.randn(1, 48, 40, 40)
    exact = layers(pixels)
    assert [type(layer) for layer in quick(layers)] == [nn.Upsample, QuickConv2d]
    assert torch.allclose(layers(pixels), exact, atol=1e-5)


@pytest.mark.parametrize(
    "other",
    [
        nn.Conv2d(48, 48, 1),
        nn.Conv2d(48, 48, 3, padding=1, stride=2),
        nn.Conv2d(48, 48, 3),
        nn.Conv2d(48, 48, 3, padding=1, groups=2),
        nn.Conv2d(48, 48, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(48, 48, 3, padding=2, dilation=2),
        nn.Conv2d(3, 48, 3, padding=1),
    ],
    ids=str,
)
def test_other_convolutions_stay_as_they_are(other):
    assert type(quick(other)) is nn.Conv2d


@pytest.fixture(scope="module")
def stock():
    """Pocket as diffusers loads it."""
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(POCKET.source, dtype=torch.float32)
    assert not any(isinstance(module, QuickConv2d) for module in pipeline.unet.modules())
    return pipeline


@pytest.mark.parametrize("size", [(64, 64), (36, 52)], ids=["as canvases are", "which upsampling must be told"])
def test_a_quick_unet_predicts_the_same(stock, pocket, size):
    generator = torch.Generator().manual_seed(0)
    inputs = {
        "sample": torch.randn(2, 32, *size, generator=generator),
        "timestep": torch.tensor(500),
        "encoder_hidden_states": torch.randn(2, 32, 128, generator=generator),
    }
    assert any(isinstance(module, QuickUpsample2D) for module in pocket.pipeline.unet.modules())
    given, exact = pocket.pipeline.unet(**inputs).sample, stock.unet(**inputs).sample
    assert (given - exact).abs().amax() < 1e-4 * exact.abs().amax()


def test_a_quick_autoencoder_draws_the_same(stock, pocket):
    generator = torch.Generator().manual_seed(0)
    latents, pixels = (torch.randn(1, *shape, generator=generator) for shape in ((16, 24, 40), (3, 64, 96)))
    ours, theirs = pocket.pipeline.vae, stock.vae
    assert sum(isinstance(module, DoublingConv2d) for module in ours.modules()) == 2
    assert torch.allclose(ours.decode(latents).sample, theirs.decode(latents).sample, rtol=0, atol=1e-4)
    assert torch.allclose(ours.encode(pixels).latents, theirs.encode(pixels).latents, rtol=0, atol=1e-4)


def test_weights_and_names_stay_as_they_are(stock, pocket):
    ours, theirs = pocket.pipeline.unet.state_dict(), stock.unet.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_copy_in_half_precision_has_filters_of_its_own(pocket):
    pixels, weight, bias = drawn(1, 48, 48, 40, 40, with_bias=True)
    layers = AModel(nn.Sequential(nn.Upsample(scale_factor=2), convolution(weight, bias)))
    quicken(layers)
    layers.layers[0](pixels)
    half = in_dtype(layers, torch.bfloat16).layers[0]
    assert half(pixels.bfloat16()).dtype == torch.bfloat16
    assert layers.layers[0](pixels).dtype == torch.float32
