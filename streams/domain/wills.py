"""From an event to what its person decides about their data: consent by purpose, personalisation, tags, erasure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from streams.domain import reasons
from streams.domain.consents import PURPOSES, Will
from streams.domain.envelopes import NO_DATA, Data, Envelope
from streams.domain.tags import KINDS
from streams.errors import InvalidEvent

CONSENT_CHANGED: Final = "consent.changed"
ERASURE_REQUESTED: Final = "user.erasure_requested"
#: Braid's own word to a profile that nothing came for.
PROFILE_EXPIRED: Final = "profile.expired"
#: Braid's own word to a profile whose vectors are of an encoder that is no more.
PROFILE_REENCODED: Final = "profile.reencoded"
WORDS_ONLY: Final = tuple(
    f".{action}" for action in (CONSENT_CHANGED, ERASURE_REQUESTED, PROFILE_EXPIRED, PROFILE_REENCODED)
)
_WORDS: Final[Mapping[str, bool]] = {
    "granted": True, "grant": True, "yes": True, "true": True,
    "denied": False, "deny": False, "revoked": False, "withdrawn": False, "no": False, "false": False,
}  # fmt: skip
#: What the decoders raise for bytes of a platform; anything else would end every worker that reads them.
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
_decode: Final = msgspec.json.Decoder(Any).decode


def will_of(action: str, envelope: Envelope) -> Will | None:
    """The will of a control event; None for an action that decides nothing. Raises InvalidEvent."""
    data = envelope.data or NO_DATA
    if action == ERASURE_REQUESTED:
        return Will(erase=True)
    if action != CONSENT_CHANGED:
        return None
    consents = dict(data.consents or {}) | said_consents(envelope)
    _check_purposes(consents)
    will = Will(consents, data.personalisation, _tags(data, "block_tags"), _tags(data, "unblock_tags"))
    if will == Will():
        raise InvalidEvent(
            reasons.MISSING_FIELD, "data.consents, data.personalisation, data.block_tags or data.unblock_tags"
        )
    return will


def said_consents(envelope: Envelope) -> dict[str, bool]:
    """The extension `consent`: a word for every purpose, or an object by purpose. Raises InvalidEvent."""
    raw = bytes(envelope.consent)
    if not raw:
        return {}
    said = _said(raw)
    if said is None:
        return {}
    if isinstance(said, str):
        said = _WORDS.get(said.strip().lower(), said)
    if isinstance(said, bool):
        return dict.fromkeys(PURPOSES, said)
    if isinstance(said, dict) and all(isinstance(allowed, bool) for allowed in said.values()):
        _check_purposes(said)
        return said
    raise InvalidEvent(reasons.WRONG_TYPE, "consent: granted, denied, or true and false by purpose")


def _said(raw: bytes) -> Any:
    try:
        return _decode(raw)
    except _UNREADABLE:
        word = raw.decode("utf-8", "replace").strip().lower()
    if word in _WORDS:  # binary mode has no quotes
        return word
    try:
        return msgspec.msgpack.decode(raw)
    except _UNREADABLE:
        raise InvalidEvent(reasons.WRONG_TYPE, "consent: not readable") from None


def _check_purposes(consents: Mapping[str, bool]) -> None:
    unknown = sorted(set(consents) - set(PURPOSES))
    if unknown:
        raise InvalidEvent(reasons.OUT_OF_RANGE, f"consent: purposes are {', '.join(PURPOSES)}")


def _tags(data: Data, name: str) -> tuple[str, ...]:
    tags = tuple(tag.strip().lower() for tag in getattr(data, name) or ())
    if any(tag.partition(":")[0] not in KINDS or not tag.partition(":")[2] for tag in tags):
        raise InvalidEvent(reasons.OUT_OF_RANGE, f"data.{name}: use <kind>:<value>, kind one of {', '.join(KINDS)}")
    return tags
