"""Which accounts of a log are one person: the product's own identity log, run in memory to its end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from streams.adapters.identity_events import decode_identity
from streams.domain.accounts import AccountKey, user_key
from streams.domain.hints import Hint, command_of
from streams.domain.identity_guards import IdentityRules
from streams.domain.limits import IngestLimits
from streams.domain.raw import RawRecord
from streams.service.identify import IdentityLog
from streams.service.identity_gate import IdentityGate


class KnownPersons:
    """Commands of `identity` and hints of ordinary events, in the order in which they are told."""

    def __init__(self, secret: bytes, rules: IdentityRules, limits: IngestLimits) -> None:
        decode = partial(decode_identity, max_bytes=limits.max_event_bytes)
        self._identities = IdentityLog(IdentityGate(secret, decode, rules, limits), rules)
        self._states: dict[bytes, bytes | None] = {}
        self._users: dict[AccountKey, str] = {}
        self._told: set[tuple[bytes, bytes]] = set()
        self._n_commands = 0
        self.n_refused = 0

    def hint(self, hints: Sequence[Hint]) -> None:
        """What an event says about who is who."""
        for hint in hints:
            if hint.pair not in self._told:
                self._told.add(hint.pair)
                self.tell(RawRecord(command_of(hint), timestamp_s=hint.at_s))

    def tell(self, record: RawRecord) -> None:
        """A record of `identity`. One that the gate refuses is counted."""
        command = RawRecord(record.value, record.headers, record.timestamp_s, offset=self._n_commands)
        self._n_commands += 1
        done = self._identities.apply(
            self._identities.prepare([command]), lambda keys: [self._states.get(key) for key in keys]
        )
        self._states.update(done.states)
        self.n_refused += len(done.dead)
        for account, identity in done.identities:
            self._users[AccountKey(account)] = user_key(AccountKey(account)) if identity is None else identity.user

    def person_of(self, account: AccountKey) -> str:
        """The user key that the account belongs to, as of all that was told."""
        return self._users.get(account) or user_key(account)
