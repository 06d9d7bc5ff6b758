"""What does each word of an instruction look at? Heard from the UNet's cross-attention, in calls that are made anyway.

Tang et al., *What the DAAM: Interpreting Stable Diffusion Using Cross Attention* (arXiv:2210.04885): how much every
place in the picture attends to a token, averaged over heads and layers, is a map of what that token stands for. Ours
are maps of words, and of one picture's words on one scale: a word that is hardly attended to stays dark. Layers with
less than a quarter of the latents' side are left out; their cells are larger than most things in a photo.
"""

import re
import string
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention as Layer
from diffusers.models.attention_processor import (
    AttentionProcessor,
    AttnProcessor,
    AttnProcessor2_0,
    FusedAttnProcessor2_0,
    SlicedAttnProcessor,
    XFormersAttnProcessor,
)
from transformers import CLIPTokenizer

from pix2pix.diffusion.conditioning import MARKS
from pix2pix.errors import EditFailed

COARSEST = 4  # side of a layer's cell in latents, up to which its map is drawn
PLAIN = (AttnProcessor, AttnProcessor2_0, FusedAttnProcessor2_0, SlicedAttnProcessor, XFormersAttnProcessor)
UNHEARD = "What this model's words look at cannot be read from it; choose another model to see that."


@dataclass(frozen=True, eq=False)
class Attention:
    """What cross-attention layers attended to while somebody was ``listening``.

    Attributes:
        heard: one for each call of a layer, (queries, tokens) float32 on the CPU: the probabilities of the batch's
            first row, averaged over heads, 0 to 1, and 1 summed over tokens. Queries are the layer's cells, row by row.
    """

    heard: list[torch.Tensor] = field(default_factory=list, repr=False)

    @property
    def levels(self) -> int:
        """In how many sizes the UNet attends to text, coarse ones included."""
        return len({len(probabilities) for probabilities in self.heard})

    @property
    def is_telling(self) -> bool:
        """Whether it attends to text on more than one level; on one alone, maps are mostly noise."""
        return self.levels > 1


@dataclass(frozen=True, eq=False)
class WordMap:
    """What one word looks at.

    Attributes:
        word: as the person wrote it, without punctuation around it.
        map: (H, W) float32, the size of the latents; over all words of an instruction 0 is the least, 1 the greatest.
    """

    word: str
    map: np.ndarray = field(repr=False)


@contextmanager
def listening(unet: UNet2DConditionModel) -> Iterator[Attention]:
    """While it is open, what ``unet`` attends to is kept; what it predicts stays the same to the bit.

    Only the first row of a batch is heard; in ``relevance`` and ``denoise`` it is the first edit's row text+image.

    Raises:
        EditFailed: it attends to no text, or in a way that is not plain attention, or its processors are not replaced.
    """
    attention = Attention()
    own = getattr(unet, "attn_processors", {})
    with_ears = _with_ears(unet, own, attention)
    try:
        unet.set_attn_processor(dict(with_ears))  # a copy, because it empties what it is given
        if unet.attn_processors != with_ears:
            raise EditFailed(UNHEARD)
        yield attention
    finally:
        unet.set_attn_processor(own)


@torch.inference_mode()
def word_maps(
    attention: Attention, tokenizer: CLIPTokenizer, instruction: str, size: tuple[int, int]
) -> tuple[WordMap, ...]:
    """Draw what each word of ``instruction`` looks at, in the order of the sentence.

    Left out are punctuation that stands alone, and words that the text encoder did not read.

    Args:
        attention: heard while the UNet was told ``instruction``; several calls are averaged.
        tokenizer: with which it was told.
        size: (H, W), the latents'.

    Raises:
        EditFailed: no layer was heard whose map is fine enough, or one that is no halving of the latents.
    """
    shapes = [_shape(len(probabilities), size) for probabilities in attention.heard]
    fine = [layer for layer in zip(attention.heard, shapes, strict=True) if _is_fine(layer[1], size)]
    if not fine:
        raise EditFailed(UNHEARD)
    words = _words(tokenizer, instruction, room=fine[0][0].shape[1] - MARKS)
    if not words:
        return ()
    tokens = [of_word for _, of_word in words]
    maps = torch.stack([_drawn(probabilities, tokens, shape, size) for probabilities, shape in fine]).mean(0)
    least, most = maps.aminmax()
    scaled = ((maps - least) / (most - least).clamp_min(1e-6)).numpy()
    return tuple(WordMap(word, map) for (word, _), map in zip(words, scaled, strict=True))


