"""Creates the declared topics and verifies them. Never changes a topic that exists; `topic_upgrades` does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # documented there, re-exported without __all__
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    TopicMetadata,
)

from streams.brokers.topics import TopicSpec
from streams.errors import Unavailable

REQUEST_TIMEOUT_S: Final = 10.0
#: The first question decides whether anybody is there; a person waits for the answer.
CONTACT_TIMEOUT_S: Final = 5.0
POLL_S: Final = 0.05
#: How librdkafka's in-process cluster begins its cluster id.
EMBEDDED_CLUSTER: Final = "mockCluster"


@dataclass(frozen=True)
class Difference:
    """One property of one topic that is not as declared.

    field: `topic` (missing), `partitions`, `replication`, or the Kafka name of a setting. A difference of kind
    `unverified` is no fault: the broker cannot be asked.
    """

    topic: str
    field: str
    declared: str
    found: str
    kind: Literal["fault", "unverified"] = "fault"

    def as_record(self) -> dict[str, str]:
        """Plain fields, for JSON."""
        return asdict(self)

    @property
    def remedy(self) -> str:
        """What the operator does about it where `braid topics upgrade` does not."""
        if self.field == "topic":
            return "braid topics apply"
        if self.field == "partitions" and self.declared == "1":
            return "partitions cannot be taken away: stop the workers, read the topic, delete it, braid topics apply"
        if self.field == "partitions":
            return "set BRAID_TOPICS__PARTITIONS to what is there: keys would go elsewhere"
        if self.field == "replication":
            return "kafka-reassign-partitions.sh, or set BRAID_TOPICS__REPLICATION"
        value = f"[{self.declared}]" if "," in self.declared else self.declared
        topic = f"--entity-type topics --entity-name {self.topic}"
        return f"kafka-configs.sh --alter {topic} --add-config '{self.field}={value}'"


def apply(admin: AdminClient, table: Sequence[TopicSpec]) -> list[str]:
    """Create the topics that are missing; the names of those created.

    A topic that exists is left as it is, partition count included: more partitions would send a key elsewhere and
    split a user's state. The embedded broker has no CreateTopics; there asking for a topic makes it, with as many
    partitions as that broker gives. Raises Unavailable when no broker answers or one refuses a topic.
    """
    metadata = cluster_metadata(admin)
    missing = [spec for spec in table if spec.name not in metadata.topics]
    if is_embedded(metadata):
        for spec in missing:
            cluster_metadata(admin, spec.name)
    elif missing:
        _create(admin, missing)
        _wait_until_visible(admin, {spec.name for spec in missing})
    return [spec.name for spec in missing]


def check(admin: AdminClient, table: Sequence[TopicSpec]) -> list[Difference]:
    """Compare the cluster with the declaration; an empty list means that they agree.

    Raises Unavailable when no broker answers.
    """
    metadata = cluster_metadata(admin)
    present = [spec for spec in table if spec.name in metadata.topics]
    differences = [
        Difference(spec.name, "topic", "present", "missing") for spec in table if spec.name not in metadata.topics
    ]
    for spec in present:
        differences += _shape_differences(spec, metadata.topics[spec.name])
    if is_embedded(metadata):  # it gives every topic as many; of those that need one, only the first is used
        one = {spec.name for spec in table if spec.n_partitions == 1}
        differences = [each for each in differences if each.field != "partitions" or each.topic not in one]
    if present:
        differences += _unverified(present) if is_embedded(metadata) else _config_differences(admin, present)
    return sorted(differences, key=lambda difference: (difference.topic, difference.field))


def cluster_metadata(admin: AdminClient, topic: str | None = None) -> ClusterMetadata:
    """What the cluster says of itself and its topics; `topic` alone, when named. Raises Unavailable."""
    try:
        return admin.list_topics(topic, timeout=CONTACT_TIMEOUT_S)
    except KafkaException as error:
        raise Unavailable(
            f"BRAID_KAFKA__BOOTSTRAP_SERVERS: no broker answered within {CONTACT_TIMEOUT_S:.0f} s "
            f"({_reason(error)}); start one with `braid broker kafka`, or set the address of yours"
        ) from error


def is_embedded(metadata: ClusterMetadata) -> bool:
    """The embedded broker has no controller: admin requests other than metadata would wait for one in vain."""
    return str(metadata.cluster_id).startswith(EMBEDDED_CLUSTER)


def _create(admin: AdminClient, specs: Iterable[TopicSpec]) -> None:
    requests = [
        NewTopic(
            spec.name,
            num_partitions=spec.n_partitions,
            replication_factor=spec.replication,
            config=dict(spec.configs),
        )
        for spec in specs
    ]
    answers = admin.create_topics(requests, request_timeout=REQUEST_TIMEOUT_S)
    for name, future in answers.items():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
                continue  # someone applied the same table at the same time
            raise Unavailable(
                f"topic {name} cannot be created: {_reason(error)}; check BRAID_TOPICS__REPLICATION against the "
                "number of brokers, and that the user may create topics"
            ) from error


def _wait_until_visible(admin: AdminClient, names: set[str]) -> None:
    """The controller answers before the brokers have heard; a client that comes too early sees no such topic."""
    give_up_at_s = time.monotonic() + REQUEST_TIMEOUT_S
    while not names <= cluster_metadata(admin).topics.keys():
        if time.monotonic() > give_up_at_s:
            raise Unavailable(
                f"created topics did not show within {REQUEST_TIMEOUT_S:.0f} s: look at the brokers' logs, then "
                "run `braid topics check`"
            )
        time.sleep(POLL_S)


def _shape_differences(spec: TopicSpec, found: TopicMetadata) -> list[Difference]:
    differences = []
    n_partitions = len(found.partitions)
    if n_partitions != spec.n_partitions and not (spec.may_grow and n_partitions > spec.n_partitions):
        differences.append(Difference(spec.name, "partitions", str(spec.n_partitions), str(n_partitions)))
    replications = sorted({len(partition.replicas) for partition in found.partitions.values()})
    if replications != [spec.replication]:
        differences.append(
            Difference(spec.name, "replication", str(spec.replication), ", ".join(map(str, replications)))
        )
    return differences


def _config_differences(admin: AdminClient, specs: Sequence[TopicSpec]) -> list[Difference]:
    resources = {ConfigResource(ConfigResource.Type.TOPIC, spec.name): spec for spec in specs}
    answers = admin.describe_configs(list(resources), request_timeout=REQUEST_TIMEOUT_S)
    differences = []
    for resource, future in answers.items():
        spec = resources[resource]
        try:
            entries = future.result()
        except KafkaException as error:
            differences.append(
                Difference(spec.name, "settings", "as declared", f"not readable: {_reason(error)}", "unverified")
            )
            continue
        for name, declared in spec.configs.items():
            found = str(entries[name].value) if name in entries else "unknown to this broker"
            if _words(found) != _words(declared):
                differences.append(Difference(spec.name, name, declared, found))
    return differences


def _words(value: str) -> set[str]:
    """A list such as a cleanup policy means the same in any order, and brokers have one of their own."""
    return set(value.split(","))


def _unverified(specs: Iterable[TopicSpec]) -> list[Difference]:
    found = "the embedded broker keeps no settings"
    return [Difference(spec.name, "settings", "as declared", found, "unverified") for spec in specs]


def _reason(error: KafkaException) -> str:
    return str(error.args[0].str())
