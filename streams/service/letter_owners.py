"""Whose the dead letters of each stage are, told from the refused record and from nothing else.

While a former secret is kept, an account is told under all of them, and under the one that it goes on as: an erasure
under any of these finds the letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from streams.domain.accounts import AccountKey, account_key
from streams.domain.clocks import parse_time
from streams.domain.dead_letters import DeadLetter
from streams.domain.hints import ANONYMOUS
from streams.domain.identity_keys import ACCOUNT_LETTER
from streams.domain.letter_owners import Named, NamedAccounts, account_from_text, owners_of
from streams.domain.platforms import Platform
from streams.domain.pseudonyms import Secrets
from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent
from streams.service.normalise import Resolve

SalvageFor = Callable[[Platform], Callable[[RawRecord], Named]]
"""How the refused records of a platform are read; they raise nothing."""


class EventOwners:
    """Of `normalise`: the account of the event, and the visitor beside it."""

    def __init__(
        self, secret: bytes | Secrets, platform_of: Callable[[str], Platform], salvage_for: SalvageFor, resolve: Resolve
    ) -> None:
        """platform_of: whose events a topic carries. resolve: as for the gate."""
        self._secrets = Secrets.of(secret)
        self._platform_of = platform_of
        self._salvage_for = salvage_for
        self._resolve = resolve

    def __call__(self, letter: DeadLetter) -> DeadLetter:
        """The letter with owners and time, as far as they can be told."""
        platform = self._platform_of(letter.topic)
        named = self._salvage_for(platform)(_record_of(letter))
        ids = [] if named.subject is None else [named.subject]
        if named.anonymousid is not None:
            ids.append(f"{ANONYMOUS}{named.anonymousid}")
        if not ids:
            return letter
        accounts = [account_key(secret, platform, each) for secret in self._secrets for each in ids]
        homes = self._resolve(accounts)
        return _owned(letter, [*accounts, *(home.account for home in homes)], _seconds(named.time))


class LinkOwners:
    """Of `identity`: every account that the link or unlink names."""

    def __init__(self, secret: bytes | Secrets, salvage: Callable[[RawRecord], NamedAccounts]) -> None:
        self._secrets = Secrets.of(secret)
        self._salvage = salvage

    def __call__(self, letter: DeadLetter) -> DeadLetter:
        """The letter with its owners, as far as they can be told."""
        named = self._salvage(_record_of(letter))
        accounts = [account_key(secret, *account) for secret in self._secrets for account in named.accounts]
        head = ACCOUNT_LETTER.hex()
        nodes = [account_from_text(node.removeprefix(head)) for node in named.nodes if node.startswith(head)]
        return _owned(letter, accounts + [account for account in nodes if account is not None])


def user_event_owners(letter: DeadLetter) -> DeadLetter:
    """Of `profile`: the account of the event, move or arrival, or else the user whose record it was for."""
    accounts = [account for said in _fields(letter.value)[:2] if (account := account_from_text(said)) is not None]
    if not accounts and letter.key is not None:
        accounts = [account for account in [account_from_text(letter.key.decode("latin-1"))] if account is not None]
    return _owned(letter, accounts)


def _fields(value: bytes | None) -> list[object]:
    """Of a record that is an array; the account stands first, or after the id of the event."""
    try:
        said = msgspec.msgpack.decode(value or b"")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return []
    return said if isinstance(said, list) else []


def _owned(letter: DeadLetter, accounts: Iterable[AccountKey], occurred_at_s: float | None = None) -> DeadLetter:
    return msgspec.structs.replace(letter, owners=owners_of(accounts), occurred_at=occurred_at_s)


def _record_of(letter: DeadLetter) -> RawRecord:
    place = letter.topic, letter.partition, letter.offset
    return RawRecord(letter.value, letter.headers, letter.at, *place, letter.key)


def _seconds(time: str | None) -> float | None:
    try:
        return None if time is None else parse_time(time, "time")
    except InvalidEvent:
        return None
