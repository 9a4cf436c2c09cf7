"""What ordinary events say about who is who: the same `userid`, a login after browsing without one, a changed secret.

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
from streams.domain.pseudonyms import Secrets

#: Source of the commands that Braid itself sends.
HINT_SOURCE: Final = "/braid/normalise"
#: Source of what it says after an erasure.
ERASURE_SOURCE: Final = "/braid/profile"
#: Why a node is known under another secret.
ROTATION: Final = "rotation"
#: Before the id of a visitor who has not logged in, so that it meets no user id of the same spelling.
ANONYMOUS: Final = "anonymous:"


class Hint(msgspec.Struct, frozen=True, gc=False):
    """An account and who else that is. at_s: event time, UTC seconds."""

    account: AccountKey
    other: NodeKey
    reason: Literal["userid", "anonymousid"]
    at_s: float

    @property
    def pair(self) -> tuple[bytes, bytes]:
        """The two nodes."""
        return account_node(self.account), self.other


class Rotation(msgspec.Struct, frozen=True, gc=False):
    """An account or identifier as the current secret hides it, and the node it is and stays."""

    current: NodeKey
    stored: NodeKey

    @property
    def pair(self) -> tuple[bytes, bytes]:
        """The two nodes."""
        return self.current, self.stored


def rotations_of(secrets: Secrets, platform: Platform, envelope: Envelope) -> list[Rotation]:
    """What the log must know before a former secret goes: each id of the event under the current secret."""
    accounts = [envelope.subject] if envelope.subject is not None else []
    if envelope.anonymousid is not None:
        accounts.append(f"{ANONYMOUS}{envelope.anonymousid}")
    pairs = [[account_node(account_key(secret, platform, raw)) for secret in _ends(secrets)] for raw in accounts]
    if envelope.userid is not None and not is_placeholder("userid", envelope.userid):
        keys = [identifier_key(secret, "userid", envelope.userid) for secret in _ends(secrets)]
        pairs.append([identifier_node("userid", key) for key in keys])
    return [Rotation(current, stored) for current, stored in pairs]


def _ends(secrets: Secrets) -> tuple[bytes, bytes]:
    return secrets.current, secrets.stored


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


def command_of(hint: Hint | Rotation) -> bytes:
    """The hint as a record of the topic `identity`: a CloudEvent in JSON. The same hint has the same id."""
    one, other = (node.hex() for node in hint.pair)
    reason = hint.reason if isinstance(hint, Hint) else ROTATION
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": f"{one}-{other}",
            "source": HINT_SOURCE,
            "type": "identity.linked" if isinstance(hint, Hint) else "identity.rotated",
            "data": {"nodes": [one, other], "reason": reason},
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