@dataclass(frozen=True, eq=False)
class _Ear:
    """Stands before a layer's own processor, which goes on to do its work, and keeps what the layer attends to."""

    own: AttentionProcessor
    heard: list[torch.Tensor]

    def __call__(
        self,
        layer: Layer,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """(N, queries, width), as ``own`` gives it; names of the arguments are those that diffusers calls by."""
        if encoder_hidden_states is not None:
            self.heard.append(_probabilities(layer, hidden_states, encoder_hidden_states, attention_mask))
        output: torch.Tensor = self.own(
            layer, hidden_states, encoder_hidden_states=encoder_hidden_states, attention_mask=attention_mask
        )
        return output


def _with_ears(
    unet: UNet2DConditionModel, own: dict[str, AttentionProcessor], attention: Attention
) -> dict[str, AttentionProcessor]:
    """The processors of ``unet``, with an ear before each that attends to text."""
    layers = {name: unet.get_submodule(name.removesuffix(".processor")) for name in own}
    to_text = {name: layer for name, layer in layers.items() if layer.is_cross_attention}
    if not to_text or not all(_is_plain(layer) for layer in to_text.values()):
        raise EditFailed(UNHEARD)
    return {**own, **{name: _Ear(own[name], attention.heard) for name in to_text}}


def _is_plain(layer: Layer) -> bool:
    """Whether ``_probabilities`` are what it attends with: IP-Adapters, among others, have keys of their own."""
    return type(layer.processor) in PLAIN and not (layer.group_norm or layer.spatial_norm or layer.norm_q)


@torch.inference_mode()
def _probabilities(layer: Layer, seen: torch.Tensor, text: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """softmax(q k^T scale + mask) of the first row, averaged over heads: (queries, tokens) float32 on the CPU.

    Fused kernels never have it as a whole, so it is computed beside them; one row costs little.

    Args:
        seen: (N, queries, width), the picture.
        text: (N, tokens, width).
        mask: (N, 1, tokens) or (N heads, 1, tokens), added before the softmax.
    """
    prepared = layer.prepare_attention_mask(mask, text.shape[1], len(text))
    bias = None if prepared is None else prepared[: layer.heads].float()
    words = text[:1] if layer.norm_cross is None else layer.norm_encoder_hidden_states(text[:1])
    query, key = layer.head_to_batch_dim(layer.to_q(seen[:1])), layer.head_to_batch_dim(layer.to_k(words))
    probabilities: torch.Tensor = layer.get_attention_scores(query.float(), key.float(), bias)
    return probabilities.mean(0).cpu()


def _shape(queries: int, size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of a layer with so many cells: the latents' ``size``, halved until it fits.

    Odd sides are halved upwards, as convolutions of stride 2 do.
    """
    height, width = size
    while height * width > queries:
        height, width = -(-height // 2), -(-width // 2)
    if height * width != queries:
        raise EditFailed(UNHEARD)
    return height, width


def _is_fine(shape: tuple[int, int], size: tuple[int, int]) -> bool:
    return all(COARSEST * side >= whole for side, whole in zip(shape, size, strict=True))


def _drawn(
    probabilities: torch.Tensor, tokens: list[list[int]], shape: tuple[int, int], size: tuple[int, int]
) -> torch.Tensor:
    """One layer's maps of all words, (words, H, W): their ``tokens`` averaged, then resized as in the paper."""
    of_words = torch.stack([probabilities[:, of_word].mean(1).reshape(shape) for of_word in tokens])
    resized = F.interpolate(of_words[None], size, mode="bicubic", align_corners=False)[0]
    return resized.nan_to_num().clamp_min(0)  # bicubic curves swing below zero beside what is bright


def _words(tokenizer: CLIPTokenizer, instruction: str, room: int) -> list[tuple[str, list[int]]]:
    """The words of ``instruction`` that have tokens among the first ``room``, and where these are; 0 is the start mark.

    A word is what stands between spaces, without punctuation around it.
    """
    encoded = tokenizer(instruction, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    read = list(enumerate(encoded.offset_mapping[:room], start=1))
    words = []
    for begin, end in _word_spans(instruction):
        tokens = [index for index, (start, stop) in read if start < end and stop > begin]
        if tokens:
            words.append((instruction[begin:end], tokens))
    return words


def _word_spans(instruction: str) -> Iterator[tuple[int, int]]:
    """Where in ``instruction`` each of its words begins and ends."""
    for run in re.finditer(r"\S+", instruction):
        speaking = [place for place in range(*run.span()) if not _is_punctuation(instruction[place])]
        if speaking:
            yield speaking[0], speaking[-1] + 1


def _is_punctuation(character: str) -> bool:
    """Emoji are none: pocket reads them as words."""
    return character in string.punctuation or unicodedata.category(character).startswith("P")
