"""Whether this server is alive, and whether it could take another edit: for whoever spreads visitors over several.

Both answer at once, however busy the model is, and say nothing of anybody.
"""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pix2pix.errors import EditError
from pix2pix.ui.crowd.refusal import Refusal
from pix2pix.ui.crowd.waiting import BUSY

if TYPE_CHECKING:
    from pix2pix.ui.api.blocks import PlainBlocks

LOADING = "The model is still loading."
NO_MODEL = "The model could not be loaded; the log of this program says why."  # which names it, and perhaps folders
NOT_READY = 503


async def _alive(request: Request) -> JSONResponse:
    return JSONResponse({"status": "alive"})


async def _ready(request: Request) -> JSONResponse:
    obstacle = _obstacle(request.app.get_blocks())
    return Refusal(obstacle, NOT_READY).answer if obstacle else JSONResponse({"status": "ready"})


def _obstacle(page: "PlainBlocks") -> str | None:
    """Why ``page`` could not take another edit, in one sentence, or ``None``."""
    try:
        if not page.is_loaded():
            return LOADING
    except EditError:
        return NO_MODEL
    return BUSY if page.is_full else None


ROUTES = [Route("/healthz", _alive), Route("/readyz", _ready)]
