"""A record that can never be applied, kept so that an operator can mend and replay it.

Its original bytes may hold anything a platform sent, raw ids above all. They are kept as they came (`plain`), encrypted
(`sealed`: value, key and headers together, in place of the value), or not at all (`none`).

Whose a letter is, where that can be told, says a one-way hash (`streams.domain.letter_owners`), whatever becomes of the
bytes: by it the letters of an erased person are found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from streams.domain.letter_erasures import is_erasure
from streams.domain.letter_owners import OWNER_BYTES
from streams.domain.raw import FIRST_CAME, RawRecord
from streams.errors import InvalidEvent

Original = Literal["plain", "sealed", "none"]
Headers = tuple[tuple[str, bytes | None], ...]
Seal = Callable[[bytes, bytes], bytes]
"""(bytes, place) to other bytes: sealing or opening."""

_encoder = msgspec.msgpack.Encoder()


class DeadLetter(msgspec.Struct, frozen=True, omit_defaults=True):
    """The record of the `dead-letters` topic (MessagePack map).

    value, key, headers: the original bytes. stage: who refused it. reason: a word of `streams.domain.reasons`.
    at: the broker's clock when the record arrived, UTC seconds; not the clock of the refusal, so that a replay writes
    the same bytes again. original: absent where the bytes are as they came. owners: of the accounts that the record
    names, where any can be told. occurred_at: the event's own time beside them, UTC seconds, where it can be told.
    """

    value: bytes | None
    key: bytes | None
    headers: Headers
    topic: str
    partition: int
    offset: int
    stage: str
    reason: str
    detail: str
    at: float
    original: Original = "plain"
    owners: tuple[bytes, ...] = ()
    occurred_at: float | None = None

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

    @property
    def place(self) -> bytes:
        """Where the record stood. The letter's key: a repeat replaces it. A sealed original is bound to it."""
        return f"{self.topic}/{self.partition}/{self.offset}".encode()

    @property
    def headers_again(self) -> Headers:
        """The headers of its record when that is written again: they say when it came first, if that is known."""
        if self.at <= 0 or any(name == FIRST_CAME for name, _ in self.headers):
            return self.headers
        return (*self.headers, (FIRST_CAME, repr(self.at).encode()))

    def encode(self) -> bytes:
        """MessagePack map with the fields of the contract."""
        return _encoder.encode(self)


class LetterHead(msgspec.Struct, frozen=True, gc=False):
    """What an erasure must know of a letter; the rest is not decoded."""

    at: float
    owners: tuple[Annotated[bytes, Meta(min_length=OWNER_BYTES, max_length=OWNER_BYTES)], ...] = ()
    occurred_at: float | None = None


decode_letter_head = msgspec.msgpack.Decoder(LetterHead).decode


class _Bytes(msgspec.Struct, array_like=True, frozen=True):
    """What is sealed."""

    value: bytes | None
    key: bytes | None
    headers: Headers


def plain(letter: DeadLetter) -> DeadLetter:
    """The letter as it is."""
    return letter


def stripped(letter: DeadLetter) -> DeadLetter:
    """The letter without the original bytes."""
    return msgspec.structs.replace(letter, value=None, key=None, headers=(), original="none")


def sealed(letter: DeadLetter, seal: Seal) -> DeadLetter:
    """The letter with its original bytes encrypted, as value."""
    body = _encoder.encode(_Bytes(letter.value, letter.key, letter.headers))
    value = seal(body, letter.place)
    return msgspec.structs.replace(letter, value=value, key=None, headers=(), original="sealed")


def opened(letter: DeadLetter, unseal: Seal) -> DeadLetter:
    """The letter as it was before `sealed`; any other as it is. Raises what `unseal` raises."""
    if letter.original != "sealed" or letter.value is None:
        return letter
    body = msgspec.msgpack.decode(unseal(letter.value, letter.place), type=_Bytes)
    return msgspec.structs.replace(letter, value=body.value, key=body.key, headers=body.headers, original="plain")


def decode_dead_letter(encoded: bytes) -> DeadLetter:
    """The opposite of `DeadLetter.encode`. Raises msgspec.DecodeError."""
    return msgspec.msgpack.decode(encoded, type=DeadLetter)


def is_letter(key: bytes | None, value: bytes | None) -> bool:
    """Whether a record of `dead-letters` is a letter: neither the end of one nor the word that somebody was erased."""
    return value is not None and not is_erasure(key)
