"""Whose a dead letter is, under a hash that is not the account's key: by it an erasure finds the letters of a person.

The key of an account is a keyed hash already, so who sees owners learns neither accounts nor ids; raw ids never come
here. The ledger (`streams.domain.ledger`) hashes the same keys under another name: the two lists do not meet.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final, NamedTuple, NewType

from streams.domain.accounts import AccountKey

Owner = NewType("Owner", bytes)
OWNER_BYTES: Final = 16
_ACCOUNT_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Named(NamedTuple):
    """What a refused record says about who and when, as far as it can be told: raw ids, RFC 3339."""

    subject: str | None = None
    anonymousid: str | None = None
    time: str | None = None


class NamedAccounts(NamedTuple):
    """What a refused link or unlink names. accounts: (platform, account), raw. nodes: as `data.nodes` has them."""

    accounts: tuple[tuple[str, str], ...] = ()
    nodes: tuple[str, ...] = ()


def owner_of(account: str) -> Owner:
    """BLAKE2b-128 of an account key, 1 µs.

    >>> len(owner_of("0" * 32))
    16
    """
    return Owner(hashlib.blake2b(account.encode(), digest_size=OWNER_BYTES, person=b"braid-owner").digest())


def owners_of(accounts: Iterable[str]) -> tuple[Owner, ...]:
    """Each owner once, in order."""
    return tuple(sorted({owner_of(account) for account in accounts}))


def account_from_text(text: object) -> AccountKey | None:
    """The account key that a text is; None for any other: a raw id must not be hashed without the secret.

    >>> account_from_text("a-platform's id") is None
    True
    """
    return AccountKey(text) if isinstance(text, str) and _ACCOUNT_KEY.fullmatch(text) else None
