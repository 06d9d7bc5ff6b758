"""What the tests of editing share: calls of the model, counted, and photos of two shapes."""

import pytest
from PIL import Image


@pytest.fixture
def unet_calls(tiny_editor):
    calls = []
    tiny_editor.pipeline.unet.register_forward_pre_hook(lambda *_: calls.append(1))
    return calls


@pytest.fixture
def encoder_calls(tiny_editor, monkeypatch):
    """How often the text encoder and the VAE's encoder are called."""
    calls = {"text": 0, "vae": 0}
    tiny_editor.pipeline.text_encoder.register_forward_pre_hook(lambda *_: calls.update(text=calls["text"] + 1))
    tiny_editor.pipeline.vae.encoder.register_forward_pre_hook(lambda *_: calls.update(vae=calls["vae"] + 1))
    return calls


@pytest.fixture
def micro_batch(monkeypatch, pocket):
    """``micro_batch(n)`` lets n photos go through the model together."""

    def choose(number):
        monkeypatch.setattr("pix2pix.editing.together.micro_batch", lambda pipeline: number)

    choose(3)
    yield choose
    pocket.micro_batches.clear()  # later tests, in which it edits one photo at a time, must not meet it


@pytest.fixture
def batches(tiny_editor):
    """The number of photos in each call of the UNet; guidance makes three rows of one photo."""
    sizes = []
    tiny_editor.pipeline.unet.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0]) // 3))
    return sizes


@pytest.fixture
def many(scene):
    """Eight different photos of two canvas sizes, one after the other in no order."""
    tall = scene.rotate(90, expand=True)
    turned = [Image.eval(image, lambda value, k=k: value ^ k) for k in range(1, 5) for image in (scene, tall)]
    return [turned[k] for k in (0, 1, 3, 2, 4, 6, 5, 7)]
