"""From a platform's own user id to the person, also while one secret takes another's place."""

from __future__ import annotations

from streams.domain.accounts import account_key
from streams.domain.profiles import ProfileRecord
from streams.serve.parts import Profiles, ServeParts
from streams.serve.problems import Problem


def person_of(parts: ServeParts, platform: str, account: str) -> str:
    """The id of the person an account belongs to, known or not.

    The newest secret first, then the former ones, until there is a profile; without one, where its events will go.
    """
    secrets = (parts.pseudonym_secret, *parts.previous_secrets)
    ids = [parts.resolve(account_key(secret, platform, account)) for secret in secrets]
    return next((each for each in ids[:-1] if parts.profiles.profile_of(each) is not None), ids[-1])


def living(profiles: Profiles, profile_id: str) -> ProfileRecord | None:
    """The living profile: one that was merged away leads to the one it went into."""
    profile = profiles.profile_of(profile_id)
    if profile is not None and profile.identity.merged_into:
        return profiles.profile_of(profile.identity.merged_into)
    return profile


def unknown_profile() -> Problem:
    """The refusal of somebody of whom there is no profile."""
    return Problem(
        404,
        "unknown_profile",
        "there is no profile of this person: no event arrived yet, or it was erased",
        "publish events of the person, or look at /readyz: serve may still be reading",
    )
