"""Records of CloudEvents to a log, through the product's own gate: decoded, cleaned, pseudonymised, repeats dropped.

An event weighs what the fold would give it, in the ranker's unit: its action's weight, by the strength that it reports
and by what its own words say. Accounts are one person as the last word of the data has it, from the first event on.
Who belongs together is known here earlier than in a running system; what people did is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streams.domain.accounts import AccountKey
from streams.domain.actions import Action, ActionTable, action_of
from streams.domain.consents import Purpose, Standing, decide, together
from streams.domain.envelopes import DecodeFor
from streams.domain.events import Event, Item, item_key
from streams.domain.identity_guards import IdentityRules
from streams.domain.limits import IngestLimits
from streams.domain.platforms import AD_PLATFORMS, parse_platform
from streams.domain.raw import RawRecord
from streams.domain.sentiments import strength_of
from streams.domain.topic_names import EVENTS
from streams.errors import InvalidEvent
from streams.evaluation.csv_folders import catalogue_of
from streams.evaluation.known_persons import KnownPersons
from streams.evaluation.logs import Log
from streams.ranking.touch_weights import touch_weight
from streams.service.item_gate import ItemUpserted, decode_item
from streams.service.normalise import Normaliser

#: Hides account ids in memory; nothing of it is written anywhere.
SECRET: Final = b"of an evaluation, which keeps nothing"
ITEMS: Final = "items"
IDENTITY: Final = "identity"

Feelings = Callable[[Sequence[str]], NDArray[np.float64]]
"""How texts (N,) feel (N,), in [-1, 1]: `meaning.sentiment.SentimentModel.read`."""


@dataclass(frozen=True)
class Gate:
    """How records are read: each platform's dialect, the actions and their weights, bounds, who may be one person.

    feelings: of what people write; None leaves their words unread. ad_platforms: those that actions of the facet `ads`
    move; elsewhere these are nothing that a person took to.
    """

    decoder_for: DecodeFor
    actions: ActionTable = field(default_factory=ActionTable)
    limits: IngestLimits = field(default_factory=IngestLimits)
    rules: IdentityRules = field(default_factory=IdentityRules)
    feelings: Feelings | None = None
    ad_platforms: frozenset[str] = AD_PLATFORMS


class EventLog:
    """Takes records in the order of the files. n_refused: of those that the gate refused; they are in no log."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._normaliser = Normaliser(SECRET, gate.decoder_for, gate.actions, gate.limits)
        self._persons = KnownPersons(SECRET, gate.rules, gate.limits)
        self._events: dict[bytes, Event] = {}
        self._items: dict[str, dict[str, Any]] = {}
        self._standings: dict[str, Standing] = {}
        self._n_refused = 0

    @property
    def n_refused(self) -> int:
        """Records that the gate refused."""
        return self._n_refused + self._persons.n_refused

    def take(self, records: Iterable[RawRecord]) -> EventLog:
        """Read records; `topic` is `events.<platform>`, `items` or `identity`."""
        for record in records:
            if record.topic == IDENTITY:
                self._persons.tell(record)
            elif record.topic == ITEMS:
                self._take_item(record)
            else:
                self._take_event(record)
        return self

    def log(self, purpose: Purpose | None = None) -> Log:
        """Everything taken so far that has an item. Raises nothing; the log may be empty.

        purpose: leave out the people of whom an account does not allow it, by the last word of the data.
        """
        refusing = set() if purpose is None else self._refusing(purpose)
        rows = {key: row for row, key in enumerate(self._items)}
        users: dict[str, int] = {}
        events = sorted((event for event in self._events.values() if event.item), key=lambda event: event.occurred_at_s)
        persons = [self._persons.person_of(AccountKey(event.account)) for event in events]
        allowed = [at for at, person in enumerate(persons) if person not in refusing]
        events, persons = [events[at] for at in allowed], [persons[at] for at in allowed]
        return Log(
            catalogue=catalogue_of(list(self._items.values())),
            user_names=tuple(dict.fromkeys(persons)),
            users=np.array([users.setdefault(person, len(users)) for person in persons], dtype=np.intp),
            items=np.array([rows[_key_of(event)] for event in events], dtype=np.intp),
            times_s=np.array([event.occurred_at_s for event in events], dtype=np.float64),
            weights=self._weights(events),
        )

    def _refusing(self, purpose: Purpose) -> set[str]:
        defaults = self._gate.limits.consent_defaults
        standings: dict[str, list[Standing | None]] = {}
        for account in {event.account for event in self._events.values()}:
            standings.setdefault(self._persons.person_of(AccountKey(account)), []).append(self._standings.get(account))
        return {person for person, own in standings.items() if not together(own, defaults)[purpose].allows}

    def _take_event(self, record: RawRecord) -> None:
        batch = self._normaliser.normalise([record], parse_platform(record.topic.removeprefix(EVENTS)))
        self._n_refused += len(batch.dead)
        self._persons.hint(batch.hints)
        for _, event in batch.events:
            if self._events.setdefault(event.event_id, event) is not event:
                continue
            if event.item:
                self._describe(event.platform, event.item)
            if event.will is not None:
                decide(self._standings.setdefault(event.account, Standing()), event.will, event.occurred_at_s)

    def _take_item(self, record: RawRecord) -> None:
        try:
            platform = parse_platform((record.key or b"").decode().partition(":")[0])
            said = decode_item(record, self._gate.limits, self._gate.decoder_for(platform))
        except (InvalidEvent, ValueError):
            self._n_refused += 1
            return
        if isinstance(said, ItemUpserted):
            self._describe(said.platform, said.item)

    def _describe(self, platform: str, item: Item) -> None:
        """What a later record leaves out stays as it was said before."""
        known = self._items.setdefault(item_key(platform, item.item_id), {})
        said = _described(platform, item)
        known.update({name: value for name, value in said.items() if value or name not in known})

    def _weights(self, events: Sequence[Event]) -> NDArray[np.float64]:
        actions = [self._gate.actions.get(action_of(event.type)) for event in events]
        strengths = self._strengths(events, actions)
        weights = [
            action.weight if action and action.moves(event.platform, self._gate.ad_platforms) else 0.0
            for action, event in zip(actions, events, strict=True)
        ]
        touches = [touch_weight(weight * strength) for weight, strength in zip(weights, strengths, strict=True)]
        return np.array(touches, dtype=np.float64)

    def _strengths(self, events: Sequence[Event], actions: Sequence[Action | None]) -> list[float]:
        """As the fold has them: the words that say what somebody thinks are read, all at once."""
        strengths = [event.strength for event in events]
        if self._gate.feelings is None:
            return strengths
        spoken = [at for at, action in enumerate(actions) if action and action.words == "text" and events[at].text]
        scores = self._gate.feelings([events[at].text for at in spoken]).tolist() if spoken else []
        for at, score in zip(spoken, scores, strict=True):
            strengths[at] = strength_of(events[at], actions[at], score)
        return strengths


def _key_of(event: Event) -> str:
    if event.item is None:
        raise ValueError("an event without an item has no key")
    return item_key(event.platform, event.item.item_id)


def _described(platform: str, item: Item) -> Mapping[str, Any]:
    return {
        "item_id": item_key(platform, item.item_id),
        "platform": platform,
        "title": item.title,
        "attributes": (*item.tags, *item.genre),
        "category": item.category,
        "brand": item.brand,
        "price": item.price,
    }
