import numpy as np
import torch
from PIL import Image

from pix2pix import EditRequest, Step
from pix2pix.diffusion.conditioning import encode_photo
from pix2pix.diffusion.pictures import fit_preview, redraw
from pix2pix.photo import open_photo, to_canvas


def test_preview_looks_like_the_photo_it_stands_for(pocket, photos):
    """Against the photo itself, made as small: the oracle is Pillow's box filter."""
    preview = fit_preview(pocket.pipeline)
    for path in photos:
        canvas = to_canvas(open_photo(path), 256, pocket.grid).image
        latents = encode_photo(pocket.pipeline, canvas)[0] * pocket.pipeline.vae.config.scaling_factor
        small = preview.to_rgb(latents)
        expected = canvas.resize(small.size, Image.Resampling.BOX)
        a, b = np.asarray(small, float), np.asarray(expected, float)
        assert 10 * np.log10(255**2 / ((a - b) ** 2).mean()) > 20
        assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.95


def test_preview_of_every_step_without_the_margin(tiny_editor, scene):
    photo = scene.resize((70, 31))
    *steps, _ = tiny_editor.stream(photo, EditRequest("x", 3, seed=1))
    previews = [step.preview for step in steps if isinstance(step, Step)]
    assert len(previews) == 3
    assert len({preview.tobytes() for preview in previews}) == 3
    for preview in previews:
        assert preview.mode == "RGB"
        assert abs(preview.width / preview.height - 70 / 31) < 0.2


def test_an_early_preview_looked_at_late_is_still_the_early_one(tiny_editor, scene):
    *late, _ = tiny_editor.stream(scene, EditRequest("x", 3, seed=1))
    early = [
        event.preview for event in tiny_editor.stream(scene, EditRequest("x", 3, seed=1)) if isinstance(event, Step)
    ]
    assert [step.preview.tobytes() for step in late] == [preview.tobytes() for preview in early]


def test_preview_of_broken_latents_is_a_picture(tiny_pipeline):
    preview = fit_preview(tiny_pipeline)
    assert preview.to_rgb(torch.full((4, 8, 8), torch.nan)).size == (8, 8)
    assert preview.to_rgb(torch.full((4, 8, 8), torch.inf, dtype=torch.float16)).size == (8, 8)


def test_a_copy_is_decoded_from_what_was_encoded_whatever_the_scale(tiny_pipeline, pocket, scene):
    """AutoencoderKL and AutoencoderTiny: scaled latents are for the UNet only."""
    for pipeline in (tiny_pipeline, pocket.pipeline):
        latents = torch.cat([encode_photo(pipeline, photo) for photo in (scene, scene.rotate(180))])
        with torch.inference_mode():
            pixels = pipeline.vae.decode(latents).sample
        expected = ((pixels / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()
        copies = redraw(pipeline, latents)
        assert [(copy.mode, copy.size) for copy in copies] == [("RGB", scene.size)] * 2
        assert np.array_equal(np.stack(copies), expected)


def test_the_copy_of_a_photo_is_the_photo_nearly(pocket, photos):
    canvas = to_canvas(open_photo(photos[0]), 256, pocket.grid).image
    (copy,) = redraw(pocket.pipeline, encode_photo(pocket.pipeline, canvas))
    assert 10 * np.log10(255**2 / ((np.asarray(copy, float) - np.asarray(canvas, float)) ** 2).mean()) > 30
