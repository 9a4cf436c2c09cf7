"""How the state of an account changes hands between users: two records on `user-events`, beside the events.

Every account's state is in exactly one user's record at a time; it begins at the user of the account's own key. The
identity log numbers the homes of an account (epochs, which only grow; 0 is the account's own key) and tells the
present home to let go (`Move`); that home sends the state on to the next (`Arrival`), in the transaction that removes
it. Both are keyed by the user they speak to, so they are in order with that user's events.

A move of kind `erase` sends the account home empty; nothing is kept of where it was, and the homes before are told too.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Kind = Literal["merge", "split", "erase"]

#: Header of a `user-events` record that is not an event; its value names the record.
KIND_HEADER: Final = "braid-kind"
#: In place of from_epoch: nothing is asked for but to forget where the account went.
SCRUB: Final = -1
MOVE: Final = b"move"
ARRIVAL: Final = b"arrival"


class Move(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """To the home of from_epoch: send the account to `to_user`. trigger: id of the link or unlink (8 bytes).

    at_s: the broker's clock when the command arrived, UTC seconds.
    """

    account: str
    from_epoch: int
    epoch: int
    to_user: str
    kind: Kind
    at_s: float
    trigger: bytes


class Arrival(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """To the home of `epoch`: here is the account. state, standing: packed, empty for none yet.

    version: of the state (`domain.states`).
    """

    account: str
    epoch: int
    from_user: str
    kind: Kind
    at_s: float
    trigger: bytes
    state: bytes = b""
    standing: bytes = b""
    version: int = 1


pack_move = pack_arrival = msgspec.msgpack.Encoder().encode
unpack_move = msgspec.msgpack.Decoder(Move).decode
unpack_arrival = msgspec.msgpack.Decoder(Arrival).decode
