"""An assistant that calls the tools of a serve with the official client, one connection a call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent, Tool

from streams.serve.api import create_api
from streams.serve_tools import add_tools
from tests.support.serving import Town, answering

PLATFORMS = ("shop", "video", "news")


@dataclass(frozen=True)
class Told:
    """An answer as the assistant reads it."""

    is_error: bool
    body: dict[str, Any]


@dataclass(frozen=True)
class Assistant:
    """url: of a serve. mode: `auto` for the newest protocol, `legacy` for those with a handshake."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    mode: str = "auto"

    def tools(self) -> Sequence[Tool]:
        return asyncio.run(self._with(_list))

    def call(self, name: str, **arguments: object) -> Told:
        async def call(client: Client) -> Told:
            return _told(await client.call_tool(name, arguments))

        return asyncio.run(self._with(call))

    async def _with(self, use: Any) -> Any:
        async with (
            httpx2.AsyncClient(headers=dict(self.headers), trust_env=False) as http,
            Client(streamable_http_client(f"{self.url}/mcp", http_client=http), mode=self.mode) as client,
        ):
            return await use(client)


async def _list(client: Client) -> Sequence[Tool]:
    return (await client.list_tools()).tools


def _told(result: CallToolResult) -> Told:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return Told(bool(result.is_error), json.loads(content.text))


@contextmanager
def with_tools(town: Town, platforms: Sequence[str] = PLATFORMS) -> Iterator[str]:
    """The address of a town's API with the tools on it."""
    app = create_api(town.parts)
    add_tools(app, town.parts, platforms)
    with answering(app) as url:
        yield url
