"""The cluster: the address that was tried and those it sends its clients to, topics, rights, clock. Writes nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # documented there, re-exported without __all__
    AdminClient,
    ClusterMetadata,
    OffsetSpec,
)

from streams.brokers.connection import admin_config
from streams.brokers.contact import missing_rights, refusal_of
from streams.brokers.rights import Right
from streams.brokers.topic_admin import Difference, check, cluster_metadata, is_embedded
from streams.brokers.topics import TopicSpec
from streams.checks.findings import Finding
from streams.ports import Clock
from streams.settings import Kafka

CONNECT_S: Final = 3.0
REQUEST_S: Final = 10.0
#: The broker's clock against this one: less than this is how long an answer takes.
MAX_BEHIND_S: Final = 1.0
_SHOWN: Final = 5

Connect = Callable[[tuple[str, int], float], socket.socket]


@dataclass(frozen=True)
class Cluster:
    """table: the topics as declared. role, rights: whose user is configured, and what it needs."""

    kafka: Kafka
    table: Sequence[TopicSpec]
    role: str
    rights: Sequence[Right]
    clock: Clock

    def look(self) -> Iterator[Finding]:
        """Everything after the first contact is asked only when there is one."""
        refusal = refusal_of(self.kafka)
        if refusal is not None:
            yield Finding("broker", "fail", f"no contact at {self.kafka.bootstrap_servers}", refusal.text)
            for name in ("topics", "rights", "clock"):
                yield Finding(name, "warn", "not looked at: no broker", "mend the broker's line first")
            return
        admin = AdminClient(admin_config(self.kafka))
        metadata = cluster_metadata(admin)
        yield Finding("broker", "ok", f"{self.kafka.bootstrap_servers} answers, {len(metadata.brokers)} brokers")
        yield from advertised(metadata)
        yield from topics(check(admin, self.table), len(self.table))
        yield from self._rights(admin)
        yield from self._clock(admin, metadata)

    def _rights(self, admin: AdminClient) -> Iterator[Finding]:
        if self.kafka.security_protocol == "PLAINTEXT":
            yield Finding("rights", "ok", "the connection is plain: the cluster does not ask who this is")
            return
        missing, user = missing_rights(admin, self.rights), self.kafka.sasl_username
        if not missing:
            yield Finding("rights", "ok", f"{user} has the {len(self.rights)} rights of {self.role}")
            return
        listed = "; ".join(f"{right.operation} {right.resource} {right.name}" for right in missing[:_SHOWN])
        said = f"{user} lacks {len(missing)} of {len(self.rights)}: {listed}"
        yield Finding("rights", "fail", said, f"grant them, `braid rights {self.role}` prints the commands")

    def _clock(self, admin: AdminClient, metadata: ClusterMetadata) -> Iterator[Finding]:
        if is_embedded(metadata):
            yield Finding("clock", "ok", "the embedded broker has the clock of this machine")
            return
        places = [
            TopicPartition(spec.name, partition)
            for spec in self.table
            if spec.configs.get("message.timestamp.type") == "LogAppendTime" and spec.name in metadata.topics
            for partition in metadata.topics[spec.name].partitions
        ]
        yield from clock(_newest_s(admin, places), self.clock.now_s())


def advertised(metadata: ClusterMetadata, connect: Connect = socket.create_connection) -> Iterator[Finding]:
    """Clients are sent to what each broker says of itself, whatever address they began with."""
    for broker in metadata.brokers.values():
        try:
            connect((str(broker.host), broker.port), CONNECT_S).close()
        except OSError as error:
            said = f"broker {broker.id} says it is at {broker.host}:{broker.port}, not reached from here ({error})"
            remedy = "set advertised.listeners of the broker to an address that this machine reaches and resolves"
            yield Finding("advertised address", "fail", said, remedy)
        else:
            yield Finding("advertised address", "ok", f"broker {broker.id} at {broker.host}:{broker.port}")


def topics(differences: Sequence[Difference], n_declared: int) -> Iterator[Finding]:
    """A line for each fault, one for all that could not be verified."""
    faults = [each for each in differences if each.kind == "fault"]
    for each in faults:
        said = f"{each.topic}, {each.field}: {each.found}, declared {each.declared}"
        remedy = each.remedy if each.field == "topic" else f"`braid topics upgrade`, or {each.remedy}"
        yield Finding("topics", "fail", said, remedy)
    if len(differences) > len(faults):
        n = len(differences) - len(faults)
        yield Finding("topics", "warn", f"settings of {n} topics are not told by this broker", differences[-1].found)
    elif not faults:
        yield Finding("topics", "ok", f"{n_declared} as declared")


def clock(newest_s: float | None, now_s: float) -> Iterator[Finding]:
    """newest_s: of the newest record that carries the broker's time, None where there is none.

    Without a write this tells only a clock that is behind: a record is never newer than the broker's own clock.
    """
    if newest_s is None:
        yield Finding("clock", "warn", "no record carries the broker's time yet", "look again when events have come")
    elif newest_s - now_s > MAX_BEHIND_S:
        said = f"this machine's clock is at least {newest_s - now_s:.1f} s behind the broker's"
        yield Finding("clock", "fail", said, "let both follow a time server (chrony, systemd-timesyncd)")
    else:
        ago_s = max(0.0, now_s - newest_s)
        yield Finding("clock", "ok", f"not behind the broker's: its newest record is {ago_s:.0f} s old by this clock")


def _newest_s(admin: AdminClient, places: Sequence[TopicPartition]) -> float | None:
    newest: OffsetSpec = OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]  # its own stubs lack it
    answers = admin.list_offsets(dict.fromkeys(places, newest), request_timeout=REQUEST_S)
    found = []
    for answer in answers.values():
        try:
            found.append(answer.result().timestamp)
        except KafkaException:  # a topic that this user may not ask about, or a leader that moves
            continue
    return max((at_ms for at_ms in found if at_ms > 0), default=0) / 1000.0 or None
