"""Stage `normalise`: `events.<platform>` → `user-events` and `dead-letters`."""

from __future__ import annotations

from itertools import groupby, islice
from threading import Lock
from typing import Final

import msgspec

from streams.agents.dead_letters import Keep, count_dead_letters, dead_letters
from streams.domain.dead_letters import plain
from streams.domain.hints import Hint, Rotation, command_of
from streams.domain.raw import RawRecord
from streams.domain.topic_names import IDENTITY_PARTITION, TopicNames
from streams.engine.effects import Effects, Keyed, Outgoing, StateReader
from streams.service.normalise import STAGE, NormalisedBatch, Normaliser
from streams.telemetry import metrics

_encode: Final = msgspec.msgpack.Encoder().encode


#: Hints that are not sent again while they are remembered; the log takes repeats for what they are.
TOLD_HINTS: Final = 200_000


class NormaliseStage:
    """Cleans, pseudonymises and re-keys; keeps no state but a memory of what the identity log was told lately."""

    name = STAGE

    def __init__(self, normaliser: Normaliser, topics: TopicNames, keep: Keep = plain) -> None:
        self._normaliser = normaliser
        self._keep = keep
        self._topics = topics
        self._told: dict[tuple[bytes, bytes], None] = {}
        self._told_lock = Lock()

    def prepare(self, records: list[RawRecord]) -> list[tuple[str, NormalisedBatch]]:
        """Normalise, per platform (records of one partition are of one platform)."""
        batches = []
        for topic, group in groupby(records, key=_topic):
            platform = self._topics.platform_of(topic)
            batches.append((str(platform), self._normaliser.normalise(list(group), platform)))
        return batches

    def fold(self, prepared: list[tuple[str, NormalisedBatch]], state: StateReader) -> Effects:  # noqa: ARG002
        """Events under their user keys, dead letters under their places."""
        events: list[tuple[bytes | None, bytes | None]] = [
            (user.encode(), _encode(event)) for _, batch in prepared for user, event in batch.events
        ]
        effects = Effects([Outgoing(self._topics.user_events, events)] if events else [])
        for _, batch in prepared:
            effects.outputs.extend(dead_letters(self._topics.dead_letters, batch.dead, self._keep))
            effects.outputs.extend(self._commands([*batch.rotations, *batch.hints]))
        return effects

    def _commands(self, hints: list[Hint | Rotation]) -> list[Outgoing]:
        if not hints:
            return []
        with self._told_lock:
            fresh = {hint.pair: hint for hint in hints if hint.pair not in self._told}
            self._told.update(dict.fromkeys(fresh))
            for oldest in list(islice(self._told, max(0, len(self._told) - TOLD_HINTS))):
                del self._told[oldest]
        commands: list[Keyed] = [(pair[0].hex().encode(), command_of(hint)) for pair, hint in fresh.items()]
        return [Outgoing(self._topics.identity, commands, partition=IDENTITY_PARTITION)] if commands else []

    def committed(self, prepared: list[tuple[str, NormalisedBatch]]) -> None:
        """Count outcomes."""
        for platform, batch in prepared:
            count_dead_letters(batch.dead)
            metrics.IDENTITY_HINTS.inc(len(batch.hints))
            for kind, number in batch.masked.items():
                metrics.MASKED.labels(platform, kind).inc(number)
            if batch.n_late:
                metrics.LATE.labels(platform).inc(batch.n_late)
            if batch.n_refused:
                metrics.REFUSED.labels("normalise").inc(batch.n_refused)
            if batch.n_ignored:
                metrics.IGNORED.labels(platform, "control").inc(batch.n_ignored)


def _topic(record: RawRecord) -> str:
    return record.topic
