"""The port Audit: what holds in memory and on a topic alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from streams.adapters.audit_log import KafkaAudit
from streams.brokers.connection import producer_config
from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.ports import free_ports
from streams.domain.audit_records import AuditRecord, decode_audit
from streams.errors import Retryable
from streams.serve.audit import Audit, MemoryAudit
from streams.telemetry.metrics import REGISTRY
from tests.support.brokers import admin_of, eventually, kafka_at, read_values


def a_record(number: int) -> AuditRecord:
    return AuditRecord(1_700_000_000.0 + number, "site", "GET /v1/profiles/{profile_id}", f"mark-{number}", "answered", 200)


def n_lost() -> float:
    return REGISTRY.get_sample_value("braid_audit_records_total", {"outcome": "lost"}) or 0.0


@dataclass
class Kept:
    """An audit and a way to read what it kept: at least so many records."""

    audit: Audit
    read: Callable[[int], list[AuditRecord]]


@pytest.fixture(params=["memory", "kafka"])
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    if request.param == "memory":
        memory = MemoryAudit()
        yield Kept(memory, lambda _: list(memory.records))
        return
    broker: EmbeddedBroker = request.getfixturevalue("embedded_broker")
    servers, topic = broker.bootstrap_servers, request.getfixturevalue("topic_prefix") + "audit"
    admin_of(servers).list_topics(topic, timeout=10)  # the embedded broker makes it
    audit = KafkaAudit(producer_config(kafka_at(servers)), topic)
    yield Kept(audit, lambda n: [decode_audit(value) for value in read_values(servers, topic, n)])
    audit.close()


@pytest.fixture(params=["memory", "kafka"])
def away(request: pytest.FixtureRequest) -> Iterator[Audit]:
    """An audit that reaches nobody."""
    if request.param == "memory":
        memory = MemoryAudit()
        memory.is_away = True
        yield memory
        return
    (port,) = free_ports(1)
    config = {**producer_config(kafka_at(f"127.0.0.1:{port}")), "message.timeout.ms": 500}
    yield KafkaAudit(config, "audit", required_s=0.2, max_waiting=10)


def test_what_was_required_is_safe_when_the_call_returns(kept: Kept):
    kept.audit.require(a_record(1))
    assert kept.read(1) == [a_record(1)]


def test_what_was_noted_is_there_after_closing(kept: Kept):
    records = [a_record(number) for number in range(20)]
    for record in records:
        kept.audit.note(record)
    kept.audit.close()
    assert sorted(kept.read(20), key=lambda record: record.at) == records


@pytest.mark.requirement("N14")
def test_nothing_is_required_in_vain_while_it_is_away(away: Audit):
    with pytest.raises(Retryable):
        away.require(a_record(1))


@pytest.mark.requirement("N14")
def test_noting_never_waits_and_never_raises_while_it_is_away(away: Audit):
    # One at a time that waited for its broker would be minutes.
    noting = threading.Thread(target=lambda: [away.note(a_record(number)) for number in range(1_000)], daemon=True)
    noting.start()
    noting.join(30)
    assert not noting.is_alive()


@pytest.mark.requirement("N14")
def test_what_the_queue_has_no_room_for_is_counted():
    (port,) = free_ports(1)
    audit = KafkaAudit(producer_config(kafka_at(f"127.0.0.1:{port}")), "audit", required_s=0.2, max_waiting=10)
    before = n_lost()
    for number in range(30):
        audit.note(a_record(number))
    eventually(lambda: n_lost() - before >= 20)
    with pytest.raises(Retryable, match="no room"):
        audit.require(a_record(31))
