"""The HTTP interface of ingest as its senders meet it, with a log of events that a test holds in its hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx

from streams.domain.published import Outgoing, Placed
from streams.errors import Overloaded, Retryable
from streams.ingest.api import create_api
from streams.ingest_app import parts_of
from streams.settings import Ingest, IngestApi, Settings, Topics
from tests.support.cloud_events import NOON_S, a_cloud_event

SHOP_KEY, GYM_KEY, EXPIRED_KEY = (f"write-key-of-the-{name}-tests" for name in ("shop", "gym", "expired"))
EVENT, BATCH, JSON = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"
N_PARTITIONS = 4


@dataclass
class HeldLog:
    """Meets `ingest.publishing.Publisher`. away: why nothing is taken. unconfirmed: places of each call that get lost.

    room: how many records may be written before it has no more.
    """

    room: int = 1_000_000
    away: str = ""
    unconfirmed: frozenset[int] = frozenset()
    records: list[Outgoing] = field(default_factory=list)
    _ends: dict[tuple[str, int], int] = field(default_factory=dict)

    async def publish(self, records: Sequence[Outgoing]) -> list[Placed | None]:
        if self.away:
            raise Retryable(self.away)
        if len(self.records) + len(records) > self.room:
            raise Overloaded("no room")
        await asyncio.sleep(0)
        return [None if at in self.unconfirmed else self._write(record) for at, record in enumerate(records)]

    def missing(self) -> list[str]:
        return [self.away] if self.away else []

    def _write(self, record: Outgoing) -> Placed:
        self.records.append(record)
        place = record.topic, crc32(record.key or b"") % N_PARTITIONS
        self._ends[place] = self._ends.get(place, -1) + 1
        return Placed(place[1], self._ends[place])


@dataclass
class StoppedClock:
    at_s: float = NOON_S

    def now_s(self) -> float:
        return self.at_s


def ingest_settings(folder: Path | None = None, **changes: Any) -> Settings:
    """Keys of two platforms; the one of the gym speaks Segment's dialect where there is a folder for its mapping file."""
    keys: dict[str, Any] = {SHOP_KEY: "shop", EXPIRED_KEY: {"platform": "shop", "expires": "2020-01-01T00:00:00Z"}}
    if folder is not None:
        (folder / "gym.toml").write_text('dialect = "segment"\n')
        keys[GYM_KEY] = {"platform": "gym", "name": "gym-sdk"}
    api = IngestApi(**({"keys": keys} | changes))
    return Settings(
        topics=Topics(prefix="t.", platforms=("shop", "video")),
        ingest=Ingest(mappings_dir="" if folder is None else str(folder)),
        ingest_api=api,
    )


@dataclass
class Asked:
    """An application, and the log behind it."""

    settings: Settings = field(default_factory=ingest_settings)
    log: HeldLog = field(default_factory=HeldLog)
    clock: StoppedClock = field(default_factory=StoppedClock)

    def __post_init__(self) -> None:
        self._app = create_api(parts_of(self.settings, self.log, self.clock))

    def request(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(ask())

    def post(self, path: str, body: bytes | Any, content_type: str = JSON, key: str = SHOP_KEY, **headers: str) -> httpx.Response:
        """As a sender with a key does; no key: "" ."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        authorization = {"Authorization": f"Bearer {key}"} if key else {}
        return self.request("POST", path, authorization | {"Content-Type": content_type} | headers, content=content)


def an_event(number: int = 1, **changes: Any) -> dict[str, Any]:
    return a_cloud_event(id=f"e-{number}", **changes)
