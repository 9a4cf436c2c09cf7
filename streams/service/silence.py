"""Whose words must not reach the encoder: events of people who do not allow a profile, known before they are folded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from streams.domain.consents import Standing
from streams.domain.events import Event
from streams.domain.states import unpack_state
from streams.service.hand_over import PersonRules, refuses
from streams.service.said_lately import Lately

Peek = Callable[[int, list[bytes]], list[bytes | None]]
"""(partition, user keys) -> packed states, as far as they can be seen now."""


def blind(_: int, keys: list[bytes]) -> list[bytes | None]:
    """Sees nothing."""
    return [None] * len(keys)


class Silence:
    """Reads states that may be a batch behind, and remembers what was said since; the fold refuses in any case."""

    def __init__(self, rules: PersonRules, peek: Peek) -> None:
        self._rules = rules
        self._peek = peek
        self._lately = Lately()

    def among(self, partition: int, decoded: Sequence[tuple[int, str, Event]]) -> frozenset[int]:
        """Places of events whose own words must not reach the encoder: their person does not allow a profile."""
        spoken = {user: None for _, user, event in decoded if event.text}
        defaults, lately = self._rules.consent_defaults, self._lately
        raws = self._peek(partition, [user.encode() for user in spoken]) if spoken else []
        known = {user: _standings(raw) for user, raw in zip(spoken, raws, strict=True)}
        silent: set[int] = set()
        for place, (_, user, event) in enumerate(decoded):
            if event.will is not None:
                lately.note(event)
            if event.text and refuses(lately.standing_of(event, known[user].get(event.account)), event, defaults):
                silent.add(place)
        return frozenset(silent)


def _standings(raw: bytes | None) -> Mapping[str, Standing]:
    if raw is None:
        return {}
    try:
        return unpack_state(raw).standings
    except (msgspec.DecodeError, UnicodeDecodeError):  # the fold will say so
        return {}
