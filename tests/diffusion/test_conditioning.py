"""The two conditions equal what diffusers' pipeline makes of the same text and picture."""

import logging

import pytest
import torch

from pix2pix.diffusion.conditioning import encode_instruction, encode_photo

LONG = "make it snowy " * 20 + "and add a dog"


@pytest.mark.parametrize("text", ["make it night", "Zebra ünïcödé 漢字 🙂 qwxz!!", LONG])
def test_embeddings_equal_those_of_diffusers(tiny_pipeline, text):
    conditioning = encode_instruction(tiny_pipeline, text)
    expected = tiny_pipeline._encode_prompt(text, "cpu", 1, True)  # text, empty, empty
    assert torch.allclose(conditioning.prompt_embeds, expected[:1], atol=1e-5)
    assert torch.allclose(conditioning.negative_prompt_embeds, expected[1:2], atol=1e-5)
    assert conditioning.prompt_embeds.shape == conditioning.negative_prompt_embeds.shape == (1, 32, 16)


def test_the_text_encoder_is_called_once(tiny_pipeline):
    calls = []
    tiny_pipeline.text_encoder.register_forward_pre_hook(lambda *_: calls.append(1))
    encode_instruction(tiny_pipeline, "make it night")
    assert calls == [1]


def test_what_was_not_read_is_told_in_the_persons_own_words_and_never_logged(tiny_pipeline, caplog, capfd):
    text = "Make it SNOWY, please! " * 20 + "And add a Dog 🐕"
    with caplog.at_level(logging.DEBUG):
        conditioning = encode_instruction(tiny_pipeline, text)
    assert text.endswith(conditioning.truncated)
    assert conditioning.truncated.endswith("And add a Dog 🐕")
    read = text.removesuffix(conditioning.truncated)
    tokens = tiny_pipeline.tokenizer(read).input_ids
    assert len(tokens) == 32  # what was read fills the encoder, start and end marks included
    assert conditioning.num_tokens == len(tiny_pipeline.tokenizer(text).input_ids) - 2
    assert "SNOWY" not in caplog.text + "".join(capfd.readouterr())


def test_a_text_that_just_fits_is_not_truncated(tiny_pipeline):
    text = "z" + " z" * 29
    assert encode_instruction(tiny_pipeline, text).num_tokens == 30
    assert encode_instruction(tiny_pipeline, text).truncated is None
    assert encode_instruction(tiny_pipeline, text + " z z").truncated == "z z"


def test_image_latents_are_the_unscaled_mode(tiny_pipeline, scene):
    latents = encode_photo(tiny_pipeline, scene)
    pixels = tiny_pipeline.image_processor.preprocess(scene)
    with torch.no_grad():
        assert torch.equal(latents, tiny_pipeline.vae.encode(pixels).latent_dist.mode())
    assert latents.shape == (1, 4, 32, 48)
