"""The text side: a tokenizer made from the grammar, and a text encoder that learns what wordings mean.

A sentence costs a thousandth of a picture to learn from. So the text encoder first learns from sentences alone to name
their meaning, and goes on learning it beside the denoiser.
"""

import json
import random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from pix2pix.training.recipe import LanguageRecipe
from pix2pix.training.state import half_precision, load_state, numpy_generator, save_state, seeded, steps_with_progress
from pix2pix.training.targets.edits import EDITS, SLIGHT, STRONG
from pix2pix.training.targets.places import PAINTS, POSITIONS, REGIONS, SHAPES, SIZES
from pix2pix.training.targets.recolour import THING_COLOURS
from pix2pix.training.words.meanings import Action, Change, Frame, Local, Meaning, Recolour, Shape
from pix2pix.training.words.mixture import sample_sentence

STAGE = "language"
CORPUS = 30_000  # sentences the tokenizer is made from
MARKS = ("<|startoftext|>", "<|endoftext|>")
Part = str | float | tuple[str, str]  # the name of an edit, a degree, or a kind and the name of one of it
NAMES: dict[str, Iterable[str]] = {
    "source": THING_COLOURS,
    "target": THING_COLOURS,
    "region": REGIONS,
    "frame": PAINTS,
    "shape": SHAPES,
    "paint": PAINTS,
    "size": SIZES,
    "position": POSITIONS,
}
ALL_PARTS: list[Part] = [*EDITS, SLIGHT, STRONG, *((kind, name) for kind, names in NAMES.items() for name in names)]
PARTS: dict[Part, int] = {part: index for index, part in enumerate(ALL_PARTS)}


class Reader(nn.Module):
    """The text encoder, and a linear layer that names the parts of a meaning; only the encoder is shipped."""

    def __init__(self, recipe: LanguageRecipe, tokenizer: CLIPTokenizer) -> None:
        super().__init__()
        config = CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=recipe.width,
            intermediate_size=4 * recipe.width,
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            max_position_embeddings=recipe.positions,
            projection_dim=recipe.width,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            attn_implementation="eager",  # the fused attention's backward pass is slow on a CPU
        )
        self.encoder = CLIPTextModel(config)
        self.naming = nn.Linear(recipe.width, len(PARTS))

    def loss(self, embeds: Tensor, meanings: list[Meaning]) -> Tensor:
        """The cross-entropy of the parts of ``meanings``, read from the mean of ``embeds`` (N, positions, width)."""
        wanted = torch.stack([parts_of(meaning) for meaning in meanings]).to(embeds.device)
        named = self.naming(embeds.float().mean(1))
        return F.binary_cross_entropy_with_logits(named, wanted, reduction="sum") / len(meanings)


def parts_of(meaning: Meaning) -> Tensor:
    """(len(PARTS),) of ones and zeros: the edits, degrees, colours and places that ``meaning`` consists of."""
    wanted = torch.zeros(len(PARTS))
    for action in meaning:
        wanted[[PARTS[part] for part in _parts_of_action(action)]] = 1
    return wanted


def _parts_of_action(action: Action) -> list[Part]:
    match action:
        case Change(name, strength):
            return [name, strength] if strength in PARTS else [name]
        case Recolour(source, target):
            return [("source", source), ("target", target)]
        case Local(name, region):
            return [name, ("region", region)]
        case Frame(colour):
            return [("frame", colour)]
        case Shape(shape, colour, size, position):
            return [("shape", shape), ("paint", colour), ("size", size), ("position", position)]


def make_tokenizer(recipe: LanguageRecipe, seed: int, folder: Path) -> CLIPTokenizer:
    """CLIP's byte-level pair encoding, with pairs of letters that our own sentences have; it can encode any text."""
    original = CLIPTokenizer()
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>", continuing_subword_prefix=""))
    trained.normalizer = original._tokenizer.normalizer
    trained.pre_tokenizer = original._tokenizer.pre_tokenizer
    rng, alphabet = random.Random(seed), sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=recipe.tokens, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False
    )
    trained.train_from_iterator((sample_sentence(rng)[0] for _ in range(CORPUS)), trainer)
    merges = [tuple(merge) for merge in json.loads(trained.to_str())["model"]["merges"]]
    words = [*alphabet, *(letter + "</w>" for letter in alphabet), *(a + b for a, b in merges), *MARKS]
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys(words))}
    CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=recipe.positions).save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder)


def load_or_make_tokenizer(recipe: LanguageRecipe, seed: int, folder: Path) -> CLIPTokenizer:
    """The tokenizer in ``folder``, made first where there is none."""
    return CLIPTokenizer.from_pretrained(folder) if folder.exists() else make_tokenizer(recipe, seed, folder)


def tokenize(tokenizer: CLIPTokenizer, sentences: list[str]) -> Tensor:
    """(N, positions) token ids, padded and cut as the pipeline does it."""
    ids: Tensor = tokenizer(
        sentences,
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    ).input_ids
    return ids


def train_language(
    tokenizer: CLIPTokenizer, recipe: LanguageRecipe, seed: int, run: Path, device: torch.device
) -> Reader:
    """Train a reader on sentences alone, or go on from the state in ``run``."""
    with seeded(seed):
        reader = Reader(recipe, tokenizer).to(device).train()
    optimizer = torch.optim.AdamW(reader.parameters(), recipe.learning_rate, betas=(0.9, 0.99), weight_decay=1e-2)
    path, start = run / "language.pt", 0
    if state := load_state(path):
        reader.load_state_dict(state["reader"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
    losses: list[float] = []

    def save(step: int) -> None:
        save_state(path, {"reader": reader.state_dict(), "optimizer": optimizer.state_dict(), "step": step})

    for step in steps_with_progress(STAGE, start, recipe.steps, save, lambda: f"loss {np.mean(losses[-100:]):.4f}"):
        rng = random.Random(int(numpy_generator(seed, STAGE, step).integers(2**63)))
        sentences, meanings = zip(*(sample_sentence(rng) for _ in range(recipe.batch)), strict=True)
        optimizer.param_groups[0]["lr"] = recipe.learning_rate * min(1, (step + 1) / 100)
        with half_precision(device):
            embeds = reader.encoder(tokenize(tokenizer, list(sentences)).to(device))[0]
        loss = reader.loss(embeds, list(meanings))
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return reader
