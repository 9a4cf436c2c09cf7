"""The published traits: the newest declared word over a person's accounts, and what is inferred where none was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from streams.domain.languages import LanguageShare, spoken_by
from streams.domain.profiles import Trait
from streams.domain.states import AccountState
from streams.domain.traits import Declared

#: The only trait that is inferred.
LANGUAGE: Final = "language"


class Share(NamedTuple):
    """One account's part of a view. scale: its tags' units at the view's time, times its platform's weight."""

    account: AccountState
    scale: float


def traits_of(shares: Sequence[Share]) -> dict[str, Trait]:
    """By name, sorted. Accounts that count nothing in the unified view say nothing here."""
    counted = [share for share in shares if share.scale > 0.0 and (share.account.traits or share.account.languages)]
    if not counted:
        return {}
    newest: dict[str, tuple[Declared, str]] = {}
    for account, _ in counted:
        for name, said in account.traits.items():
            known = newest.get(name)
            if known is None or _holds_beside(said, account.platform, *known):
                newest[name] = said, account.platform
    found = {
        name: Trait(said.value, "declared", 1.0, said.at_s, platform)
        for name, (said, platform) in newest.items()
        if said.value is not None
    }
    if LANGUAGE not in found and (inferred := _language(counted)) is not None:
        found[LANGUAGE] = inferred
    return dict(sorted(found.items()))


def _holds_beside(said: Declared, platform: str, other: Declared, other_platform: str) -> bool:
    """Of the same word, which is not the same as equal ones (1 and 1.0), that of the first platform by name."""
    return said.is_newer_than(other) or (not other.is_newer_than(said) and platform < other_platform)


def _language(shares: Sequence[Share]) -> Trait | None:
    spoken = spoken_by([LanguageShare(account.languages, scale) for account, scale in shares])
    return None if spoken is None else Trait(spoken.code, "inferred", spoken.confidence, spoken.last_s)
