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


class Tools(GradioMCPServer):
    """Gradio's MCP server with our answers and our errors."""

    def create_mcp_server(self) -> Server:
        server: Server = super().create_mcp_server()
        call = server.request_handlers[types.CallToolRequest]

        async def checked(request: types.CallToolRequest) -> types.ServerResult:
            try:
                self._check(request.params)
            except EditError as error:
                sentence = types.TextContent(type="text", text=str(error))
                return types.ServerResult(types.CallToolResult(content=[sentence], isError=True))
            answered: types.ServerResult = await call(request)
            return answered

        server.request_handlers[types.CallToolRequest] = checked
        return server

    def postprocess_output_data(self, data: Any, root_url: str) -> list[types.ContentBlock]:
        outputs = data[0] if len(data) == 1 and isinstance(data[0], tuple) else data  # a tuple if nobody asks progress
        request = self.mcp_server.request_context.request
        prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")  # which gradio does not look at
        return answer(outputs, root_url if root_url.endswith(prefix) else root_url + prefix)

    def _check(self, call: types.CallToolRequestParams) -> None:
        if call.name in self.tool_to_endpoint:
            schema, _ = self.get_input_schema(call.name)
            check(call.arguments or {}, schema["properties"])
