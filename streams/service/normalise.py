"""The gate: records of one platform in, events under user keys and dead letters out, a batch at a time.

Pure: no I/O, no clock (the time of arrival is the broker's), no state; the same records give the same bytes again. A
bad record never stops the good one behind it. What leaves carries no raw user id: neither events nor `detail`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

import msgspec

from streams.domain import reasons
from streams.domain.accounts import AccountKey, Home, UserKey, account_key, user_key
from streams.domain.actions import Action, ActionTable, action_of
from streams.domain.clocks import Moment, settle
from streams.domain.consents import Will
from streams.domain.dead_letters import DeadLetter
from streams.domain.envelopes import NO_DATA, Data, DecodeFor, Envelope
from streams.domain.events import Event, event_id
from streams.domain.hints import ANONYMOUS, Hint, Rotation, hints_of, rotations_of
from streams.domain.item_intake import clean_item
from streams.domain.limits import IngestLimits
from streams.domain.masking import Masked, clean_and_mask
from streams.domain.platforms import Platform
from streams.domain.pseudonyms import Secrets
from streams.domain.raw import RawRecord
from streams.domain.signals import strength
from streams.domain.trait_intake import USER_TRAITS, kept_traits, said_traits
from streams.domain.wills import said_consents, will_of
from streams.errors import InvalidEvent

STAGE: Final = "normalise"
SESSION_BYTES: Final = 8
#: The will of an event that came without consent to be kept.
REFUSES: Final = Will({"profile": False})
NOTHING_SAID: Final = Masked("", {})
_SCHEMA = re.compile(r"urn:braid:event:(?!1(?:\.|$)).*", re.DOTALL)

Resolve = Callable[[Sequence[AccountKey]], Sequence[Home]]
"""The home of each account, in order; a moment's delay behind the identity log is allowed."""


def own_homes(accounts: Sequence[AccountKey]) -> list[Home]:
    """Every account a user of its own."""
    return [Home(account, user_key(account)) for account in accounts]


@dataclass(slots=True)
class NormalisedBatch:
    """What became of a batch: every record is in exactly one of events, dead, n_late, n_ignored, n_refused.

    n_clamped: events among `events` whose clock was ahead by more than jitter. max_skew_s: widest distance between a
    sender's clock and the broker's. hints: what the events say about who is who; rotations: and under which
    key that goes on after a change of secrets. masked: personal data replaced in the texts of `events`, by kind.
    """

    events: list[tuple[UserKey, Event]] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    rotations: list[Rotation] = field(default_factory=list)
    masked: Counter[str] = field(default_factory=Counter)
    dead: list[DeadLetter] = field(default_factory=list)
    n_late: int = 0
    n_ignored: int = 0
    n_refused: int = 0
    n_clamped: int = 0
    max_skew_s: float = 0.0


