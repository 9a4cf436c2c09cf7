"""What is kept of a call about a person: who, what, about whom, when, and how it ended."""

from __future__ import annotations

import hashlib
from typing import Final, Literal

import msgspec

Outcome = Literal["answered", "unknown", "refused", "failed", "begun"]

MARK_BYTES: Final = 16
_encoder = msgspec.json.Encoder()


class AuditRecord(msgspec.Struct, frozen=True):
    """The record of the topic `audit` (JSON).

    at: UTC seconds. who: the key's name, `local` or `anonymous`; of a merge or split the source of the command.
    action: method and route template, or a word for what is done (`erase`, `export`, `merge`, `split`). whom: mark of
    the profile id, empty when nobody was named. status: of the HTTP answer; 0 while it is begun, and where there is
    none. outcome: begun is written before something that may not happen unaudited.
    """

    at: float
    who: str
    action: str
    whom: str
    outcome: Outcome
    status: int
    schema_version: int = 1

    def encode(self) -> bytes:
        """JSON object."""
        return _encoder.encode(self)


def decode_audit(encoded: bytes) -> AuditRecord:
    """The opposite of `AuditRecord.encode`. Raises msgspec.DecodeError."""
    return msgspec.json.decode(encoded, type=AuditRecord)


def mark_of(secret: bytes, profile_id: str) -> str:
    """A person in the audit: keyed BLAKE2b-128 of the profile id, 32 hex digits.

    The audit outlives an erased person; what it holds is no key of anything else, and without the secret nobody can
    say whom it means. secret: 16 to 64 bytes.

    >>> mark_of(b"0" * 16, "p-1") == mark_of(b"0" * 16, "p-1") != mark_of(b"1" * 16, "p-1")
    True
    """
    body = profile_id.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(body, key=secret, digest_size=MARK_BYTES, person=b"braid-audit").hexdigest()


def outcome_of(status: int) -> Outcome:
    """How an HTTP status reads in the audit.

    >>> [outcome_of(status) for status in (200, 404, 403, 503)]
    ['answered', 'unknown', 'refused', 'failed']
    """
    if status < 400:
        return "answered"
    if status == 404:
        return "unknown"
    return "refused" if status < 500 else "failed"
