"""The export use case: everything that is held about a person, readable, with the reason for each inference."""

from __future__ import annotations

from typing import Final

import msgspec

from streams.domain.profiles import Account, Consent, Experiment, ProfileRecord, RecentEvent, Trait
from streams.service.explain import Explainer, Explanation

#: What else is kept, in words: it cannot be read, and says nothing that the rest does not say.
ALSO_HELD: Final = (
    "For each account: sums of vectors at two horizons, from which the interests are computed, sums by language, and "
    "hashes of the latest applied event ids, which keep an event from counting twice. "
    "Until the retention of their topics ends: the cleaned events in user-events, what platforms sent in "
    "events.<platform>, and records that could not be read in dead-letters."
)


class Deeds(msgspec.Struct, frozen=True):
    """What was done on one platform: number of events by type, first and last time (UTC seconds)."""

    platform: str
    first_seen: float
    last_seen: float
    counts: dict[str, int]


class Export(msgspec.Struct, frozen=True):
    """A person's copy. accounts: pseudonyms, never the platforms' ids. inferences: each with the events behind it."""

    profile_id: str
    revision: int
    accounts: list[Account]
    deeds: list[Deeds]
    recent: list[RecentEvent]
    inferences: Explanation
    consents: dict[str, Consent]
    personalised: bool
    blocked_tags: list[str]
    also_held: str
    traits: dict[str, Trait] = {}
    experiments: list[Experiment] = []


class Exporter:
    """Any number of threads may call it."""

    def __init__(self, explainer: Explainer) -> None:
        self._explainer = explainer

    def export(self, profile: ProfileRecord) -> Export:
        """Everything about one person."""
        return Export(
            profile_id=profile.profile_id,
            revision=profile.revision,
            accounts=profile.identity.accounts,
            deeds=[
                Deeds(name, block.first_seen, block.last_seen, block.counts)
                for name, block in sorted(profile.platforms.items())
            ],
            recent=profile.recent,
            inferences=self._explainer.explain(profile),
            consents=profile.consents,
            personalised=profile.personalised,
            blocked_tags=profile.blocked_tags,
            also_held=ALSO_HELD,
            traits=profile.traits,
            experiments=profile.experiments,
        )
