"""What words look at: heard without changing what the UNet predicts, and maps with a closed form."""

import math

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention import AttentionMixin
from diffusers.models.attention_processor import Attention as Layer
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0, SlicedAttnProcessor
from transformers import CLIPTokenizer

from benchmarks.architecture import UNET
from pix2pix.diffusion.attention import Attention, listening, word_maps
from pix2pix.errors import EditFailed
from tests.diffusion.test_relevance import asked
from tests.tiny import POCKET

TOKENS = 32
PREPARATIONS = {
    "explicit": lambda unet: unet.set_attn_processor(AttnProcessor()),
    "torch's own": lambda unet: unet.set_attn_processor(AttnProcessor2_0()),
    "fused": lambda unet: unet.fuse_qkv_projections(),
    "sliced": lambda unet: unet.set_attn_processor(SlicedAttnProcessor(1)),
}


class OneLayer(AttentionMixin, torch.nn.Module):
    """One cross-attention layer of two heads, whose queries are the picture and whose keys are the text."""

    def __init__(self, width, dtype=torch.float32) -> None:
        super().__init__()
        self.layer = Layer(width, cross_attention_dim=width, heads=2, dim_head=width // 2)
        for part in (self.layer.to_q, self.layer.to_k):
            torch.nn.init.eye_(part.weight)
        self.to(dtype)

    def forward(self, seen, text, mask=None):
        return self.layer(seen, text, attention_mask=mask)


class Deaf(OneLayer):
    """Keeps its processors."""

    def set_attn_processor(self, processor):
        pass


class Foreign(AttnProcessor2_0):
    """Who knows what it does."""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # all is so small that threads only wait for each other
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def tokenizer():
    return CLIPTokenizer.from_pretrained(POCKET / "tokenizer")


@pytest.fixture(scope="module")
def real_layout():
    """The real checkpoint's UNet with few channels: it attends to text on all of its four levels."""
    torch.manual_seed(0)
    few = {"block_out_channels": [32, 32, 64, 64], "layers_per_block": 1, "cross_attention_dim": 32}
    return UNet2DConditionModel(**{**UNET, **few})


@torch.inference_mode()
def predicted(unet, size, rows=2):
    generator = torch.Generator().manual_seed(0)
    seen = torch.randn(rows, unet.config.in_channels, *size, generator=generator)
    text = torch.randn(rows, TOKENS, unet.config.cross_attention_dim, generator=generator)
    return unet(seen, 500, encoder_hidden_states=text, return_dict=False)[0]


def heard(unet, size):
    with listening(unet) as attention:
        predicted(unet, size)
    return attention


def assert_listening_changes_nothing(unet, size):
    expected = predicted(unet, size)
    with listening(unet) as attention:
        assert (predicted(unet, size) - expected).abs().max() < 1e-5
    assert attention.heard


def scaled(maps):
    return (maps - maps.min()) / (maps.max() - maps.min())


def probabilities(cells, tokens=TOKENS):
    return torch.rand(cells, tokens, generator=torch.Generator().manual_seed(cells)).softmax(-1)


@pytest.mark.parametrize("prepare", PREPARATIONS.values(), ids=PREPARATIONS)
def test_predictions_stay_the_same(tiny_pipeline, prepare):
    prepare(tiny_pipeline.unet)
    assert_listening_changes_nothing(tiny_pipeline.unet, (8, 12))


def test_predictions_of_pocket_stay_the_same(pocket):
    assert_listening_changes_nothing(pocket.pipeline.unet, (8, 8))


def test_relevance_is_the_same_and_the_unet_is_called_once(tiny_pipeline, scene):
    small = scene.resize((48, 32))
    expected = asked(tiny_pipeline, small, tiny_pipeline.unet)
    calls = []
    tiny_pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    with listening(tiny_pipeline.unet) as attention:
        found = asked(tiny_pipeline, small, tiny_pipeline.unet)
    maps = word_maps(attention, tiny_pipeline.tokenizer, "make it snowy", found.map.shape)
    assert calls == [1]
    assert np.array_equal(found.map, expected.map)
    assert [one.map.shape for one in maps] == [found.map.shape] * 3


def test_each_place_shares_out_its_attention(real_layout):
    for layer in heard(real_layout, (8, 16)).heard:
        assert layer.dtype == torch.float32
        assert layer.min() >= 0
        assert torch.allclose(layer.sum(1), torch.ones(len(layer)))


def test_processors_are_back_afterwards(tiny_pipeline):
    before = tiny_pipeline.unet.attn_processors
    with listening(tiny_pipeline.unet):
        assert tiny_pipeline.unet.attn_processors != before
    assert tiny_pipeline.unet.attn_processors == before


def test_processors_are_back_after_an_error(tiny_pipeline):
    before = tiny_pipeline.unet.attn_processors
    with pytest.raises(RuntimeError), listening(tiny_pipeline.unet):
        tiny_pipeline.unet(torch.zeros(2, 8, 8, 12), 500, torch.zeros(2, TOKENS, 3))  # too narrow for its keys
    assert tiny_pipeline.unet.attn_processors == before


def test_what_cannot_be_heard_is_an_error(tiny_pipeline):
    unet = tiny_pipeline.unet
    before = unet.attn_processors
    foreign = {name: Foreign() if "attn2" in name else processor for name, processor in before.items()}
    unet.set_attn_processor(dict(foreign))
    for model in (unet, Deaf(4), torch.nn.Identity()):
        with pytest.raises(EditFailed), listening(model):
            pass
    assert unet.attn_processors == foreign


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_layer_of_known_weights(tokenizer, dtype):
    """In one head each cell looks three times as much at one token, in the other at all alike."""
    tokens, looks_at = 6, [1, 1, 2, 2, 4, 5]  # which are: start mark, red, sky, end mark, padding, padding
    model = OneLayer(2 * tokens, dtype)
    text = torch.eye(tokens, 2 * tokens, dtype=dtype)
    seen = text[looks_at] * math.log(3) * math.sqrt(tokens)
    with listening(model) as attention:
        model(torch.stack([seen, seen.flip(0)]), torch.stack([text, text.flip(0)]))
    (layer,) = attention.heard
    expected = torch.full((6, tokens), (1 / 8 + 1 / 6) / 2)
    expected[range(6), looks_at] = (3 / 8 + 1 / 6) / 2
    assert torch.allclose(layer, expected, atol=1e-6 if dtype == torch.float32 else 3e-3)
    red, sky = word_maps(attention, tokenizer, "red sky", (2, 3))
    assert (red.word, sky.word) == ("red", "sky")
    assert np.allclose(red.map, [[1, 1, 0], [0, 0, 0]], atol=0.02)
    assert np.allclose(sky.map, [[0, 0, 1], [1, 0, 0]], atol=0.02)


def test_masked_tokens_are_not_looked_at():
    generator = torch.Generator().manual_seed(0)
    seen, text = torch.randn(2, 12, 8, generator=generator), torch.randn(2, 5, 8, generator=generator)
    mask = torch.tensor([[[0, 0, -10000, 0, -10000]], [[0, -10000, 0, 0, 0]]], dtype=torch.float32)
    model = OneLayer(8)
    expected = model(seen, text, mask)
    with listening(model) as attention:
        assert (model(seen, text, mask) - expected).abs().max() < 1e-5
    (layer,) = attention.heard
    query, key = seen[0].unflatten(1, (2, 4)), text[0].unflatten(1, (2, 4))
    by_hand = (torch.einsum("qhc,khc->hqk", query, key) / 2 + mask[0]).softmax(-1).mean(0)
    assert torch.allclose(layer, by_hand, atol=1e-6)
    assert layer[:, [2, 4]].max() == 0


def test_a_place_alone_tells_little(tiny_pipeline, pocket, real_layout):
    attentions = [heard(unet, (8, 16)) for unet in (tiny_pipeline.unet, pocket.pipeline.unet, real_layout)]
    assert [attention.levels for attention in attentions] == [1, 2, 4]
    assert [attention.is_telling for attention in attentions] == [False, True, True]


def test_odd_sides(real_layout, tokenizer):
    attention = heard(real_layout, (9, 13))
    assert {len(layer) for layer in attention.heard} == {9 * 13, 5 * 7, 3 * 4, 2 * 2}
    maps = np.stack([one.map for one in word_maps(attention, tokenizer, "make it snowy", (9, 13))])
    assert maps.shape == (3, 9, 13)
    assert maps.dtype == np.float32
    assert maps.min() == 0
    assert maps.max() == 1


def test_layers_are_averaged_at_the_size_of_the_latents(tokenizer):
    whole, quarter = probabilities(64), probabilities(1).repeat(4, 1)
    red, sky = word_maps(Attention([whole, quarter]), tokenizer, "red sky", (8, 8))
    expected = scaled((whole + quarter[0])[:, 1:3]).T.unflatten(1, (8, 8))
    assert np.allclose([red.map, sky.map], expected, atol=1e-4)


def test_coarse_layers_are_left_out(tokenizer):
    attentions = Attention([probabilities(64)]), Attention([probabilities(64), probabilities(1)])
    fine, with_coarse = (word_maps(attention, tokenizer, "red sky", (8, 8)) for attention in attentions)
    assert all(np.array_equal(one.map, other.map) for one, other in zip(fine, with_coarse, strict=True))


@pytest.mark.parametrize("layers", [[], [probabilities(1)], [probabilities(64), probabilities(17)]])
def test_nothing_to_draw_from_is_an_error(tokenizer, layers):
    with pytest.raises(EditFailed):
        word_maps(Attention(layers), tokenizer, "red sky", (8, 8))


def test_tokens_of_a_word_are_averaged(tokenizer):
    first, second = (len(tokenizer(word, add_special_tokens=False).input_ids) for word in ("qwxz", "don't"))
    assert min(first, second) > 1
    layer = probabilities(6)
    maps = word_maps(Attention([layer]), tokenizer, "qwxz, don't!", (2, 3))
    assert [one.word for one in maps] == ["qwxz", "don't"]
    start = 1 + first + 1  # after the start mark, the word and its comma
    expected = torch.stack([layer[:, 1 : 1 + first].mean(1), layer[:, start : start + second].mean(1)])
    assert np.allclose([one.map.ravel() for one in maps], scaled(expected), atol=1e-5)


def test_words_are_the_persons_own_and_punctuation_is_none(tokenizer):
    instruction = "Make it “SNOWY”, please – in  black-and-white & ünï !! 🥰"
    maps = word_maps(Attention([probabilities(6, 77)]), tokenizer, instruction, (2, 3))
    assert [one.word for one in maps] == ["Make", "it", "SNOWY", "please", "in", "black-and-white", "ünï", "🥰"]


@pytest.mark.parametrize("instruction", ["", " ", "?! ..."])
def test_without_words_there_are_no_maps(tokenizer, instruction):
    assert word_maps(Attention([probabilities(6)]), tokenizer, instruction, (2, 3)) == ()


def test_words_that_were_not_read_are_left_out(tokenizer):
    assert len(word_maps(Attention([probabilities(6)]), tokenizer, "z " * 40, (2, 3))) == TOKENS - 2


def test_a_word_that_looks_nowhere_stays_dark(tokenizer):
    layer = probabilities(6)
    layer[:, 2] = 0
    red, sky = word_maps(Attention([layer]), tokenizer, "red sky", (2, 3))
    assert red.map.max() == 1
    assert not sky.map.any()
