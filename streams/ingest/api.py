"""Events over HTTP as one application. Handlers run on the event loop: they never block, and await only the brokers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from streams.domain.platforms import Platform
from streams.ingest.answers import RETRY_AFTER_S, Answer
from streams.ingest.bodies import Records, records_of, unreadable, unsupported
from streams.ingest.intake import Intake
from streams.ingest.refusals import Later, no_route, refusal_of
from streams.ingest.segment_calls import CALLS, message_of, messages_of
from streams.ingest.write_keys import Sender, WriteKeys
from streams.serve.access import require_this_machine
from streams.serve.problems import Problem
from streams.serve.rate_limits import RateLimits
from streams.telemetry.metrics import INGEST_SECONDS

MAX_LENGTH_DIGITS: Final = 18

Handler = Callable[[Request], Awaitable[Response]]
Read = Callable[[bytes, Request], Records]
"""A body to its events. Raises Problem."""

_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class IngestParts:
    """What the application answers from.

    platforms: all that workers read. mapped: those of them that speak a dialect. max_body_bytes, max_batch_events: of
    one request. limits: requests a second by name of the key.
    """

    intake: Intake
    keys: WriteKeys
    limits: RateLimits
    platforms: frozenset[str]
    mapped: frozenset[str]
    max_body_bytes: int
    max_batch_events: int


def create_api(parts: IngestParts) -> Starlette:
    """The application over the given parts. Nothing is started here."""
    clock, most = parts.intake.clock, parts.max_batch_events

    def events(body: bytes, request: Request) -> Records:
        return records_of(body, _content_type(request), request.headers.items(), most)

    def call(name: str, body: bytes, request: Request) -> Records:
        return message_of(body, _content_type(request), name, clock.now_s())

    def batch(body: bytes, request: Request) -> Records:
        return messages_of(body, _content_type(request), most, clock.now_s())

    reads: dict[str, tuple[Read, bool]] = {"/v1/events": (events, False), "/v1/batch": (batch, True)}
    reads |= {f"/v1/{name}": (partial(call, name), True) for name in CALLS}
    routes = [
        Route(path, _observed(path, _publishing(parts, read, is_dialect)), methods=["POST"])
        for path, (read, is_dialect) in reads.items()
    ]
    routes += [Route("/healthz", _alive), Route("/readyz", _readiness(parts))]
    return Starlette(routes=routes, exception_handlers={HTTPException: no_route})


def _publishing(parts: IngestParts, read: Read, is_dialect: bool) -> Handler:
    """The handler of a route. is_dialect: whether only a platform with a mapping file can be meant."""

    async def publish(request: Request) -> Response:
        sender = _admitted(request, parts)
        _require_plain(request)
        body = await _body(request, parts.max_body_bytes)
        records = read(body, request)
        platform = _platform(sender, records, parts)
        if is_dialect and platform not in parts.mapped:
            raise Problem(
                422, "not_mapped", "this platform has no mapping file, so workers cannot read Segment's calls",
                'write <platform>.toml with the line dialect = "segment" (docs/platforms.md), or send CloudEvents',
            )  # fmt: skip
        return _answer(await parts.intake.take(platform, records))

    return publish


def _observed(route: str, handler: Handler) -> Handler:
    """The handler, measured, with every refusal in one shape."""

    async def observed(request: Request) -> Response:
        started_s = time.perf_counter()
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not show what was sent
            response = refusal_of(error)
        INGEST_SECONDS.labels(route, str(response.status_code)).observe(time.perf_counter() - started_s)
        return response

    return observed


def _admitted(request: Request, parts: IngestParts) -> Sender:
    """Raises Problem 401, 403 and 429."""
    sent = request.headers.get("authorization", "")
    sender = parts.keys.sender_of(sent, parts.intake.clock.now_s())
    if not len(parts.keys):
        require_this_machine(request)
    wait_s = parts.limits.wait_s(sender.name)
    if wait_s > 0:
        raise Later(429, "too_many_requests", "this key asks more often than its rate allows", wait_s)
    if sender.is_expired:
        raise Problem(401, "expired_key", "this write key has expired", "ask for a new one: `braid keys write`")
    if not sender.is_known:
        raise Problem(
            401, "unauthorised", "no valid write key was sent",
            "send Authorization: Bearer <key>, or Basic with the key as the user's name",
        )  # fmt: skip
    return sender


def _platform(sender: Sender, records: Records, parts: IngestParts) -> Platform:
    """Whose events these are: the key's, else what the first one says. Raises Problem 422."""
    if sender.platform is not None:
        return sender.platform
    said = parts.intake.platform_of(records[0])
    if said not in parts.platforms:
        raise Problem(
            422, "unknown_platform", "without a write key the first part of `type` must be a platform that is read",
            "name it in BRAID_TOPICS__PLATFORMS, or make a key: `braid keys write --platform shop`",
        )  # fmt: skip
    return Platform(said)


def _require_plain(request: Request) -> None:
    """Raises Problem 415 for a compressed body: what it grows to cannot be told beforehand."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise unsupported("compressed bodies are not read", "send the body as it is")


async def _body(request: Request, max_bytes: int) -> bytes:
    """Whole, as far as it is within the bound. Raises Problem 413."""
    announced = request.headers.get("content-length", "0")
    # Compared by length first: Python refuses to read a number of thousands of digits.
    if announced.isdecimal() and (len(announced.lstrip("0")) > MAX_LENGTH_DIGITS or int(announced) > max_bytes):
        raise _too_large(max_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    if not body:
        raise unreadable("there: it is empty")
    return bytes(body)


def _too_large(max_bytes: int) -> Problem:
    return Problem(413, "body_too_large", f"the body has more than {max_bytes} bytes", "send smaller batches")


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "")


def _answer(answer: Answer) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_S)} if answer.unconfirmed else None
    return Response(_encode(answer), answer.http_status, headers, "application/json")


async def _alive(_: Request) -> Response:
    return Response(_encode({"status": "alive"}), media_type="application/json")


def _readiness(parts: IngestParts) -> Handler:
    """For load balancers. What is missing only the operator port says: this one faces the senders."""

    async def ready(_: Request) -> Response:
        is_waiting = bool(parts.intake.publisher.missing())
        body = _encode({"status": "waiting" if is_waiting else "ready"})
        return Response(body, 503 if is_waiting else 200, media_type="application/json")

    return ready
