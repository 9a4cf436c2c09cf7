"""What the HTTP API needs, as ports and plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from streams.domain.accounts import AccountKey, UserKey, user_key
from streams.domain.profiles import ProfileRecord
from streams.errors import Unavailable
from streams.ports import Clock, Encoder, Erasures
from streams.serve.api_keys import KeyGrant, Role
from streams.serve.audit import Audit, Auditor, MemoryAudit
from streams.serve.rate_limits import RateLimits
from streams.serve.spaces import Spaces
from streams.service.similar_people import SimilarFinder
from streams.service.tastes import Items

__all__ = ["Profiles", "Role", "ServeParts"]


class Profiles(Protocol):
    """Profiles by id, local."""

    def profile_of(self, profile_id: str) -> ProfileRecord | None:
        """The newest, or None."""


class NoErasures:
    """A serve without a broker takes no requests."""

    def request(self, profile_id: str, request_id: bytes) -> None:  # noqa: ARG002
        """Raises Unavailable."""
        raise Unavailable("requests to erase are not taken here")


@dataclass(frozen=True)
class ServeParts:
    """profiles, items, spaces, encoder: what answers. clock: for the cold start only.

    pseudonym_secret: hides raw account ids; previous_secrets: those before it, newest first. resolve: from an account
    to the person it belongs to. keys: API key, raw or `sha256:<hex>`, to role; without any, only requests that name
    this machine are answered. limits: how often each caller may ask. audit: where calls about people are noted.
    erasures: takes requests to erase people. readiness: (what is missing, what is wrong). refresh_gauges: called before
    metrics are read. account_urls: whether raw account ids are taken in URLs. similar: compares people, None = off.
    """

    profiles: Profiles
    items: Items
    spaces: Spaces
    encoder: Encoder
    clock: Clock
    pseudonym_secret: bytes
    keys: Mapping[str, Role | KeyGrant]
    count_relations: Callable[[list[str]], list[int]] = lambda named: [0] * len(named)
    readiness: Callable[[], tuple[list[str], list[str]]] = lambda: ([], [])
    refresh_gauges: Callable[[], None] = lambda: None
    resolve: Callable[[AccountKey], UserKey] = user_key
    account_urls: bool = True
    previous_secrets: tuple[bytes, ...] = ()
    limits: RateLimits = field(default_factory=lambda: RateLimits({}))
    audit: Audit = field(default_factory=MemoryAudit)
    erasures: Erasures = field(default_factory=NoErasures)
    similar: SimilarFinder | None = None

    @property
    def auditor(self) -> Auditor:
        """Makes audit records of requests; `audited(parts.auditor, "erase")` guards what must not happen unaudited."""
        return Auditor(self.audit, self.clock, self.pseudonym_secret)
