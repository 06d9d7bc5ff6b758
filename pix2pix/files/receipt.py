"""The receipt: what a picture of ours says about how it was made, and how that becomes the request again.

It holds the request with all its settings, the checkpoint and the version of this program. Every picture also carries
XMP that marks it as made with AI from a photo, by the IPTC's digital source type. Nothing of the upload's own metadata
is copied.
"""

import json
import os
from dataclasses import asdict
from typing import Any

from pix2pix import __version__
from pix2pix.errors import InvalidImage, InvalidRequest
from pix2pix.events import Result
from pix2pix.photo.decoding import DAMAGED, open_image
from pix2pix.request import SETTINGS, EditRequest

RECEIPT_KEY = "instruct-pix2pix"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    f' Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def write_receipt(result: Result) -> str:
    """The receipt of ``result`` as JSON."""
    made_by = {"checkpoint": result.checkpoint, "revision": result.revision, "version": __version__}
    return json.dumps({**asdict(result.request), **made_by}, ensure_ascii=False)


def read_receipt(source: str | os.PathLike[str] | bytes) -> EditRequest | None:
    """The request that made a PNG of ours, or ``None`` for a picture that carries no valid receipt.

    Raises:
        InvalidImage: ``source`` cannot be opened as a picture.
    """
    with open_image(source) as image:
        try:
            image.load()  # texts may come after the pixels
        except Exception as error:
            raise InvalidImage(DAMAGED) from error
        text = image.info.get(RECEIPT_KEY)
    try:
        return _request(json.loads(text or ""))
    except (InvalidRequest, KeyError, TypeError, ValueError, RecursionError):
        return None  # no receipt, or one that somebody has changed


def _request(receipt: dict[str, Any]) -> EditRequest:
    """What an older version did not know yet counts as it was then; what has no fixed default must be there."""
    known = {setting.name: setting.default if setting.missing is None else setting.missing for setting in SETTINGS}
    named = {name: receipt[name] for name, value in known.items() if value is None or name in receipt}
    return EditRequest(receipt["instruction"], **{**known, **named})
