"""The receipt: what a picture of ours says about how it was made, and how that becomes the request again.

It holds the request with all its settings, the checkpoint, the version of this program and a hash of the photo's file,
by which another photo of the same name is found out: a text of a PNG, the comment in the EXIF of a JPEG or WEBP. Every
picture also carries XMP that marks it as made with AI from a photo, by the IPTC's digital source type.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pix2pix import __version__
from pix2pix.errors import InvalidImage, InvalidRequest
from pix2pix.events import Result
from pix2pix.photo.decoding import DAMAGED, open_image
from pix2pix.photo.exif import BYTES, Field, read_exif, write_exif
from pix2pix.request import SETTINGS, EditRequest
from pix2pix.setting import Setting

RECEIPT_KEY = "instruct-pix2pix"
COMMENT, IN_ASCII = 0x9286, b"ASCII\0\0\0"  # EXIF's field for a comment, and how one in ASCII begins
MAX_RECEIPT, MAX_NAME = 50_000, 200  # characters; ours have fewer
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    f' Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


@dataclass(frozen=True)
class Receipt:
    """What a picture says about how it was made.

    Attributes:
        request: with all its settings, each in the range that is allowed today.
        checkpoint: the name of the checkpoint that made it, or ``None`` if the receipt does not say.
        revision: that checkpoint's hub commit, if it has one.
        version: of this program, or ``None`` if the receipt does not say.
        photo: a hash of the photo's file, or ``None`` if the receipt does not say.
        mask: a hash of the file in which was painted where the photo may change, or ``None`` if there was none.
        moved: labels of the settings that were out of their range and are at its end now.
    """

    request: EditRequest
    checkpoint: str | None = None
    revision: str | None = None
    version: str | None = None
    moved: tuple[str, ...] = ()
    photo: str | None = None
    mask: str | None = None


def write_receipt(result: Result) -> str:
    """The receipt of ``result`` as JSON."""
    photo, made_by = result.origin.digest or None, (result.checkpoint, result.revision, __version__)
    return as_json(Receipt(result.request, *made_by, photo=photo, mask=result.mask))


def as_json(receipt: Receipt) -> str:
    """``receipt`` as pictures carry it; what it does not say of photo and mask is left out."""
    made_by = {"checkpoint": receipt.checkpoint, "revision": receipt.revision, "version": receipt.version}
    files = {name: digest for name in ("photo", "mask") if (digest := getattr(receipt, name))}
    return json.dumps({**asdict(receipt.request), **made_by, **files}, ensure_ascii=False)


def in_exif(receipt: str, exif: bytes) -> bytes:
    """The EXIF block ``exif``, which may be empty, with ``receipt`` in it."""
    text = json.dumps(json.loads(receipt)).encode("ascii")  # every reader knows ASCII
    return write_exif(read_exif(exif) | {COMMENT: Field(BYTES, IN_ASCII + text)})


def read_receipt(source: str | os.PathLike[str] | bytes) -> EditRequest | None:
    """The request that made a picture of ours, or ``None`` for one that carries no valid receipt.

    Raises:
        InvalidImage: ``source`` cannot be opened as a picture.
    """
    receipt = find_receipt(source)
    return receipt.request if receipt and not receipt.moved else None  # another request would make another picture


def find_receipt(source: str | os.PathLike[str] | bytes) -> Receipt | None:
    """All that a picture of ours says about how it was made, or ``None`` for one that carries no receipt.

    Raises:
        InvalidImage: ``source`` cannot be opened as a picture.
    """
    text = _text_in(source)
    try:
        if text is None or len(text) > MAX_RECEIPT:
            return None
        return _receipt(json.loads(text))
    except (InvalidRequest, AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None  # no receipt, or one that somebody has changed


def _text_in(source: str | os.PathLike[str] | bytes) -> str | None:
    with open_image(source) as image:
        if image.format == "PNG" and RECEIPT_KEY not in image.info:
            try:
                image.load()  # texts may come after the pixels
            except Exception as error:
                raise InvalidImage(DAMAGED) from error
        text, exif = image.info.get(RECEIPT_KEY), image.info.get("exif")
    if isinstance(text, str):
        return text
    comment = read_exif(exif).get(COMMENT) if isinstance(exif, bytes) else None
    if comment is None or not isinstance(comment.values, bytes) or not comment.values.startswith(IN_ASCII):
        return None
    return comment.values.removeprefix(IN_ASCII).decode("ascii", "replace")


def _receipt(said: dict[str, Any]) -> Receipt:
    """What an older version did not know yet counts as it was then; what has no fixed default must be there."""
    known = {setting.name: setting.default if setting.missing is None else setting.missing for setting in SETTINGS}
    named = {name: said[name] for name, value in known.items() if value is None or name in said}
    allowed = {setting.name: _in_range(setting, named[setting.name]) for setting in SETTINGS if setting.name in named}
    moved = tuple(setting.label for setting in SETTINGS if named.get(setting.name) != allowed.get(setting.name))
    request = EditRequest(said["instruction"], **{**known, **allowed})
    made_by = {part: _name(said, part) for part in ("checkpoint", "revision", "version", "photo", "mask")}
    return Receipt(request, **made_by, moved=moved)


def _in_range(setting: Setting, value: Any) -> Any:
    """``value``, at the end of the range where it is beyond; what is no number stays, and is refused later."""
    if setting.bounds is None or not isinstance(value, (int, float)) or isinstance(value, bool) or value != value:
        return value
    low, high = setting.bounds
    return min(max(value, low), high)


def _name(said: Mapping[str, Any], part: str) -> str | None:
    name = said.get(part)
    return name if isinstance(name, str) and name.isprintable() and 0 < len(name) <= MAX_NAME else None
