"""The memory of the erased: until when an account is forgotten, under a hash that is not its key.

It keeps replays of old events from bringing somebody back. The key is one-way from the account key, so an erased
person's key is nowhere in the state.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final

from streams.errors import CorruptState

_PREFIX: Final = b"\x00erased:"
_TIME: Final = struct.Struct(">d")


def ledger_key(account: str) -> bytes:
    """The key of an account's entry in the table of its user's partition."""
    return _PREFIX + hashlib.blake2b(account.encode(), digest_size=16, person=b"braid-ledger").digest()


def pack_time(at_s: float) -> bytes:
    """The value of an entry. at_s: UTC seconds."""
    return _TIME.pack(at_s)


def unpack_time(raw: bytes) -> float:
    """The opposite. Raises CorruptState."""
    try:
        return float(_TIME.unpack(raw)[0])
    except struct.error as error:
        raise CorruptState(f"an entry of the erased does not decode ({error}); delete the state directory") from error
