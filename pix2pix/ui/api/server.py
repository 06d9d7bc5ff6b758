"""What the web server behind the page needs for programs: one more route, and words where gradio has none."""

from typing import Any

from gradio.route_utils import FnIndexInferError
from starlette.requests import Request
from starlette.responses import JSONResponse

from pix2pix.ui.api.addresses import ROUTE

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


def app_options() -> dict[str, Any]:
    """What gradio hands on to FastAPI; it adds to it, so each app gets its own."""
    handlers = {FnIndexInferError: _no_such_endpoint, KeyError: _wrong_name, TypeError: _wrong_name}
    return {"routes": [ROUTE], "exception_handlers": handlers}
