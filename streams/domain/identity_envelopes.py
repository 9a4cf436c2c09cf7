"""A command of the `identity` topic as its sender wrote it: of the right types, not yet hashed or believed.

`data` names accounts and identifiers; what is null or absent is not there. An account is `{platform, account}`, or
`{platform, anonymousid}` for a visitor who has not logged in; the platform may be left out where `type` names it.
E-mail, phone and device may come hashed by the platform instead: SHA-256, in hexadecimal, of the normal form (e-mail
and device trimmed and lower-cased, phone as digits with the country code, no plus). Raw and hashed ones meet.
`nodes` holds what is under the keyed hash already: Braid's own hints (`streams.domain.hints`) have nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from streams.domain.envelopes import MAX_LIST_ITEMS, Identifier
from streams.domain.raw import RawRecord

Sha256 = Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$")]
#: The 17 bytes of a node in hexadecimal: the letter a, d, e, p or u, then the keyed hash.
NodeHex = Annotated[str, Meta(pattern="^(61|64|65|70|75)[0-9a-f]{32}$")]
#: One word of a vocabulary, never free text: it is kept beside the edge, and free text holds names.
Reason = Annotated[str, Meta(pattern="^[a-z0-9_.-]{1,64}$")]


class AccountData(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One entry of `data.accounts`."""

    platform: str | None = None
    account: Identifier | None = None
    anonymousid: Identifier | None = None


class IdentityData(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`data` of a link or unlink. confidence: in [0, 1], kept as evidence."""

    accounts: Annotated[list[AccountData], Meta(max_length=MAX_LIST_ITEMS)] | None = None
    nodes: Annotated[list[NodeHex], Meta(max_length=MAX_LIST_ITEMS)] | None = None
    userid: Identifier | None = None
    email: Identifier | None = None
    phone: Identifier | None = None
    device: Identifier | None = None
    email_sha256: Sha256 | None = None
    phone_sha256: Sha256 | None = None
    device_sha256: Sha256 | None = None
    reason: Reason | None = None
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None


class IdentityEnvelope(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The CloudEvent around it."""

    specversion: str
    id: Identifier
    source: Identifier
    type: Identifier
    time: str | None = None
    sentat: str | None = None
    dataschema: str | None = None
    data: IdentityData | None = None


DecodeIdentity = Callable[[RawRecord], IdentityEnvelope]
"""A record to its envelope. Raises InvalidEvent and nothing else."""
