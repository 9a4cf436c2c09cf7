"""Whether a person may be chosen for by their profile."""

from __future__ import annotations

from streams.domain.consents import Purpose
from streams.domain.profiles import ProfileRecord


def why_nothing_personal(profile: ProfileRecord, recommend_default: bool = True) -> str:
    """Why nothing may be chosen by this profile, in words; empty when it may.

    recommend_default: what holds where nobody said anything about the purpose `recommend`.
    """
    if not profile.personalised:
        return "this person has switched personalisation off"
    if not allows(profile, "recommend", recommend_default):
        return "this person does not allow recommendations by their profile"
    return ""


def allows(profile: ProfileRecord, purpose: Purpose, default: bool) -> bool:
    """What the person said about the purpose; where they said nothing, the default."""
    said = profile.consents.get(purpose)
    return default if said is None else said.status == "granted"
