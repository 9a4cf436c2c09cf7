"""The pages of platforms over topics in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec

from streams.adapters.event_reading import documents_for, names_for, types_for
from streams.adapters.mapping_files import decoder_for
from streams.console.app import add_console, sessions_of
from streams.console.live import Live
from streams.console.parts import ConsoleParts
from streams.console.platform_parts import PlatformParts
from streams.domain.actions import ActionTable
from streams.domain.limits import IngestLimits
from streams.domain.profiles import (
    Change,
    Identity,
    Model,
    ProfileRecord,
    Quality,
    RecentEvent,
    Vectors,
    encode_profile,
)
from streams.domain.raw import RawRecord
from streams.domain.topic_names import TopicNames
from streams.ports import Clock
from streams.serve.api import create_api
from streams.serve.audit import MemoryAudit
from streams.service.check_event import EventChecker
from streams.service.event_search import Asked, Progress
from streams.service.judge_records import Judge
from streams.service.normalise import Normaliser
from streams.service.sample_platform import PlatformSampler
from streams.service.topic_reading import Topics
from streams.service.trace_event import Found, Traced, Tracer
from tests.support.cloud_events import NOON_S, a_cloud_event
from tests.support.serving import Town, answering
from tests.support.topic_readings import MemoryTopics, SteppingClock, applied_everything

SECRET = b"0123456789abcdef"
TOPIC = "events.shop"
GATE = Normaliser(SECRET, decoder_for({}))
encode = msgspec.msgpack.Encoder().encode


def a_desk(town: Town, topics: Topics, clock: Clock) -> PlatformParts:
    decoders, names = decoder_for({}), TopicNames()
    judge = Judge(Normaliser(SECRET, decoders), decoders, types_for({}))
    return PlatformParts(
        PlatformSampler(topics, judge, names, clock),
        EventChecker(judge, documents_for({}), ActionTable(), IngestLimits()),
        Tracer(topics, judge, names_for({}), names, town.parts.profiles.profile_of, clock),
        {},
    )


@contextmanager
def a_console(town: Town, topics: Topics, clock: Clock, audit: MemoryAudit | None = None) -> Iterator[str]:
    """The address of a console with platforms shop and video."""
    serve = replace(town.parts, audit=audit or MemoryAudit())
    parts = ConsoleParts(serve, Live(), ("shop", "video"), platform_desk=a_desk(town, topics, clock))
    app = create_api(serve, sessions_of(parts).key_of)
    add_console(app, parts)
    with answering(app) as url:
        yield url


class World:
    """Topics, a tracer over them, and the stages as far as it looks at them."""

    def __init__(self, topics: MemoryTopics | None = None) -> None:
        self.topics = topics or MemoryTopics(batch_records=3)
        self.profiles: dict[str, ProfileRecord] = {}
        self.clock = SteppingClock(NOON_S)
        judge = Judge(GATE, decoder_for({}), types_for({}))
        self.tracer = Tracer(self.topics, judge, names_for({}), TopicNames(), self.profiles.get, self.clock)

    def send(self, value: Any = None, *, partition: int = 0, at_s: float = NOON_S - 10, **changes: Any) -> RawRecord:
        value = json.dumps(a_cloud_event(**changes)).encode() if value is None else value
        return self.topics.put(TOPIC, value, partition=partition, at_s=at_s)

    def pass_gate(self) -> None:
        """Everything that was sent through the stage `normalise`."""
        for record in self.topics.records[TOPIC]:
            batch = GATE.normalise([record], "shop")  # type: ignore[arg-type]
            for user, event in batch.events:
                self.topics.put("user-events", encode(event), key=user.encode(), at_s=record.timestamp_s + 0.1)
            for letter in batch.dead:
                self.topics.put("dead-letters", letter.encode(), key=letter.place, at_s=record.timestamp_s + 0.1)
        applied_everything(self.topics, {"normalise": TOPIC})

    def publish(self, user: str, revision: int, triggers: list[str], recent: list[str] = ()) -> ProfileRecord:  # type: ignore[assignment]
        profile = ProfileRecord(
            1, user, revision, NOON_S, NOON_S, revision, Model("m", "1", 2), Change("update", triggers), Identity([]), {},
            Vectors(b"", b"", []), [], [RecentEvent(each, "t", "shop", "", 1.0, NOON_S) for each in recent],
            Quality(False, 1.0, 0, False),
        )  # fmt: skip
        self.profiles[user] = profile
        self.topics.put("profiles", encode_profile(profile), key=user.encode(), at_s=NOON_S - 5)
        applied_everything(self.topics, {"profile": "user-events"})
        return profile

    def find(self, identifier: str = "e-1", source: str = "", since_s: float = NOON_S - 100, **more: Any) -> Found:
        return self.tracer.find(Asked("shop", identifier, source, since_s), more.pop("progress", Progress()), **more)  # type: ignore[arg-type]

    def one(self, identifier: str = "e-1") -> Traced:
        (traced,) = self.find(identifier).traced
        return traced
