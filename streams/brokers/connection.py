"""The one place where `settings.Kafka` becomes librdkafka configuration."""

from __future__ import annotations

from typing import Any, Final

from streams.brokers.limits import DEAD_LETTER_MAX_BYTES
from streams.settings import Kafka

ClientConfig = dict[str, Any]

#: The transaction coordinator answers CONCURRENT_TRANSACTIONS to a `begin` that comes right after a commit;
#: librdkafka's default of 100 ms makes every transaction last 107-117 ms, 5 ms makes it 5-10 ms.
RETRY_BACKOFF_MS: Final = 5
#: Java's hash of the key, so that records of one key meet in one partition whoever wrote them.
PARTITIONER: Final = "murmur2_random"
#: librdkafka waits up to 10 s before it tries a lost broker again; a restarted one is back long before.
RECONNECT_BACKOFF_MAX_MS: Final = 1_000
#: The group that commands which only look name: they join none and commit nothing.
LOOKING: Final = "braid-tail"


def client_config(kafka: Kafka, **extra: object) -> ClientConfig:
    """What every client needs to reach and be let into the cluster; `extra` wins over it.

    >>> client_config(Kafka(bootstrap_servers="127.0.0.1:9092"), **{"client.id": "tail"})["client.id"]
    'tail'
    """
    config: ClientConfig = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "client.id": "braid",
        "security.protocol": kafka.security_protocol,
        "reconnect.backoff.max.ms": RECONNECT_BACKOFF_MAX_MS,
    }
    if kafka.security_protocol.startswith("SASL_"):
        config |= {
            "sasl.mechanism": kafka.sasl_mechanism,
            "sasl.username": kafka.sasl_username,
            "sasl.password": kafka.sasl_password.get_secret_value(),
        }
    if kafka.security_protocol.endswith("SSL") and kafka.ssl_ca_file:
        config["ssl.ca.location"] = kafka.ssl_ca_file
    return config | extra


def producer_config(kafka: Kafka, **extra: object) -> ClientConfig:
    """An idempotent producer that waits for all in-sync replicas. Add `transactional.id` for a fenced one."""
    config: ClientConfig = {
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": PARTITIONER,
        "retry.backoff.ms": RETRY_BACKOFF_MS,
        # Bounds one record; how many are batched is batch.size. Without it a dead letter of 1 MB would be refused.
        "message.max.bytes": DEAD_LETTER_MAX_BYTES,
    }
    return client_config(kafka, **(config | extra))


def consumer_config(kafka: Kafka, group_id: str, **extra: object) -> ClientConfig:
    """A consumer that sees committed records only, from the start of a log it does not know, and commits nothing."""
    session_timeout_ms = int(kafka.session_timeout_s * 1000)
    config: ClientConfig = {
        "group.id": group_id,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "session.timeout.ms": session_timeout_ms,
        "heartbeat.interval.ms": min(3_000, session_timeout_ms // 3),
    }
    return client_config(kafka, **(config | extra))


def admin_config(kafka: Kafka, **extra: object) -> ClientConfig:
    """An admin client that leaves it to its caller to speak: librdkafka's own lines about lost brokers are off."""
    config: ClientConfig = {"log_level": 0}
    return client_config(kafka, **(config | extra))
