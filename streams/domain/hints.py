"""What ordinary events say about who is who: the same `userid`, or a login after browsing without one.

A hint is sent to the identity log as a command of its own, with keyed hashes in place of ids; the log decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from streams.domain.accounts import AccountKey, account_key
from streams.domain.envelopes import Envelope
from streams.domain.identity_keys import NodeKey, account_node, identifier_key, identifier_node
from streams.domain.identity_placeholders import is_placeholder
from streams.domain.platforms import Platform

#: Source of the commands that Braid itself sends.
HINT_SOURCE: Final = "/braid/normalise"
#: Source of what it says after an erasure.
ERASURE_SOURCE: Final = "/braid/profile"
#: Before the id of a visitor who has not logged in, so that it meets no user id of the same spelling.
ANONYMOUS: Final = "anonymous:"


class Hint(msgspec.Struct, frozen=True, gc=False):
    """An account and who else that is. at_s: event time, UTC seconds."""

    account: AccountKey
    other: NodeKey
    reason: Literal["userid", "anonymousid"]
    at_s: float


def hints_of(secret: bytes, platform: Platform, envelope: Envelope, account: AccountKey, at_s: float) -> list[Hint]:
    """The hints of one event; ids that stand for nobody (`unknown`, `0000`) give none."""
    hints: list[Hint] = []
    userid, visitor = envelope.userid, envelope.anonymousid
    if userid is not None and not is_placeholder("userid", userid):
        node = identifier_node("userid", identifier_key(secret, "userid", userid))
        hints.append(Hint(account, node, "userid", at_s))
    if visitor is not None and envelope.subject is not None and not is_placeholder(None, visitor):
        other = account_node(account_key(secret, platform, f"{ANONYMOUS}{visitor}"))
        hints.append(Hint(account, other, "anonymousid", at_s))
    return hints


def command_of(hint: Hint) -> bytes:
    """The hint as a record of the topic `identity`: a CloudEvent in JSON. The same hint has the same id."""
    one, other = account_node(hint.account).hex(), hint.other.hex()
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": f"{one}-{other}",
            "source": HINT_SOURCE,
            "type": "identity.linked",
            "data": {"nodes": [one, other], "reason": hint.reason},
        }
    )


def forget_command(accounts: Sequence[str], trigger: bytes) -> bytes:
    """The word to the log that these accounts' person was erased. trigger: event id of the request, 8 bytes."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": trigger.hex(),
            "source": ERASURE_SOURCE,
            "type": "identity.forgotten",
            "data": {"nodes": [account_node(AccountKey(account)).hex() for account in accounts]},
        }
    )
