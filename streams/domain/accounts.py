"""Accounts without their owners' names: a platform's user id is replaced by a keyed hash before anything is stored."""

from __future__ import annotations

import hashlib
from typing import NamedTuple, NewType

AccountKey = NewType("AccountKey", str)
UserKey = NewType("UserKey", str)


class Home(NamedTuple):
    """Where an account's events belong. account: the key it goes on under, which a change of secrets does not touch."""

    account: AccountKey
    user: UserKey


ACCOUNT_KEY_BYTES = 16
MIN_SECRET_BYTES = 16


def account_key(secret: bytes, platform: str, platform_user_id: str) -> AccountKey:
    """Keyed BLAKE2b-128 of (platform, platform user id) as 32 hex digits; 1 µs, collision about 1e-21 at 1e9 accounts.

    secret: 16 to 64 bytes. The platform is length-prefixed, so ("a", "bc") and ("ab", "c") differ.

    >>> account_key(b"0" * 16, "shop", "u-1") == account_key(b"0" * 16, "shop", "u-1")
    True
    >>> account_key(b"0" * 16, "shop", "u-1") == account_key(b"1" * 16, "shop", "u-1")
    False
    """
    head = platform.encode()
    body = len(head).to_bytes(2, "big") + head + platform_user_id.encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(body, key=secret, digest_size=ACCOUNT_KEY_BYTES, person=b"braid-account")
    return AccountKey(digest.hexdigest())


def user_key(account: AccountKey) -> UserKey:
    """The user an account belongs to. Until links exist, every account is a user of its own."""
    return UserKey(account)
