"""The job every engine does, in Braid's own words: what differs between the engines is everything but this.

Two stages: `normalise` takes records of `events.shop` to cleaned events under user keys, `profile` folds those into a
state a user and publishes profiles. `whole` is both. Every engine calls the same functions of `streams` with the same
rules; item vectors and the vectors of what people wrote are in memory before the clock starts.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from streams.adapters.mapping_files import decoder_for
from streams.domain.actions import ActionTable
from streams.domain.events import Event
from streams.domain.folding import FoldReport, Observation, fold
from streams.domain.platforms import Platform
from streams.domain.profiles import encode_profile
from streams.domain.publishing import Cause, profile_of
from streams.domain.raw import RawRecord
from streams.domain.states import UserState
from streams.domain.topic_names import TopicNames
from streams.service.normalise import Normaliser
from streams.service.update_profiles import decode_event
from streams.settings import EncoderChoice, Kafka, Settings
from streams.wiring import encoder_of, fold_rules_of, limits_of, model_of, publish_rules_of
from tests.bench.peers.vector_table import VectorTable

PLATFORM = Platform("shop")
_pack_event = msgspec.msgpack.Encoder().encode


class JobSpec(msgspec.Struct, frozen=True):
    """What a process is told on its command line. n_events: after so many it ends; 0 = never.

    variant: engines that can be tuned in several ways say how.
    """

    engine: str
    stage: str
    servers: str
    prefix: str
    secret: str
    n_events: int
    state_dir: str
    variant: str = ""

    @classmethod
    def from_command_line(cls) -> JobSpec:
        return msgspec.json.decode(sys.argv[1], type=cls)

    @property
    def settings(self) -> Settings:
        return Settings(encoder=EncoderChoice(model="hashed"), kafka=Kafka(bootstrap_servers=self.servers))

    @property
    def shared(self) -> TopicNames:
        """Topics that all engines read."""
        return TopicNames(self.prefix)

    @property
    def own(self) -> TopicNames:
        """Topics that only this engine writes."""
        return TopicNames(f"{self.prefix}{self.engine}.")

    @property
    def user_events(self) -> str:
        """Where the profile stage reads: its own events when it makes them, else those of Braid."""
        return (self.own if self.stage == "whole" else self.shared).user_events


class Gate:
    """The normalise stage without an engine."""

    def __init__(self, spec: JobSpec) -> None:
        limits = limits_of(spec.settings)
        self._normaliser = Normaliser(
            spec.secret.encode(), decoder_for({}, limits.max_event_bytes), ActionTable(), limits
        )

    def events(self, records: Sequence[RawRecord]) -> Sequence[tuple[str, Event]]:
        """(user key, event), one a record: the benchmark's events are all good."""
        batch = self._normaliser.normalise(records, PLATFORM)
        assert len(batch.events) == len(records), batch.dead
        return batch.events

    def packed(self, records: Sequence[RawRecord]) -> list[tuple[str, bytes]]:
        """(user key, record of user-events)."""
        return [(user, _pack_event(event)) for user, event in self.events(records)]


class Folding:
    """The profile stage without an engine: one event or several at a time."""

    def __init__(self, spec: JobSpec) -> None:
        encoder = encoder_of(spec.settings)
        self._fold_rules = fold_rules_of(spec.settings, ActionTable(), model_of(encoder))
        self._publish_rules = publish_rules_of(spec.settings, encoder, ActionTable())
        self._table = VectorTable(spec.servers, spec.shared.item_vectors, encoder)

    def observe(self, key: bytes, value: bytes, offset: int) -> Observation:
        """A record of user-events with the row of its vector."""
        user, event = decode_event(RawRecord(value, key=key))
        return self.observation(offset, user, event)

    def observation(self, offset: int, user: str, event: Event) -> Observation:
        """The same of an event that was never packed."""
        return Observation(offset, user, event, self._table.row_of(event))

    def fold(self, state: UserState, observations: list[Observation]) -> FoldReport:
        """Observations of one user into the state, in place."""
        user = observations[0].user
        return fold(self._fold_rules, {user: state}, observations, self._table.rows)

    def publish(self, user: str, state: UserState, triggers: list[bytes]) -> bytes:
        """The record of profiles."""
        return encode_profile(
            profile_of(self._publish_rules, user, state, Cause("update", triggers), self._table.items)
        )


def as_record(message: Any) -> RawRecord:
    """A confluent-kafka message in the words of the domain."""
    return RawRecord(
        message.value(), (), message.timestamp()[1] / 1000.0, message.topic(), message.partition(), message.offset(),
        message.key(),
    )  # fmt: skip
