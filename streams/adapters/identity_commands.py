"""An operator's word about who is who: a link or unlink by account keys, in the order of the identity log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from streams.adapters.confirmed_writer import ConfirmedWriter, Written
from streams.domain.accounts import AccountKey
from streams.domain.identity_keys import account_node
from streams.domain.topic_names import IDENTITY_PARTITION

#: Source of these commands, as evidence and audit name it.
SOURCE: Final = "/braid/console"
REASON: Final = "operator"


class IdentityCommands:
    """Meets `console.parts.Identities`. topic: `identity`."""

    def __init__(self, writer: ConfirmedWriter, topic: str) -> None:
        self._writer = writer
        self._topic = topic

    def say(self, what: Literal["linked", "unlinked"], accounts: Sequence[AccountKey], command_id: str) -> None:
        """Returns once the command cannot be lost; the log decides. command_id: the same one counts once.

        Raises Unavailable.
        """
        nodes = [account_node(account).hex() for account in accounts]
        command = {
            "specversion": "1.0",
            "id": command_id,
            "source": SOURCE,
            "type": f"identity.{what}",
            "data": {"nodes": nodes, "reason": REASON},
        }
        value = msgspec.json.encode(command)
        self._writer.require(Written(self._topic, nodes[0].encode(), value, partition=IDENTITY_PARTITION))
