"""The MCP server of gradio, with answers that an assistant can use.

Gradio answers with full-size pictures that no assistant takes, or, when nobody asked for progress, with the text of
Python's values; and its checks say only “'lots' is not of type 'number'”.
"""

from typing import Any

from gradio.mcp import GradioMCPServer
from mcp import types
from mcp.server import Server

from pix2pix.errors import EditError
from pix2pix.ui.api.answers import answer
from pix2pix.ui.api.arguments import check
from pix2pix.ui.crowd.waiting import BUSY, SENDER, TOO_MANY_REQUESTS, address_of


class Tools(GradioMCPServer):
    """Gradio's MCP server with our answers and our errors."""

    _calls = 0  # at the same time

    def create_mcp_server(self) -> Server:
        server: Server = super().create_mcp_server()
        call = server.request_handlers[types.CallToolRequest]

        async def checked(request: types.CallToolRequest) -> types.ServerResult:
            try:
                self._check(request.params)
            except EditError as error:
                return _refusal(str(error))
            if self._calls >= self.blocks.limits.mcp_calls:  # each takes a thread, of which the page has forty
                return _refusal(BUSY)
            self._calls += 1
            try:
                answered: types.ServerResult = await call(request)
            finally:
                self._calls -= 1
            return _refusal(BUSY) if _is_full(answered.root) else answered

        server.request_handlers[types.CallToolRequest] = checked
        return server

    def postprocess_output_data(self, data: Any, root_url: str) -> list[types.ContentBlock]:
        outputs = data[0] if len(data) == 1 and isinstance(data[0], tuple) else data  # a tuple if nobody asks progress
        request = self.mcp_server.request_context.request
        prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")  # which gradio does not look at
        return answer(outputs, root_url if root_url.endswith(prefix) else root_url + prefix)

    def _prepare_tool_call_args(self, name: str, arguments: dict[str, Any]) -> Any:
        """Gradio's own, which also says who asks: the queue hears of every call from this program itself."""
        endpoint, values, headers, fn = super()._prepare_tool_call_args(name, arguments)
        caller = address_of(self.mcp_server.request_context.request)
        return endpoint, values, {**headers, SENDER: f"{self.blocks.mark} {caller}"}, fn

    def _check(self, call: types.CallToolRequestParams) -> None:
        if call.name in self.tool_to_endpoint:
            schema, _ = self.get_input_schema(call.name)
            check(call.arguments or {}, schema["properties"])


def _refusal(sentence: str) -> types.ServerResult:
    content = types.TextContent(type="text", text=sentence)
    return types.ServerResult(types.CallToolResult(content=[content], isError=True))


def _is_full(answered: Any) -> bool:
    """Whether the queue had no place: gradio's client says so with a line of httpx, which names this machine."""
    said = "".join(content.text for content in answered.content if isinstance(content, types.TextContent))
    return bool(answered.isError) and f"'{TOO_MANY_REQUESTS} " in said
