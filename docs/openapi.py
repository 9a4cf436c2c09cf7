"""The HTTP API's own description, made from the application over parts that nobody asks anything."""

from __future__ import annotations

from typing import Any

from streams.adapters.clock import SystemClock
from streams.serve.api import create_api
from streams.serve.parts import ServeParts


def openapi() -> dict[str, Any]:
    """OpenAPI 3.1. Routes only remember their parts: describing them asks none of these."""
    nobody: Any = None
    parts = ServeParts(
        profiles=nobody,
        items=nobody,
        spaces=nobody,
        encoder=nobody,
        clock=SystemClock(),
        pseudonym_secret=b"0" * 16,
        keys={},
    )
    return create_api(parts).openapi()
