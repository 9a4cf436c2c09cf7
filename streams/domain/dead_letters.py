"""A record that can never be applied, kept with its original bytes so that an operator can mend and replay it."""

from __future__ import annotations

import msgspec

from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent

_encoder = msgspec.msgpack.Encoder()


class DeadLetter(msgspec.Struct, frozen=True):
    """The record of the `dead-letters` topic (MessagePack map).

    value, key, headers: the original bytes. stage: who refused it. reason: a word of `streams.domain.reasons`.
    at: the broker's clock when the record arrived, UTC seconds; not the clock of the refusal, so that a replay writes
    the same bytes again.
    """

    value: bytes | None
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    topic: str
    partition: int
    offset: int
    stage: str
    reason: str
    detail: str
    at: float

    @classmethod
    def of(cls, record: RawRecord, stage: str, error: InvalidEvent) -> DeadLetter:
        """The letter for a refused record."""
        return cls(
            value=record.value,
            key=record.key,
            headers=record.headers,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            stage=stage,
            reason=error.reason,
            detail=error.detail,
            at=record.timestamp_s,
        )

    def encode(self) -> bytes:
        """MessagePack map with the fields of the contract."""
        return _encoder.encode(self)


def decode_dead_letter(encoded: bytes) -> DeadLetter:
    """The opposite of `DeadLetter.encode`. Raises msgspec.DecodeError."""
    return msgspec.msgpack.decode(encoded, type=DeadLetter)
