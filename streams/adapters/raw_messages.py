"""A message of the client as a record, with the time at which the broker took it."""

from __future__ import annotations

from typing import Any

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE

from streams.domain.raw import RawRecord


def raw_of(message: Any) -> RawRecord:
    """The record of a message without a fault; its time is 0 where the broker tells none."""
    kind, at_ms = message.timestamp()
    return RawRecord(
        value=message.value(),
        headers=tuple(message.headers() or ()),
        timestamp_s=0.0 if kind == TIMESTAMP_NOT_AVAILABLE else at_ms / 1000.0,
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        key=message.key(),
    )
