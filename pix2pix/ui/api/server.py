"""What the web server behind the page needs: some routes more and one less, and words where gradio has none."""

from typing import Any

from fastapi.exceptions import RequestValidationError
from gradio.route_utils import FnIndexInferError
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pix2pix.ui.api.addresses import ROUTE
from pix2pix.ui.crowd import health
from pix2pix.ui.crowd.door import STUMBLED, Door
from pix2pix.ui.crowd.listeners import Listeners
from pix2pix.ui.crowd.refusal import Refusal

BY_NAME = "/gradio_api/call/v2/"  # gradio's route for parameters by name


async def _no_such_endpoint(request: Request, error: Exception) -> JSONResponse:
    blocks = request.app.get_blocks()
    names = ", ".join(f"/{fn.api_name}" for fn in blocks.fns.values() if fn.api_visibility == "public")
    return JSONResponse({"detail": f"There is no endpoint of that name; there are {names}."}, status_code=404)


async def _wrong_name(request: Request, error: Exception) -> JSONResponse:
    """Gradio looks up endpoints and parameters by name, and answers nothing if there is none."""
    _, by_name, endpoint = request.url.path.rstrip("/").partition(BY_NAME)
    if not by_name:
        raise error
    if error.args == (f"/{endpoint}",):
        return await _no_such_endpoint(request, error)
    sentence = str(error).partition(" Please click")[0].rstrip(".")
    return JSONResponse({"detail": f"{sentence}."}, status_code=422)


async def _wrong_shape(request: Request, error: Exception) -> JSONResponse:
    """FastAPI would send back what it was sent, in pieces."""
    return Refusal(STUMBLED).answer


async def _no_deep_link(request: Request) -> JSONResponse:
    return JSONResponse({"detail": "There are no such links here."}, status_code=404)


# Gradio's own route writes all that a session shows, the key of the workspace too, into a file that anybody may open.
NO_DEEP_LINKS = Route("/gradio_api/deep_link", _no_deep_link)


def app_options() -> dict[str, Any]:
    """What gradio hands on to FastAPI; it adds to it, so each app gets its own."""
    handlers = {FnIndexInferError: _no_such_endpoint, KeyError: _wrong_name, TypeError: _wrong_name}
    layers = [Middleware(Door), Middleware(Listeners)]
    handlers |= {RequestValidationError: _wrong_shape}
    return {"routes": [ROUTE, NO_DEEP_LINKS, *health.ROUTES], "exception_handlers": handlers, "middleware": layers}
