"""The word to `dead-letters` that an account was erased: its letters go, those that are written later as well.

It stands in the topic beside the letters, so that it has a place in their order. Readers of letters pass over it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from streams.domain.letter_owners import OWNER_BYTES

_PREFIX: Final = b"erase/"
_encode: Final = msgspec.msgpack.Encoder().encode


class LetterErasure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A MessagePack map. at: what was refused up to then goes, UTC seconds.

    behind: an offset of `dead-letters`; what is before it is done. Only the stage `letters` goes on so, with more
    letters than one transaction should hold.
    """

    owner: bytes
    at: float
    behind: int = 0

    @property
    def key(self) -> bytes:
        """The key of the record; never that of a letter, which begins with a topic's name."""
        return _PREFIX + self.owner.hex().encode()

    def encode(self) -> bytes:
        """The value of the record."""
        return _encode(self)


_decode: Final = msgspec.msgpack.Decoder(LetterErasure).decode


def is_erasure(key: bytes | None) -> bool:
    """Whether a record of `dead-letters` is such a word; a topic's name has no slash."""
    return key is not None and key.startswith(_PREFIX)


def decode_erasure(encoded: bytes) -> LetterErasure:
    """The opposite of `LetterErasure.encode`. Raises msgspec.DecodeError."""
    erasure = _decode(encoded)
    if len(erasure.owner) != OWNER_BYTES or erasure.behind < 0:
        raise msgspec.ValidationError(f"owner: {OWNER_BYTES} bytes; behind: an offset")
    return erasure
