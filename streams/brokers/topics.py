"""Every topic Braid reads or writes, declared once: names, sizes, policies. Creates nothing; `topic_admin` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from streams.brokers.limits import DEAD_LETTER_MAX_BYTES, INPUT_MAX_BYTES, MIRROR_MAX_BYTES, STATE_MAX_BYTES
from streams.domain.decay import DAY_S
from streams.domain.topic_names import TopicNames
from streams.settings import Topics

#: How long readers of a compacted topic (snapshots of serve, replicas) may be away and still learn of a deletion.
TOMBSTONE_RETENTION_DAYS: Final = 7.0
#: An erased value may outlive its tombstone by this long and the cleaner's pause, if the partition is written to.
MAX_COMPACTION_LAG_DAYS: Final = 1.0
#: Retention and compaction pass over the active segment, so this is how much later than promised data may go.
SEGMENT_DAYS: Final = 1.0
_BOTH: Final = {"cleanup.policy": "compact,delete"}


@dataclass(frozen=True)
class TopicSpec:
    """One topic as it should be. `configs` are topic settings under their Kafka names, values as Kafka prints them.

    may_grow: more partitions than declared do no harm: no state is kept by them, and no order of a key matters.
    """

    name: str
    n_partitions: int
    replication: int
    configs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    may_grow: bool = False


def declared_topics(topics: Topics, platforms: Iterable[str] = ()) -> tuple[TopicSpec, ...]:
    """The whole table: inputs, inner topics, outputs.

    platforms: those known from mapping files, beside the ones in the settings; repeats are harmless.
    Raises ValueError for a prefix or platform name that Kafka or Braid would refuse.

    >>> [spec.name for spec in declared_topics(Topics(platforms=("shop",)), ["gym"])][:3]
    ['events.shop', 'events.gym', 'items']
    """
    names = TopicNames(topics.prefix)
    kept = _deleted_after(topics.events_retention_days)
    inputs = {names.events(platform): kept | _up_to(INPUT_MAX_BYTES) for platform in (*topics.platforms, *platforms)}
    policies: dict[str, dict[str, str]] = {
        **inputs,
        # Written by others too, so their clocks must not decide when a segment is closed.
        names.items: _compacted() | _broker_time() | _up_to(INPUT_MAX_BYTES),
        names.identity: _deleted_after(topics.identity_retention_days) | _up_to(INPUT_MAX_BYTES),
        names.user_events: kept | _up_to(STATE_MAX_BYTES),
        names.item_vectors: _compacted() | _up_to(STATE_MAX_BYTES),
        names.identity_state: _compacted() | _up_to(STATE_MAX_BYTES),
        names.identities: _compacted() | _up_to(STATE_MAX_BYTES),
        names.profiles: _compacted() | _up_to(STATE_MAX_BYTES),
        names.profile_state: _compacted() | _up_to(STATE_MAX_BYTES),
        # Those of an erased person go by their keys, all others with their segments.
        names.dead_letters: _compacted() | kept | _BOTH | _up_to(DEAD_LETTER_MAX_BYTES),
        names.letter_state: _compacted() | _up_to(STATE_MAX_BYTES),
        names.audit: _deleted_after(topics.audit_retention_days),
    }
    durable = _durable(topics.replication)
    # One partition puts link commands in one order, and letters with the erasures of whoever they belong to.
    in_one_order = {names.identity, names.identity_state, names.dead_letters, names.letter_state}
    return tuple(
        TopicSpec(
            name,
            n_partitions=1 if name in in_one_order else topics.partitions,
            replication=topics.replication,
            configs=MappingProxyType(policy | durable),
            may_grow=name in inputs,
        )
        for name, policy in policies.items()
    )


def mirror_topic(topics: Topics, name: str, n_partitions: int) -> TopicSpec:
    """What `braid mirror` writes to: compacted as `profiles` is, so that deletions reach whoever follows."""
    configs = _compacted() | _up_to(MIRROR_MAX_BYTES) | _durable(topics.replication)
    return TopicSpec(name, n_partitions, topics.replication, MappingProxyType(configs))


def letters_kept_s(topics: Topics) -> float:
    """How long `dead-letters` may hold a letter: its segment must be closed, and noticed, before retention counts."""
    return (topics.events_retention_days + 2 * SEGMENT_DAYS) * DAY_S


def _deleted_after(days: float) -> dict[str, str]:
    # Retention goes by record timestamps; only the broker's are a promise.
    return {
        "cleanup.policy": "delete",
        "retention.ms": _ms(days),
        "segment.ms": _ms(min(SEGMENT_DAYS, days)),
        **_broker_time(),
    }


def _compacted() -> dict[str, str]:
    return {
        "cleanup.policy": "compact",
        "delete.retention.ms": _ms(TOMBSTONE_RETENTION_DAYS),
        "max.compaction.lag.ms": _ms(MAX_COMPACTION_LAG_DAYS),
        "segment.ms": _ms(SEGMENT_DAYS),
    }


def _broker_time() -> dict[str, str]:
    return {"message.timestamp.type": "LogAppendTime"}


def _up_to(max_bytes: int) -> dict[str, str]:
    return {"max.message.bytes": str(max_bytes)}


def _durable(replication: int) -> dict[str, str]:
    # With three replicas a write survives the loss of any one broker, and an unclean leader would undo it.
    return {
        "min.insync.replicas": str(min(2, max(1, replication - 1))),
        "unclean.leader.election.enable": "false",
    }


def _ms(days: float) -> str:
    return str(round(days * DAY_S * 1000))
