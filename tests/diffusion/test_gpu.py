"""What only a CUDA GPU can show: ``make gpu`` runs it, and the benchmarks after it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.architecture import random_pipeline
from pix2pix import Editor, EditRequest, PhotoStep
from pix2pix.detail.upsampling import transfer
from pix2pix.diffusion import loading
from pix2pix.diffusion.checkpoints import INSTRUCT_PIX2PIX
from pix2pix.photo import open_photo, to_canvas

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine"),
]


def difference(first, second) -> float:
    return float(np.abs(np.asarray(first, float) - np.asarray(second, float)).mean())


@pytest.mark.parametrize("guidance", [(7.5, 1.5), (7.5, 1.0), (2.0, 2.0)])
def test_the_real_architecture_in_fp16_equals_diffusers(scene, guidance):
    pipeline = random_pipeline(torch.device("cuda"), torch.float16)
    editor = Editor(pipeline, replace(INSTRUCT_PIX2PIX, source="random/weights"))
    result = editor.edit(scene, EditRequest("make it snowy", 5, *guidance, seed=1))
    expected = pipeline(
        "make it snowy",
        image=to_canvas(open_photo(scene), 512, 64).image,
        num_inference_steps=5,
        guidance_scale=guidance[0],
        image_guidance_scale=guidance[1],
        generator=torch.Generator().manual_seed(1),
    ).images[0]
    assert difference(result.canvas_image, expected) < 2


@pytest.mark.parametrize("speed", ["exact", "fast"])
def test_recorded_steps_draw_the_same_to_the_bit(photos, speed):
    recorded, plain = (Editor.load("pocket", device="cuda") for _ in range(2))
    vars(plain._batches)["_graphs"] = None  # which would be made at the first edit
    for instruction in ("make it night", "make it snowy", "sepia"):  # the second is recorded, the third replayed
        request = EditRequest(instruction, seed=1, speed=speed)
        one, other = (editor.edit(photos[0], request).canvas_image for editor in (recorded, plain))
        assert one.tobytes() == other.tobytes()
    assert any(recorded._batches._graphs._recordings.values())


def test_recordings_outlive_what_others_compile(photos):
    editor, request = Editor.load("pocket", device="cuda"), EditRequest("make it night", seed=1)
    first, *_ = (editor.edit(photos[0], request).canvas_image for _ in range(3))
    product = torch.compile(lambda one: one @ one, mode="reduce-overhead")  # takes cuBLAS' workspaces away
    for _ in range(4):
        product(torch.ones(256, 256, device="cuda", dtype=torch.float16))
    torch.cuda.empty_cache()
    assert editor.edit(photos[0], request).canvas_image.tobytes() == first.tobytes()


def test_the_photos_detail_is_the_same_on_a_gpu(photos):
    with Image.open(photos[0]) as photo:
        before = photo.convert("RGB").resize((256, 192))
        after = Image.eval(before, lambda value: value // 2 + 20)
        after.paste((250, 250, 250), (90, 30, 140, 80))
        here, there = (transfer(photo.convert("RGB"), before, after, torch.device(name)) for name in ("cpu", "cuda"))
    assert difference(here, there) < 0.01


def test_pocket_in_fp16_draws_what_it_draws_on_the_cpu(pocket, photos):
    on_gpu = Editor.load("pocket", device="cuda")
    assert on_gpu.pipeline.unet.dtype == torch.float16
    request = EditRequest("make it night", seed=1)
    assert difference(on_gpu.edit(photos[0], request).image, pocket.edit(photos[0], request).image) < 2


def test_offloaded_models_draw_the_same(photos, monkeypatch):
    request = EditRequest("make it night", seed=1)
    expected = Editor.load("pocket", device="cuda").edit(photos[0], request).image
    monkeypatch.setattr(loading, "OFFLOAD_BELOW_BYTES", 10**15)
    offloaded = Editor.load("pocket", device="cuda")
    for _ in range(2):
        assert difference(offloaded.edit(photos[0], request).image, expected) < 1
    assert offloaded.pipeline.unet.device.type == "cpu"


def test_a_gallery_in_fp16_draws_what_single_edits_draw(photos):
    editor = Editor.load("pocket", device="cuda")
    request = EditRequest("make it night", seed=1)
    many = [photos[k % len(photos)] for k in range(10)]
    events = list(editor.stream_gallery(many, request))
    outcomes = [event for event in events if not isinstance(event, PhotoStep)]
    assert len(events) > len(outcomes)
    assert [outcome.index for outcome in outcomes] == list(range(10))
    assert max(editor.micro_batches.values()) >= 4
    for outcome in outcomes:
        assert difference(outcome.result.image, editor.edit(outcome.source, request).image) < 2
