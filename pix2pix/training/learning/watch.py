"""Contact sheets of the training: what the averaged weights draw of scenes that are not trained on."""

import copy
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from transformers import CLIPTokenizer

from pix2pix.files.contact_sheet import Pair, contact_sheet
from pix2pix.training.learning.export import make_pipeline
from pix2pix.training.learning.learner import Learner
from pix2pix.training.pictures import to_image
from pix2pix.training.state import numpy_generator
from pix2pix.training.targets.scenes import BANK, draw_scene, draw_texture

SENTENCES = (
    "make it black and white",
    "make it night",
    "blur it",
    "turn it into a cartoon",
    "posterize it",
    "make it an oil painting",
    "make it snowy",
    "tint it red",
    "add a dog",
    "make the top half darker",
    "add a white frame",
    "draw a large red circle in the upper left",
    "add a blue star on the right",
)
SCENES = 3
SIDE = 128  # of a picture on the sheet, in pixels


class Watcher:
    """Draws a sheet into ``run`` whenever it is called, and changes nothing in the training."""

    def __init__(self, vae: AutoencoderTiny, tokenizer: CLIPTokenizer, run: Path, seed: int) -> None:
        self._vae, self._tokenizer, self._run = vae, tokenizer, run
        rng = numpy_generator(seed, "watched scenes", 0)
        bank = np.stack([draw_texture(rng) for _ in range(BANK // 10)])
        self._scenes = torch.from_numpy(np.stack([draw_scene(rng, bank) for _ in range(SCENES)]))
        self._scenes = self._scenes.permute(0, 3, 1, 2).float() / 255

    def __call__(self, learner: Learner) -> None:
        """Draw with a copy of ``learner`` that has its averages as weights, into a file named by the step."""
        shown = copy.deepcopy(learner)
        shown.take_averages()
        pipeline = make_pipeline(self._vae, shown.reader.encoder, self._tokenizer, shown.unet)
        pipeline.set_progress_bar_config(disable=True)
        scenes = [to_image(scene[None]) for scene in self._scenes]
        pairs = []
        for sentence in SENTENCES:
            drawn = pipeline(
                [sentence] * SCENES,
                image=self._scenes,
                num_inference_steps=4,
                guidance_scale=1.0,
                image_guidance_scale=1.0,
                generator=torch.Generator().manual_seed(0),
                output_type="pt",
            ).images
            outcomes = [to_image(picture[None].cpu().float()) for picture in drawn]
            pairs += [Pair(sentence, scene, outcome) for scene, outcome in zip(scenes, outcomes, strict=True)]
        sheet = contact_sheet(pairs, f"step {learner.step}", side=SIDE)
        sheet.save(self._run / f"sheet-{learner.step:06d}.png")
