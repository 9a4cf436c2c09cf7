"""The published part of what a person decided about their data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.domain.consents import blocked_tags, is_personalised, together
from streams.domain.profiles import Consent
from streams.domain.states import UserState


def choices_of(defaults: Mapping[str, bool], state: UserState) -> dict[str, Any]:
    """The fields consents, personalised and blocked_tags of a profile; none where the person never said anything."""
    if not state.standings:
        return {}
    standings = [state.standings.get(account) for account in state.accounts]
    said = together(standings, defaults).items()
    return {
        "consents": {p: Consent("granted" if word.allows else "denied", word.at_s or None) for p, word in said},
        "personalised": is_personalised(standings),
        "blocked_tags": sorted(blocked_tags(standings)),
    }
