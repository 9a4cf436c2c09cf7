"""Brings topics that exist to the declaration, as far as that can be done in place and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # documented there, re-exported without __all__
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)

from streams.brokers.topic_admin import REQUEST_TIMEOUT_S, Difference, check, cluster_metadata, is_embedded
from streams.brokers.topics import TopicSpec
from streams.errors import Unavailable

#: A smaller value lets the broker delete what it holds, or refuse what is written today.
_NEVER_LESS: Final = frozenset({"retention.ms", "delete.retention.ms", "max.message.bytes"})
_POLICY: Final = "cleanup.policy"
_IN_SYNC: Final = "min.insync.replicas"


@dataclass(frozen=True)
class Step:
    """What becomes of one difference. kind: change, or leave to the operator; why: of one that is left."""

    topic: str
    field: str
    found: str
    declared: str
    kind: Literal["change", "leave"]
    why: str = ""

    def as_record(self) -> dict[str, str]:
        """Plain fields, for JSON."""
        return asdict(self)


def plan(admin: AdminClient, table: Sequence[TopicSpec]) -> list[Step]:
    """What would be done about each difference; changes nothing. Raises Unavailable when no broker answers."""
    differences = [each for each in check(admin, table) if each.kind == "fault"]
    replicas = {
        name: min((len(partition.replicas) for partition in topic.partitions.values()), default=0)
        for name, topic in cluster_metadata(admin).topics.items()
    }
    specs = {spec.name: spec for spec in table}
    return [_step(each, specs[each.topic], replicas.get(each.topic, 0)) for each in differences]


def upgrade(admin: AdminClient, steps: Sequence[Step]) -> None:
    """Do the changes of a plan, one topic after the other. Raises Unavailable at the first that is refused.

    What was changed before stays changed: a second run goes on from there.
    """
    if is_embedded(cluster_metadata(admin)):
        return
    changes = [step for step in steps if step.kind == "change"]
    for topic in dict.fromkeys(step.topic for step in changes):
        of_topic = [step for step in changes if step.topic == topic]
        _alter(admin, topic, [step for step in of_topic if step.field != "partitions"])
        _grow(admin, topic, [step for step in of_topic if step.field == "partitions"])


def _step(difference: Difference, spec: TopicSpec, n_replicas: int) -> Step:
    why = next(_reasons_to_leave(difference, spec, n_replicas), "")
    return Step(
        difference.topic, difference.field, difference.found, difference.declared, "leave" if why else "change", why
    )


def _reasons_to_leave(difference: Difference, spec: TopicSpec, n_replicas: int) -> Iterator[str]:
    field, declared, found = difference.field, difference.declared, difference.found
    is_beyond_us = field in {"topic", "replication"} or not _is_understood(difference)
    if is_beyond_us or (field == "partitions" and not (spec.may_grow and int(declared) > int(found))):
        yield difference.remedy
    elif field in _NEVER_LESS and int(declared) < int(found):
        yield f"less than there is: records would go or be refused; if that is meant, {difference.remedy}"
    elif field == _POLICY and "delete" in declared.split(",") and "delete" not in found.split(","):
        yield f"records would be deleted that are kept now; if that is meant, {difference.remedy}"
    elif field == _IN_SYNC and int(declared) > n_replicas:
        yield f"the topic has {n_replicas} replicas, and nothing could be written: first kafka-reassign-partitions.sh"


def _is_understood(difference: Difference) -> bool:
    """Whether both sides are numbers where numbers are compared; a broker may not know a setting at all."""
    if difference.field == "partitions" or difference.field in _NEVER_LESS or difference.field == _IN_SYNC:
        return difference.declared.isdecimal() and difference.found.isdecimal()
    return True


def _alter(admin: AdminClient, topic: str, steps: Sequence[Step]) -> None:
    if not steps:
        return
    entries = [
        ConfigEntry(step.field, step.declared, incremental_operation=AlterConfigOpType.SET) for step in steps
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    answers = admin.incremental_alter_configs([resource], request_timeout=REQUEST_TIMEOUT_S)
    _wait(topic, "settings", "AlterConfigs", answers[resource])


def _grow(admin: AdminClient, topic: str, steps: Sequence[Step]) -> None:
    for step in steps:
        wanted = NewPartitions(topic, int(step.declared))
        answers = admin.create_partitions([wanted], request_timeout=REQUEST_TIMEOUT_S)
        _wait(topic, "partitions", "Alter", answers[topic])


def _wait(topic: str, what: str, right: str, answer: object) -> None:
    try:
        answer.result()  # type: ignore[attr-defined]  # a future of the admin client
    except KafkaException as error:
        raise Unavailable(
            f"topic {topic}: its {what} cannot be changed: {error.args[0].str()}; the user needs {right} on it"
        ) from error
