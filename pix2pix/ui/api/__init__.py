"""The doors for programs: endpoints, MCP tools, and the tab that explains them."""
