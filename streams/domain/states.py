"""The state of one user: a sum per account, kept apart so that merge, split and erase stay exact.

`UserState` is the value of the changelog `profile-state` and of RocksDB (MessagePack arrays; fields are only appended).
"""

from __future__ import annotations

import msgspec

from streams.domain.seen_ids import SeenIds

# gc=False: leaves of the state hold no cycles, and a batch makes ten thousands of them; without it the garbage
# collector takes a third of the fold's time.

STATE_VERSION = 1


class Recent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One of the latest events of an account: evidence for tags and interests, and what was seen."""

    at_s: float
    event_id: bytes
    type: str
    item: str
    weight: float
    tags: tuple[str, ...] = ()
    reverses: bytes | None = None


class TagState(msgspec.Struct, array_like=True, gc=False):
    """A decayed tag at the account's reference time. score: sum of signed weights; mass: of absolute ones."""

    score: float
    mass: float
    support: int
    first_s: float
    last_s: float


class AccountState(msgspec.Struct, array_like=True):
    """Everything one account brought. short, long: float32 bytes (D,), sums at reference_s; empty = zero.

    short_mass, long_mass: decayed sums of absolute weights, in step with the vectors.
    """

    platform: str
    reference_s: float
    first_s: float
    last_s: float
    short: bytes = b""
    long: bytes = b""
    short_mass: float = 0.0
    long_mass: float = 0.0
    n_events: int = 0
    n_late: int = 0
    counts: dict[str, int] = {}
    tags: dict[str, TagState] = {}
    recent: list[Recent] = []
    seen: SeenIds = msgspec.field(default_factory=SeenIds)


class UserState(msgspec.Struct, array_like=True):
    """fence: last applied offset of the user's partition of `user-events`, -1 = none. updated_s: newest broker time."""

    fence: int = -1
    revision: int = 0
    updated_s: float = 0.0
    accounts: dict[str, AccountState] = {}
    version: int = STATE_VERSION


pack_state = msgspec.msgpack.Encoder().encode
unpack_state = msgspec.msgpack.Decoder(UserState).decode
