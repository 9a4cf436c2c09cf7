"""Write keys: each publishes one platform's events. Sent as Bearer, or as Segment's libraries do as Basic."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from streams.domain.platforms import Platform
from streams.errors import UsageError
from streams.serve.access import is_loopback
from streams.serve.api_keys import ANONYMOUS, LOCAL, check_name, configured_digest, digest_of

SETTING: Final = "BRAID_INGEST_API__KEYS"


@dataclass(frozen=True)
class WriteGrant:
    """What a write key is given. name empty: `key-<position>`; rate_per_s None: the common one."""

    platform: Platform
    name: str = ""
    expires_at_s: float | None = None
    rate_per_s: float | None = None


@dataclass(frozen=True)
class Sender:
    """Who sends. platform: the only one it may publish, None where no keys are set and any may be published."""

    name: str
    platform: Platform | None = None
    is_known: bool = False
    is_expired: bool = False


THIS_MACHINE: Final = Sender(LOCAL, is_known=True)
NOBODY: Final = Sender(ANONYMOUS)


@dataclass(frozen=True)
class _WriteKey:
    digest: bytes
    sender: Sender
    expires_at_s: float | None
    rate_per_s: float | None


class WriteKeys:
    """All write keys. Raises UsageError for one that could be guessed or cannot be meant.

    >>> keys = WriteKeys({"0123456789abcdef-0": WriteGrant(Platform("shop"), "shop-sdk")})
    >>> keys.sender_of("Bearer 0123456789abcdef-0", now_s=0.0).platform
    'shop'
    """

    def __init__(self, configured: Mapping[str, WriteGrant]) -> None:
        self._keys = tuple(
            _write_key(position, *each) for position, each in enumerate(configured.items(), start=1)
        )
        names = [key.sender.name for key in self._keys]
        digests = [key.digest for key in self._keys]
        for what, n_different in (("name", len(set(names))), ("key", len(set(digests)))):
            if n_different < len(self._keys):
                raise UsageError(f"{SETTING}: a {what} is there twice; give each platform's keys their own")

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def platforms(self) -> frozenset[str]:
        """Whose events may be published."""
        return frozenset(key.sender.platform for key in self._keys if key.sender.platform is not None)

    def sender_of(self, authorization: str, now_s: float) -> Sender:
        """Who an Authorization header stands for. Every key is compared, in constant time each."""
        if not self._keys:
            return THIS_MACHINE
        digest = digest_of(_key_of(authorization))
        found: _WriteKey | None = None
        for key in self._keys:
            if hmac.compare_digest(digest, key.digest):
                found = key
        if found is None:
            return NOBODY
        if found.expires_at_s is not None and now_s >= found.expires_at_s:
            return Sender(ANONYMOUS, is_expired=True)
        return found.sender

    def rates(self, rate_per_s: float, anonymous_rate_per_s: float) -> dict[str, float]:
        """Name -> requests a second; none where no keys are set: only this machine asks then."""
        if not self._keys:
            return {}
        own = {key.sender.name: rate_per_s if key.rate_per_s is None else key.rate_per_s for key in self._keys}
        return own | {ANONYMOUS: anonymous_rate_per_s}


def check_exposure(host: str, keys: WriteKeys) -> None:
    """Refuse to be reachable from elsewhere without keys. Raises UsageError."""
    if not len(keys) and not is_loopback(host):
        raise UsageError(
            f"BRAID_INGEST_API__HOST={host} would let anybody on the network publish events: set {SETTING} "
            "(`braid keys write --platform shop` prints a key and the line), or BRAID_INGEST_API__HOST=127.0.0.1"
        )


def _write_key(position: int, configured: str, grant: WriteGrant) -> _WriteKey:
    name = grant.name or f"key-{position}"
    place = f"{SETTING}: key {position}"
    check_name(name, place)
    sender = Sender(name, grant.platform, is_known=True)
    return _WriteKey(configured_digest(configured, place), sender, grant.expires_at_s, grant.rate_per_s)


def _key_of(authorization: str) -> str:
    """The key that was sent; "" for none."""
    scheme, _, sent = authorization.partition(" ")
    sent = sent.strip()
    if scheme.lower() == "bearer":
        return sent
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(sent, validate=True).decode("latin-1").partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
