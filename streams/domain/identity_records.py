"""What the identity log keeps and publishes: nodes with their edges, the members of a person, where an account lives.

Keys of the state: a node's own 17 bytes; `m` + 16 bytes of the user key for the members of a person with more than one
node; `i` + event id for a command that is done; `r` + slot for the ring that bounds those; `s` for the log itself.
"""

from __future__ import annotations

from typing import Final

import msgspec

from streams.domain.accounts import AccountKey, UserKey
from streams.domain.identity_keys import NodeKey

IDENTITY_VERSION: Final = 1
#: Of the log's own state, in its markers; raised when an older release must not write over what a newer one wrote.
IDENTITY_STATE_VERSION: Final = 1
MEMBERS_LETTER: Final = b"m"
DONE_LETTER: Final = b"i"
RING_LETTER: Final = b"r"
LOG_KEY: Final = b"s"


class Evidence(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Why two nodes are one person: the latest command that said so.

    event_id: 8 bytes. at_s: when the provider says it learnt it, UTC seconds; nothing is ordered by it.
    """

    event_id: bytes
    at_s: float
    source: str
    reason: str = ""
    confidence: float | None = None


class Node(msgspec.Struct, array_like=True, gc=False):
    """An account or identifier that the log has linked at least once.

    user: 16 bytes, the user key of its person. epoch: how often the account has changed users.
    first_known: offset of the first command that linked it. held: edges whose evidence is kept here (that is at the
    smaller key of the two). others: the other ends of edges whose evidence is kept there. homes: users that the account
    left, where something points after it. known_as: the node that it is under another secret, empty for none. names:
    nodes that are known as this one.
    """

    user: bytes
    epoch: int
    first_known: int
    held: dict[bytes, Evidence] = {}
    others: list[bytes] = []
    homes: list[bytes] = []
    known_as: bytes = b""
    names: list[bytes] = []

    def neighbours(self) -> list[NodeKey]:
        """The other ends of all its edges."""
        return [NodeKey(key) for key in (*self.held, *self.others)]


class LogState(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """n_commands: commands remembered so far. next_offset: commands before it are not applied again."""

    n_commands: int = 0
    next_offset: int = 0


class IdentityRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The record of `identities` under the account key: from this epoch on, the account is `user`'s.

    at_s: the broker's clock when the command arrived. An account without a record is a user of its own, epoch 0.
    account: the key that its events go on under, where that is another one (`streams.domain.pseudonyms`).
    """

    user: UserKey
    epoch: int
    at_s: float
    version: int = IDENTITY_VERSION
    account: str = ""


_encode: Final = msgspec.msgpack.Encoder().encode
pack_node: Final = _encode
pack_members: Final = _encode
pack_log: Final = _encode
pack_identity: Final = _encode
unpack_node: Final = msgspec.msgpack.Decoder(Node).decode
unpack_members: Final = msgspec.msgpack.Decoder(list[bytes]).decode
unpack_log: Final = msgspec.msgpack.Decoder(LogState).decode
unpack_identity: Final = msgspec.msgpack.Decoder(IdentityRecord).decode


def members_key(user: bytes) -> bytes:
    """Key of the member list of a person. user: 16 bytes."""
    return MEMBERS_LETTER + user


def account_from(user: bytes) -> AccountKey:
    """The account that a user key names, 32 hex digits: a user key is always the key of one of the accounts."""
    return AccountKey(user.hex())
