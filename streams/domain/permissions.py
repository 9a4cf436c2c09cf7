"""Whether a person may be chosen for by their profile."""

from __future__ import annotations

from streams.domain.profiles import ProfileRecord


def why_nothing_personal(profile: ProfileRecord, recommend_default: bool = True) -> str:
    """Why nothing may be chosen by this profile, in words; empty when it may.

    recommend_default: what holds where nobody said anything about the purpose `recommend`.
    """
    if not profile.personalised:
        return "this person has switched personalisation off"
    said = profile.consents.get("recommend")
    if not (recommend_default if said is None else said.status == "granted"):
        return "this person does not allow recommendations by their profile"
    return ""
