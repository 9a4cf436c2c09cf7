"""Stage `profile`: `user-events` → `profiles`, with its state in RocksDB and `profile-state`."""

from __future__ import annotations

from typing import Final

from streams.agents.dead_letters import Keep, count_dead_letters, dead_letters, letter_erasures
from streams.domain.dead_letters import plain
from streams.domain.moves import ARRIVAL, KIND_HEADER
from streams.domain.profiles import encode_profile
from streams.domain.raw import RawRecord
from streams.domain.topic_names import IDENTITY_PARTITION, TopicNames
from streams.engine.effects import Effects, Headers, Keyed, Outgoing, StateReader
from streams.ports import Clock
from streams.service.update_profiles import STAGE, PreparedEvents, ProfileUpdater, UpdatedProfiles
from streams.telemetry import metrics

CONTENT_TYPE: Final[Headers] = [("content-type", b"application/msgpack")]
ARRIVES: Final[Headers] = [(KIND_HEADER, ARRIVAL)]


class ProfileStage:
    """Folds events into profiles. `profiles` has as many partitions as `user-events` and the same key."""

    name = STAGE

    def __init__(self, updater: ProfileUpdater, topics: TopicNames, clock: Clock, keep: Keep = plain) -> None:
        self._updater = updater
        self._topics = topics
        self._clock = clock
        self._keep = keep

    def prepare(self, records: list[RawRecord]) -> PreparedEvents:
        """Decode and find vectors; blocks for the encoder."""
        return self._updater.prepare(records)

    def fold(self, prepared: PreparedEvents, state: StateReader) -> Effects:
        """One profile and one state record per touched user."""
        updated = self._updater.update(prepared, state.get_many)
        _count(updated)
        profiles: list[Keyed] = [
            (key, None if profile is None else encode_profile(profile)) for key, profile in updated.profiles
        ]
        outputs = [Outgoing(self._topics.profiles, profiles, headers=CONTENT_TYPE)] if profiles else []
        if updated.arrivals:
            outputs.append(Outgoing(self._topics.user_events, updated.arrivals, headers=ARRIVES))
        if updated.forwarded:
            outputs.append(Outgoing(self._topics.user_events, updated.forwarded))
        if updated.commands:
            outputs.append(Outgoing(self._topics.identity, updated.commands, partition=IDENTITY_PARTITION))
        outputs += dead_letters(self._topics.dead_letters, prepared.dead, self._keep)
        outputs += letter_erasures(self._topics.dead_letters, updated.erased)
        return Effects(outputs, list(updated.states))

    def committed(self, prepared: PreparedEvents) -> None:
        """Count dead letters and how long the events took."""
        count_dead_letters(prepared.dead)
        now_s = self._clock.now_s()
        observe = metrics.EVENT_TO_PROFILE.observe
        for received_s in {observation.event.received_at_s for observation in prepared.observations}:
            observe(max(0.0, now_s - received_s))


def _count(updated: UpdatedProfiles) -> None:
    report = updated.report
    metrics.EVENTS_APPLIED.inc(report.n_applied)
    metrics.PROFILES_PUBLISHED.inc(len(updated.profiles))
    metrics.DUPLICATES.inc(report.n_repeats)
    metrics.BEHIND_HORIZON.inc(report.n_behind_horizon)
    metrics.REPLAYED.inc(report.n_replayed)
    metrics.HELD_BACK.inc(report.n_held_back)
    metrics.EVENTS_FORWARDED.inc(len(updated.forwarded))
    metrics.EVENTS_PARKED.inc(updated.n_parked)
    metrics.REFUSED.labels(STAGE).inc(updated.n_refused)
    for kind in ("erase", "expire"):
        metrics.ERASURES.labels(kind).inc(updated.erasures[kind])
    for kind, number in updated.decisions.items():
        metrics.DECISIONS.labels(kind).inc(number)
