"""Stage `normalise`: `events.<platform>` → `user-events` and `dead-letters`."""

from __future__ import annotations

from itertools import groupby
from typing import Final

import msgspec

from streams.agents.dead_letters import count_dead_letters, dead_letters
from streams.domain.raw import RawRecord
from streams.domain.topic_names import TopicNames
from streams.engine.effects import Effects, Outgoing, StateReader
from streams.service.normalise import STAGE, NormalisedBatch, Normaliser
from streams.telemetry import metrics

_encode: Final = msgspec.msgpack.Encoder().encode


class NormaliseStage:
    """Cleans, pseudonymises and re-keys; keeps no state."""

    name = STAGE

    def __init__(self, normaliser: Normaliser, topics: TopicNames) -> None:
        self._normaliser = normaliser
        self._topics = topics

    def prepare(self, records: list[RawRecord]) -> list[tuple[str, NormalisedBatch]]:
        """Normalise, per platform (records of one partition are of one platform)."""
        batches = []
        for topic, group in groupby(records, key=_topic):
            platform = self._topics.platform_of(topic)
            batches.append((str(platform), self._normaliser.normalise(list(group), platform)))
        return batches

    def fold(self, prepared: list[tuple[str, NormalisedBatch]], state: StateReader) -> Effects:  # noqa: ARG002
        """Events under their user keys, dead letters under the keys they came with."""
        events: list[tuple[bytes | None, bytes | None]] = [
            (user.encode(), _encode(event)) for _, batch in prepared for user, event in batch.events
        ]
        effects = Effects([Outgoing(self._topics.user_events, events)] if events else [])
        for _, batch in prepared:
            effects.outputs.extend(dead_letters(self._topics.dead_letters, batch.dead))
        return effects

    def committed(self, prepared: list[tuple[str, NormalisedBatch]]) -> None:
        """Count outcomes."""
        for platform, batch in prepared:
            count_dead_letters(batch.dead)
            if batch.n_late:
                metrics.LATE.labels(platform).inc(batch.n_late)
            if batch.n_ignored:
                metrics.IGNORED.labels(platform, "control").inc(batch.n_ignored)


def _topic(record: RawRecord) -> str:
    return record.topic
