"""Feast's feature server as its documentation describes `POST /push`; Feast itself brings pandas, pyarrow and dask."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx


class Feast:
    """A feature store with one push source.

    Follows `PushFeaturesRequest` of feast/sdk/python/feast/feature_server.py: `push_source_name`, `df` by columns,
    `to` one of three words. An unknown source is an error of the server; columns must be of one length.
    """

    def __init__(self, push_source: str, columns: set[str]) -> None:
        self.rows: list[dict[str, Any]] = []
        self.transport = httpx.MockTransport(self._answer)
        self._push_source = push_source
        self._columns = columns

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if (request.method, request.url.path) != ("POST", "/push"):
            return httpx.Response(404)
        if not isinstance(body.get("df"), dict) or body.get("to", "online") not in {"online", "offline", "online_and_offline"}:
            return httpx.Response(422)
        if body["push_source_name"] != self._push_source or set(body["df"]) != self._columns:
            return httpx.Response(500, text="PushSourceNotFoundException")
        columns = body["df"]
        if len({len(column) for column in columns.values()}) != 1:
            return httpx.Response(500, text="All arrays must be of the same length")
        for values in zip(*columns.values(), strict=True):
            row = dict(zip(columns, values, strict=True))
            self.rows.append(row | {"event_timestamp": _moment(row["event_timestamp"])})
        return httpx.Response(200)


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
