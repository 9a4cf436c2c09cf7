"""The tools for assistants on top of the API, where they are wanted and their library is installed."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from streams.errors import UsageError
from streams.serve.parts import ServeParts


def add_tools(app: FastAPI, parts: ServeParts, platforms: Sequence[str]) -> None:
    """Add `POST /mcp`. platforms: those that callers may name. Raises UsageError without the library."""
    try:
        from streams.tools_server.endpoint import tool_routes  # noqa: PLC0415 - an extra: few serves need it
    except ModuleNotFoundError as error:
        raise UsageError(
            f"BRAID_MCP__ENABLED: {error.name} is not installed; pip install 'braid-profiles[mcp]', or leave it unset"
        ) from error
    app.include_router(tool_routes(parts, platforms))