class Normaliser:
    """Decode, clean, type-check, pseudonymise, resolve.

    secret: 16 to 64 bytes, hides account ids; with its forerunners while it takes their place. decoder_for: how a
    platform speaks. resolve: accounts to where they belong.
    """

    def __init__(
        self,
        secret: bytes | Secrets,
        decoder_for: DecodeFor,
        actions: ActionTable | None = None,
        limits: IngestLimits | None = None,
        resolve: Resolve = own_homes,
    ) -> None:
        self._secrets = Secrets.of(secret)
        self._secret = self._secrets.stored
        self._decoder_for = decoder_for
        self._actions = actions or ActionTable()
        self._limits = limits or IngestLimits()
        self._resolve = resolve

    def normalise(self, records: Sequence[RawRecord], platform: Platform) -> NormalisedBatch:
        """Every record of `events.<platform>` in order. Raises nothing for whatever a platform sends."""
        batch = NormalisedBatch()
        decode = self._decoder_for(platform)
        events: list[Event] = []
        for record in records:
            try:
                event = self._taken(decode(record), record, platform, batch)
            except InvalidEvent as error:
                batch.dead.append(DeadLetter.of(record, STAGE, error))
            else:
                if event is not None:
                    events.append(event)
        homes = self._resolve([AccountKey(event.account) for event in events])
        batch.events = [
            (user, event if event.account == account else msgspec.structs.replace(event, account=account))
            for (account, user), event in zip(homes, events, strict=True)
        ]
        return batch

    def _taken(self, envelope: Envelope, record: RawRecord, platform: Platform, batch: NormalisedBatch) -> Event | None:
        """The event that counts, if it is one."""
        action = self._action(envelope, platform)
        name = action_of(envelope.type) if action.control else ""
        traits = said_traits(envelope) if name == USER_TRAITS else {}
        will = will_of(name, envelope) if action.control and not traits else self._said(envelope)
        if action.control and will is None and not traits:
            batch.n_ignored += 1
            return None
        if will is REFUSES:
            batch.n_refused += 1
            return None
        moment = settle(envelope.time, envelope.sentat, record.timestamp_s, self._limits, record.first_came_s)
        event, masked = self._event(envelope, action, platform, moment)
        if traits:
            kept = kept_traits(traits, moment.occurred_at_s, self._limits.traits)
            if not kept and will is None:
                batch.n_ignored += 1
                return None
            event = msgspec.structs.replace(event, traits=kept)
        if will is not None:
            event = msgspec.structs.replace(event, will=will)
        batch.max_skew_s = max(batch.max_skew_s, abs(moment.skew_s))
        if moment.is_late:
            batch.n_late += 1
            return None
        batch.n_clamped += moment.is_clamped
        batch.masked.update(masked)
        if self._secrets.is_changing:
            batch.rotations += rotations_of(self._secrets, platform, envelope)
        if envelope.userid is not None or envelope.anonymousid is not None:
            account = AccountKey(event.account)
            batch.hints += hints_of(self._secret, platform, envelope, account, event.occurred_at_s)
        return event

    def _said(self, envelope: Envelope) -> Will | None:
        """What an ordinary event says about consent, as far as it is not the default."""
        if not envelope.consent:
            return None
        consents = said_consents(envelope)
        if consents.get("profile") is False:
            return REFUSES
        defaults = self._limits.consent_defaults
        unusual = {purpose: allows for purpose, allows in consents.items() if allows != defaults.get(purpose, True)}
        return Will(unusual) if unusual else None

    def _action(self, envelope: Envelope, platform: Platform) -> Action:
        head, _, name = envelope.type.partition(".")
        if head != platform:
            raise InvalidEvent(reasons.WRONG_PLATFORM, f"type: must begin with {platform}., the platform of the topic")
        action = self._actions.get(name)
        if action is None:
            raise InvalidEvent(reasons.UNKNOWN_TYPE, "type: no such action; declare it in a mapping file")
        if envelope.dataschema is not None and _SCHEMA.fullmatch(envelope.dataschema):
            raise InvalidEvent(reasons.UNKNOWN_VERSION, "dataschema: Braid reads urn:braid:event:1")
        return action

    def _event(
        self, envelope: Envelope, action: Action, platform: Platform, moment: Moment
    ) -> tuple[Event, Mapping[str, int]]:
        """The event, and what was masked in its text by kind."""
        data = envelope.data or NO_DATA
        _require(action, data)
        limits = self._limits
        words = (data.query or data.text) if action.words == "query" else data.text if action.words else None
        said = clean_and_mask(words, limits.max_text_chars) if words else NOTHING_SAID
        event = Event(
            event_id=event_id(envelope.source, envelope.id),
            account=account_key(self._secret, platform, _who(envelope)),
            platform=platform,
            type=envelope.type,
            occurred_at_s=moment.occurred_at_s,
            received_at_s=moment.received_at_s,
            strength=strength(action.takes, data),
            item=clean_item(data.item, limits) if data.item else None,
            text=said.text,
            session=self._session(platform, envelope.sessionid) if envelope.sessionid else "",
            reverses=event_id(envelope.source, data.reverses_id) if action.reverses and data.reverses_id else None,
            is_rated=action.takes == "rating" and data.rating is not None,
            experiment=envelope.experiment or "",
        )
        return event, said.counts

    def _session(self, platform: Platform, session_id: str) -> str:
        """16 hex digits; sessions are as telling as accounts, so they are hidden with the same secret."""
        body = f"{len(platform)}:{platform}{session_id}".encode("utf-8", "surrogatepass")
        return blake2b(body, key=self._secret, digest_size=SESSION_BYTES, person=b"braid-session").hexdigest()


def _who(envelope: Envelope) -> str:
    if envelope.subject is not None:
        return envelope.subject
    if envelope.anonymousid is not None:
        return f"{ANONYMOUS}{envelope.anonymousid}"
    raise InvalidEvent(reasons.MISSING_FIELD, "subject")


def _require(action: Action, data: Data) -> None:
    for part in action.needs:
        if getattr(data, part):
            return
    if action.needs:
        raise InvalidEvent(reasons.MISSING_FIELD, " or ".join(f"data.{part}" for part in action.needs))
