"""The gate of the `identity` topic: what a provider says about accounts, hashed, or refused with the reason.

A link by a value that stands for none, or by a blocked identifier, is refused here; an unlink by one is not, so that
what was linked before the value was blocked can be undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from streams.domain import reasons
from streams.domain.accounts import account_key
from streams.domain.clocks import settle
from streams.domain.events import event_id
from streams.domain.hints import ANONYMOUS, ERASURE_SOURCE, HINT_SOURCE
from streams.domain.identities import Action, Command
from streams.domain.identity_envelopes import AccountData, DecodeIdentity, IdentityData, IdentityEnvelope
from streams.domain.identity_guards import IdentityRules
from streams.domain.identity_keys import (
    HASHED_KINDS,
    KEY_BYTES,
    KINDS,
    IdentifierKey,
    Kind,
    NodeKey,
    account_node,
    hashed_identifier_key,
    identifier_key,
    identifier_node,
    is_account,
    kind_of,
    normal_form,
)
from streams.domain.identity_placeholders import is_placeholder, placeholder_digests
from streams.domain.identity_records import Evidence
from streams.domain.limits import IngestLimits
from streams.domain.platforms import parse_platform
from streams.domain.pseudonyms import Secrets
from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent

STAGE: Final = "identity"
LINKED: Final = "identity.linked"
UNLINKED: Final = "identity.unlinked"
#: Braid's own word after an erasure: a provider unlinks.
FORGOTTEN: Final = "identity.forgotten"
#: And about ids under another secret.
ROTATED: Final = "identity.rotated"
#: E.164 allows 15 digits; shorter than 5 is a short code, which many people dial.
_PHONE_DIGITS: Final = range(5, 16)
#: Of a source, kept beside each edge: with 3,000 edges an account's record stays near 1 MB.
_MAX_SOURCE_CHARS: Final = 256
_NO_DATA: Final = IdentityData()
_ACTIONS: Final[Mapping[str, Action]] = {LINKED: "link", UNLINKED: "unlink", FORGOTTEN: "forget", ROTATED: "rotate"}
#: What Braid alone may say, and as whom.
_SOURCES: Final[Mapping[Action, str]] = {"forget": ERASURE_SOURCE, "rotate": HINT_SOURCE}


@dataclass(frozen=True, slots=True)
class _Said:
    """The decoded command on its way to nodes. platform: the first part of the type, None where it names none."""

    action: Action
    platform: str | None
    data: IdentityData


class IdentityGate:
    """Reads records of `identity`. The same records give the same commands, whenever they are read."""

    def __init__(
        self, secret: bytes | Secrets, decode: DecodeIdentity, rules: IdentityRules, limits: IngestLimits | None = None
    ) -> None:
        """secret: 16 to 64 bytes, or with its forerunners. Raises ValueError for a blocked identifier that is none."""
        self._secrets = Secrets.of(secret)
        self._secret = self._secrets.stored
        self._decode = decode
        self._more = rules.placeholders
        self._limits = limits or IngestLimits()
        self._blocked = frozenset(_blocked_node(each, entry) for entry in rules.blocked for each in self._secrets)
        self._digests = {kind: placeholder_digests(kind, rules.placeholders) for kind in KINDS}

    def read(self, record: RawRecord) -> Command:
        """What a record asks for. Raises InvalidEvent."""
        envelope = self._decode(record)
        action, platform = _action(envelope.type)
        said = _Said(action, platform, envelope.data or _NO_DATA)
        if envelope.source != _SOURCES.get(action, envelope.source):
            raise InvalidEvent(
                reasons.UNKNOWN_TYPE,
                "type: is Braid's own word; ask for an erasure by <platform>.user.erasure_requested",
            )
        nodes = tuple(dict.fromkeys(self._nodes(said)))
        if action == "rotate":
            _check_rotation(nodes)
        else:
            nodes = tuple(sorted(nodes, key=is_account, reverse=True))
        if action == "link" and (len(nodes) < 2 or not is_account(nodes[0])):
            raise InvalidEvent(
                reasons.TOO_FEW_NODES,
                f"data: {len(nodes)} different accounts and identifiers; a link needs 2, an account among them",
            )
        if not nodes:
            raise InvalidEvent(reasons.TOO_FEW_NODES, "data: an unlink needs an account or an identifier")
        arrived_at_s, learnt_at_s = self._times(envelope, record)
        return Command(
            action=action,
            nodes=nodes,
            evidence=Evidence(
                event_id=event_id(envelope.source, envelope.id),
                at_s=learnt_at_s,
                source=envelope.source[:_MAX_SOURCE_CHARS],
                reason=said.data.reason or "",
                confidence=said.data.confidence,
            ),
            arrived_at_s=arrived_at_s,
            offset=record.offset,
            rotations=tuple(self._rotations(said.data)) if self._secrets.is_changing and action == "link" else (),
        )

    def _nodes(self, said: _Said) -> Iterator[NodeKey]:
        """In the order in which they are named."""
        for entry in said.data.accounts or ():
            yield self._account(entry, said)
        for key in said.data.nodes or ():
            yield self._open(NodeKey(bytes.fromhex(key)), said)
        for kind in KINDS:
            for identifier in self._identifiers(kind, said):
                yield self._open(identifier_node(kind, identifier), said)

    def _open(self, node: NodeKey, said: _Said) -> NodeKey:
        if said.action == "link" and node in self._blocked:
            raise InvalidEvent(
                reasons.BLOCKED_IDENTIFIER, f"data.{kind_of(node)}: is blocked; leave it out, or unblock it"
            )
        return node

    def _account(self, entry: AccountData, said: _Said) -> NodeKey:
        try:
            platform = parse_platform(entry.platform or said.platform or "")
        except ValueError:
            raise InvalidEvent(
                reasons.WRONG_PLATFORM, "data.accounts: name the platform, in the entry or as first part of the type"
            ) from None
        identifier = entry.account if entry.account is not None else entry.anonymousid
        if identifier is None:
            raise InvalidEvent(reasons.MISSING_FIELD, "data.accounts: account or anonymousid")
        if said.action == "link" and is_placeholder(None, identifier, self._more):
            raise InvalidEvent(reasons.PLACEHOLDER, "data.accounts: an id that stands for none; leave the entry out")
        known_as = identifier if entry.account is not None else f"{ANONYMOUS}{identifier}"
        return account_node(account_key(self._secret, platform, known_as))

    def _identifiers(self, kind: Kind, said: _Said) -> Iterator[IdentifierKey]:
        """The raw value and the hashed one, where they are there."""
        value: str | None = getattr(said.data, kind)
        digest: str | None = getattr(said.data, f"{kind}_sha256") if kind in HASHED_KINDS else None
        if value is not None:
            self._check(kind, value, said.action)
            yield identifier_key(self._secret, kind, value)
        if digest is not None:
            if said.action == "link" and digest.lower() in self._digests[kind]:
                raise _stands_for_none(f"{kind}_sha256")
            yield hashed_identifier_key(self._secret, kind, digest)

    def _rotations(self, data: IdentityData) -> Iterator[tuple[NodeKey, NodeKey]]:
        """Identifiers as the current secret hides them, each with what it is stored as."""
        current, stored = self._secrets.current, self._secrets.stored
        for kind in KINDS:
            value: str | None = getattr(data, kind)
            digest: str | None = getattr(data, f"{kind}_sha256") if kind in HASHED_KINDS else None
            for key_of, said in ((identifier_key, value), (hashed_identifier_key, digest)):
                if said is not None:
                    new, old = key_of(current, kind, said), key_of(stored, kind, said)
                    yield identifier_node(kind, new), identifier_node(kind, old)

    def _check(self, kind: Kind, value: str, action: Action) -> None:
        if action != "link":
            return
        if is_placeholder(kind, value, self._more):
            raise _stands_for_none(kind)
        if kind == "phone" and len(normal_form(kind, value)) not in _PHONE_DIGITS:
            raise InvalidEvent(
                reasons.OUT_OF_RANGE, "data.phone: use 5 to 15 digits, the country code first, as in +44 20 7946 0958"
            )
        if kind == "email" and (value.count("@") != 1 or not all(value.strip().split("@"))):
            raise InvalidEvent(reasons.OUT_OF_RANGE, "data.email: use <name>@<host>")

    def _times(self, envelope: IdentityEnvelope, record: RawRecord) -> tuple[float, float]:
        """(the broker's clock, when the provider learnt it); one stands for the other where it is missing."""
        arrived_at_s = max(record.timestamp_s, 0.0)
        if envelope.time is None:
            return arrived_at_s, arrived_at_s
        moment = settle(envelope.time, envelope.sentat, record.timestamp_s, self._limits)
        return moment.received_at_s, moment.occurred_at_s


def _action(event_type: str) -> tuple[Action, str | None]:
    platform: str | None = None
    name = event_type
    if name not in _ACTIONS:
        platform, _, name = event_type.partition(".")
    if name not in _ACTIONS:
        raise InvalidEvent(reasons.UNKNOWN_TYPE, f"type: use {LINKED} or {UNLINKED}, or a platform and a dot before it")
    return _ACTIONS[name], platform


def _check_rotation(nodes: tuple[NodeKey, ...]) -> None:
    if len(nodes) != 2 or len({node[:1] for node in nodes}) != 1:
        raise InvalidEvent(reasons.TOO_FEW_NODES, "data.nodes: an id under the current and under the stored secret")


def _stands_for_none(field: str) -> InvalidEvent:
    return InvalidEvent(reasons.PLACEHOLDER, f"data.{field}: a value that stands for none; leave it out")


def _blocked_node(secret: bytes, entry: str) -> NodeKey:
    for kind in KINDS:
        value = entry.removeprefix(f"{kind}:")
        if value != entry and value:
            return identifier_node(kind, identifier_key(secret, kind, value))
        key = entry.removeprefix(f"{kind}#").lower()
        if key != entry.lower() and len(key) == 2 * KEY_BYTES and set(key) <= set("0123456789abcdef"):
            return identifier_node(kind, IdentifierKey(key))
    raise ValueError(
        f"blocked identifier of {len(entry)} characters: use <kind>:<value> or <kind>#<32 hex digits>, "
        f"kind one of {', '.join(KINDS)}"
    )
