"""API keys as they are configured: hashes or long raw keys, each with a name, a role and bounds.

A hash at rest is plain SHA-256. Slow hashes exist for passwords, which people choose and others guess; nobody
enumerates 128 random bits, so a slow hash would add nothing but milliseconds to every request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from streams.errors import UsageError

Role = Literal["read", "analyst", "erase", "audit", "metrics", "admin"]

#: What a key of each role may do.
GRANTS: Final[Mapping[Role, frozenset[Role]]] = {
    "read": frozenset({"read", "metrics"}),
    "analyst": frozenset({"analyst"}),
    "erase": frozenset({"erase"}),
    "audit": frozenset({"audit"}),
    "metrics": frozenset({"metrics"}),
    "admin": frozenset({"read", "analyst", "erase", "audit", "metrics", "admin"}),
}
HASHED: Final = "sha256:"
MIN_RAW_CHARS: Final = 16
MIN_DISTINCT_CHARS: Final = 8
#: Names that callers without a key are counted by.
ANONYMOUS, LOCAL = "anonymous", "local"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
#: What a shell makes of a variable that is not set; every request without a key would match it.
_OF_NOTHING: Final = hashlib.sha256(b"").digest()


@dataclass(frozen=True)
class KeyGrant:
    """What a key is given. name empty: `key-<position>`; platforms empty: all; rate_per_s None: the common one."""

    role: Role
    name: str = ""
    platforms: frozenset[str] = frozenset()
    expires_at_s: float | None = None
    rate_per_s: float | None = None


@dataclass(frozen=True)
class ApiKey:
    """A key that is known by its digest alone."""

    name: str
    digest: bytes
    grant: KeyGrant

    def may(self, role: Role) -> bool:
        """Whether its role includes this one."""
        return role in GRANTS[self.grant.role]

    def may_ask_about(self, platform: str) -> bool:
        """Whether accounts of this platform are within its scope."""
        return not self.grant.platforms or platform in self.grant.platforms

    def is_expired(self, now_s: float) -> bool:
        """Whether its time is over."""
        return self.grant.expires_at_s is not None and now_s >= self.grant.expires_at_s


class KeyRing:
    """All keys of a serve. Raises UsageError for a key that lets others in or that cannot be meant.

    >>> ring = KeyRing({hash_of("0123456789abcdef-0"): KeyGrant("read", "shop-site")})
    >>> ring.find("0123456789abcdef-0").name
    'shop-site'
    """

    def __init__(self, configured: Mapping[str, Role | KeyGrant]) -> None:
        grants = [(key, KeyGrant(said) if isinstance(said, str) else said) for key, said in configured.items()]
        self._keys = tuple(_key(position, *each) for position, each in enumerate(grants, start=1))
        for what, values in (
            ("name", [key.name for key in self._keys]),
            ("key", [key.digest.hex() for key in self._keys]),
        ):
            twice = next((key for key, value in zip(self._keys, values, strict=True) if values.count(value) > 1), None)
            if twice is not None:
                raise UsageError(f"BRAID_API__KEYS: the {what} of {twice.name!r} is there twice; give each its own")

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def keys(self) -> tuple[ApiKey, ...]:
        """In the order of the configuration."""
        return self._keys

    def find(self, sent: str) -> ApiKey | None:
        """The key that was sent. Every key is compared, in constant time each: the duration tells nothing."""
        digest = digest_of(sent)
        found: ApiKey | None = None
        for key in self._keys:
            if hmac.compare_digest(digest, key.digest):
                found = key
        return found


def digest_of(key: str) -> bytes:
    """SHA-256."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def hash_of(key: str) -> str:
    """What stands for a raw key in the configuration. Raises UsageError for one that could be guessed."""
    _check_strength(key, "the key")
    return HASHED + digest_of(key).hex()


def check_name(name: str, place: str) -> None:
    """Raises UsageError, naming the place, for a name that metrics and the audit cannot use."""
    if not _NAME.fullmatch(name) or name in {ANONYMOUS, LOCAL}:
        raise UsageError(
            f"{place}: its name must be 1-32 characters a-z 0-9 _ -, begin with a letter, and be neither "
            f"{ANONYMOUS!r} nor {LOCAL!r}"
        )


def configured_digest(configured: str, place: str) -> bytes:
    """The digest of a key as it is configured, hashed or raw. Raises UsageError, naming the place."""
    if not configured.startswith(HASHED):
        _check_strength(configured, place)
        return digest_of(configured)
    digits = configured.removeprefix(HASHED)
    if not _HEX.fullmatch(digits):
        raise UsageError(f"{place} is no {HASHED}<64 hex digits>: take the line that `braid keys` prints")
    digest = bytes.fromhex(digits)
    if digest == _OF_NOTHING:
        raise UsageError(f"{place} is the hash of no key at all and would let anybody in; `braid keys` makes good ones")
    return digest


def _key(position: int, configured: str, grant: KeyGrant) -> ApiKey:
    name = grant.name or f"key-{position}"
    place = f"BRAID_API__KEYS: key {position}"
    check_name(name, place)
    return ApiKey(name, configured_digest(configured, place), grant)


def _check_strength(key: str, place: str) -> None:
    """The length of a key is the only thing between its hash and whoever guesses."""
    if not key.strip():
        raise UsageError(f"{place} is empty and would let anybody in; `braid keys` makes good ones")
    if len(key) < MIN_RAW_CHARS or len(set(key)) < MIN_DISTINCT_CHARS:
        raise UsageError(
            f"{place} has {len(key)} characters, {len(set(key))} different ones: a key needs at least {MIN_RAW_CHARS} "
            f"and {MIN_DISTINCT_CHARS}, random; `braid keys` makes one"
        )
