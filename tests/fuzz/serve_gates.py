"""What serve reads: HTTP requests, records of `item-vectors` and of `profiles`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import msgspec
import numpy as np

from streams.adapters.topic_follower import Message
from streams.domain.profiles import encode_profile
from streams.serve.api import create_api
from tests.fuzz.event_gates import N_AT_ONCE
from tests.fuzz.findings import Violation
from tests.fuzz.mutations import Parts
from tests.fuzz.scratch import scratch
from tests.support.serving import NOON_S, Did, Town, a_batch, subject_items

CANARY = "u-canary-4711"
#: Then serve starts anew, so that the last input costs what the first did.
MAX_RECORDS = 8_000
PROBLEM = b"application/problem+json"
_encode = msgspec.msgpack.Encoder().encode


def a_town() -> Town:
    """Items of three platforms, and one person."""
    town = Town(scratch())
    town.publish_items(subject_items())
    town.live(Did("shop.wishlist.added", "shop:cooking-0"), Did("video.video.liked", "video:cooking-1"))
    return town


class Requests:
    """(method, target, body, content type, host, authorization) straight into the application, as uvicorn would."""

    name = "http"
    n_at_once = 16

    def __init__(self) -> None:
        town = a_town()
        self._known = town.live(Did("shop.cart.added", "shop:football-0")).profile_id
        self._app = create_api(town.parts)
        self._dim = town.index.dim

    def seeds(self) -> list[Parts]:
        """Every route, right and nearly right."""
        more = (b"", b"application/json", b"127.0.0.1", b"Bearer k")
        query = "platform=news&category=cooking&k=4&explain=true&diversity=0.1"
        paths = [f"/v1/profiles/{self._known}?vectors=true", f"/v1/profiles/{self._known}/recommendations?{query}",
                 f"/v1/profiles/{self._known}/explanation", f"/v1/profiles/{self._known}/history?language=zh&n=3", f"/v1/accounts/shop/{CANARY}/profile?vectors=1",
                 f"/v1/accounts/shop/{CANARY}/recommendations?{query}", f"/v1/accounts/shop/{CANARY}/explanation",
                 "/v1/items/shop/cooking-0/similar?to_platform=video&k=3&category=football", "/healthz", "/readyz",
                 "/docs", "/openapi.json", "/v1/profiles/%00%ff", "/v1/accounts/shop/%E5%A5%BD/profile"]  # fmt: skip
        bodies: list[tuple[str, dict[str, Any]]] = [
            ("/v1/search", {"text": CANARY, "platform": "shop", "category": "cooking", "k": 3}),
            ("/v1/search", {"vector": [0.5] * self._dim, "k": 3}),
            ("/v1/accounts/lookup", {"platform": "shop", "account": CANARY}),
        ]
        posts = [(b"POST", path.encode(), json.dumps(body).encode(), *more[1:]) for path, body in bodies]
        return [(b"GET", path.encode(), *more) for path in paths] + posts * 3

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        """One outcome a case. Raises Violation and whatever the application lets out."""
        return asyncio.run(self._answers(cases))

    async def _answers(self, cases: Sequence[Parts]) -> list[str]:
        return [await self._answer(case) for case in cases]

    async def _answer(self, case: Parts) -> str:
        method, target, body, kind, host, authorization = ((part or b"") for part in (*case, *[None] * 6)[:6])
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        named = [(b"host", host), (b"content-type", kind), (b"authorization", authorization)]
        headers = [(name, visible(value)) for name, value in named if value]
        await self._app(_scope(visible(method), visible(target), headers), receive, send)  # type: ignore[arg-type]
        return _checked(sent)


def _scope(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    raw_path, _, query = target.partition(b"?")
    return {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1), "root_path": "", "method": method.decode("latin-1") or "GET", "headers": headers,
            "path": unquote(raw_path.decode("ascii")) or "/", "raw_path": raw_path, "query_string": query}  # fmt: skip


def _checked(sent: list[dict[str, Any]]) -> str:
    status, headers = sent[0]["status"], dict(sent[0]["headers"])
    body = b"".join(message.get("body", b"") for message in sent[1:])
    if status >= 500:
        raise Violation(f"answered {status}")
    if status >= 400:
        if headers[b"content-type"] != PROBLEM or json.loads(body or b"{}").keys() != {"code", "message", "remedy"}:
            raise Violation(f"{status} is not a problem with code, message and remedy")
        if CANARY.encode() in body:
            raise Violation(f"{status} repeats what the caller sent")
    elif headers.get(b"content-type") == b"application/json":
        json.loads(body, parse_constant=_no_constant)
    return str(status)


def _no_constant(word: str) -> None:
    raise Violation(f"{word} is no JSON")


def visible(raw: bytes) -> bytes:
    """What an HTTP server lets through in a request line or a header."""
    return bytes(byte for byte in raw if 0x20 < byte < 0x7F)


class ServedRecords:
    """A topic that serve follows: what cannot be read is counted, what was good before still answers."""

    n_at_once = N_AT_ONCE

    def __init__(self, name: str) -> None:
        self.name = name
        self._begin()

    def _begin(self) -> None:
        self._town = a_town()
        self._known = self._town.live(Did("shop.cart.added", "shop:football-0"))
        self._next = 1_000

    def seeds(self) -> list[Parts]:
        """(value, key) of valid records."""
        if self.name == "profiles":
            return [(encode_profile(self._known), b"ada"), (encode_profile(self._known), b"bob"), (None, b"bob")]
        records = [(_encode(r), f"{r.platform}:x-{at}".encode()) for at, r in enumerate(subject_items()[:6])]
        return [*records, (None, b"shop:x-1")]

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        """One outcome a case. Raises Violation and whatever reading raises."""
        if self._next > MAX_RECORDS:
            self._town.close()
            self._begin()
        pairs = [(*case, None, None)[:2] for case in cases]
        known = {b"shop:football-0", b"shop:cooking-0", self._known.profile_id.encode()}
        messages = [Message(0, self._next + at, key or b"", value, NOON_S) for at, (value, key) in enumerate(pairs)
                    if key not in known]  # fmt: skip
        self._next += len(cases) + 1
        if messages:
            feed = self._town.profiles if self.name == "profiles" else self._town.item_feed
            feed.apply(a_batch(messages))
        self._ask([(message.key, message.value) for message in messages])
        return ["survived"] * len(cases)

    def _ask(self, pairs: Sequence[tuple[bytes, bytes | None]]) -> None:
        town = self._town
        if town.profiles.profile_of(self._known.profile_id) != self._known:
            raise Violation("a good profile is gone")
        if self.name == "profiles":
            for key, _ in pairs:
                town.profiles.profile_of(key.decode("utf-8", "ignore"))
            return
        vectors, found = town.items.vectors_of(["shop:football-0"])
        near = town.index.search(vectors, 5)[0]
        town.items.entries_of([neighbour.key for neighbour in near])
        _, kept = town.index.vectors_of(["shop:football-0"])
        others, _ = town.items.vectors_of([key.decode("utf-8", "ignore") for key, _ in pairs])
        if not found[0] or not len(kept) or not np.isfinite(others).all():
            raise Violation("a good item is gone, or a vector is none")


def item_vectors() -> ServedRecords:
    return ServedRecords("item-vectors")


def profiles() -> ServedRecords:
    return ServedRecords("profiles")
