"""What is left of an edit at the photo's own size: how near tones come, what stays untouched, what repetition costs."""

from collections.abc import Iterable, Sequence
from itertools import cycle

from PIL import Image
from torch import Tensor

from pix2pix import Editor, EditRequest
from pix2pix.training.evaluation.measured.edits import SEED, UNCHANGED, EditFunction, Sample, no_noise
from pix2pix.training.pictures import psnr, to_tensor
from pix2pix.training.targets.edits import EDITS, apply

TONE_BAR, CHAIN_BAR = 31.0, 32.0  # dB
LONG_SIDE = 768  # of a photo at its own size here, in pixels
TIMES = 10  # an edit that changes nothing is repeated
TONES = [name for name, edit in EDITS.items() if not edit.redraws]


def full_size_photo(photo: Image.Image) -> Image.Image:
    """``photo`` with a long side of LONG_SIDE, several times what the model sees."""
    scale = LONG_SIDE / max(photo.size)
    return photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS)


def edit_at_full_size(editor: Editor) -> EditFunction:
    """The edits of ``editor`` with its checkpoint's own defaults, as the person gets them."""

    def edit(photo: Image.Image, sentence: str) -> Tensor:
        return to_tensor(editor.edit(photo, EditRequest(sentence, seed=SEED)).image)

    return edit


def tones(edit: EditFunction, photos: Sequence[Image.Image]) -> list[Sample]:
    """Is the example of every edit of light and colour nearer to its target than TONE_BAR?"""
    samples = []
    for name, photo in zip(TONES, cycle(photos), strict=False):
        picture, outcome = to_tensor(photo), edit(photo, EDITS[name].example)
        decibels = psnr(outcome, apply(name, picture, no_noise(picture)))
        samples.append(Sample(EDITS[name].example, name, decibels >= TONE_BAR, decibels))
    return samples


def repeated(editor: Editor, photos: Sequence[Image.Image], sentences: Iterable[str]) -> list[Sample]:
    """Is a photo still itself, nearer than CHAIN_BAR, after TIMES edits, each of the result before?"""
    samples = []
    for sentence, photo in zip(sentences, cycle(photos), strict=False):
        result = photo
        for seed in range(TIMES):
            result = editor.edit(result, EditRequest(sentence, seed=seed)).image
        decibels = psnr(to_tensor(result), to_tensor(photo))
        samples.append(Sample(f"{sentence}, {TIMES} times", UNCHANGED, decibels >= CHAIN_BAR, decibels))
    return samples


def recognised_as_unchanged(editor: Editor, photos: Sequence[Image.Image], sentences: Sequence[str]) -> float:
    """The share of ``sentences``, which ask for nothing, whose photo comes back bit by bit."""
    requests = zip(sentences, cycle(photos), strict=False)
    unchanged = [editor.edit(photo, EditRequest(sentence, seed=SEED)).unchanged for sentence, photo in requests]
    return sum(unchanged) / len(unchanged)
