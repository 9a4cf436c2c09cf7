"""What a person allows, account by account, and wants forgotten: kept beside the account's sums, moved with them.

Purposes: `profile` (keep and fold what the person does), `recommend` (choose by it for them), `train` (learn from it),
`share` (hand the profile to others). What nobody said is the configured default. The latest word by event time wins,
whatever the order of arrival; of two words at the same time the refusal wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, get_args

import msgspec

Purpose = Literal["profile", "recommend", "train", "share"]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
#: Tags a person may block; more are refused at the gate.
MAX_BLOCKED_TAGS: Final = 64


class Will(msgspec.Struct, array_like=True, frozen=True):
    """What one event asks for. personalised: None = nothing said. block, unblock: tags as `<kind>:<value>`.

    expire_before_s: let go of what is held if nothing came since then, 0 = no. reencode: publish in the encoder's
    present space.
    """

    consents: dict[str, bool] = {}
    personalised: bool | None = None
    block: tuple[str, ...] = ()
    unblock: tuple[str, ...] = ()
    erase: bool = False
    expire_before_s: float = 0.0
    reencode: bool = False


class Word(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A decision and when it was made, UTC seconds."""

    allows: bool
    at_s: float


class Standing(msgspec.Struct, array_like=True):
    """Everything an account's owner decided. erased_s: what happened up to then must not come back, 0 = never."""

    consents: dict[str, Word] = {}
    personalised: Word | None = None
    tags: dict[str, Word] = {}
    erased_s: float = 0.0


def decide(standing: Standing, will: Will, at_s: float) -> None:
    """Take a will into account, in place."""
    for purpose, allows in will.consents.items():
        standing.consents[purpose] = _later(standing.consents.get(purpose), Word(allows, at_s))
    if will.personalised is not None:
        standing.personalised = _later(standing.personalised, Word(will.personalised, at_s))
    for allows, tags in ((False, will.block), (True, will.unblock)):
        for tag in tags:
            standing.tags[tag] = _later(standing.tags.get(tag), Word(allows, at_s))
    if will.erase:
        standing.erased_s = max(standing.erased_s, at_s)


class Holds(NamedTuple):
    """What an account's word comes to at one moment."""

    purposes: frozenset[Purpose]
    is_personalised: bool
    blocked: frozenset[str]


def holds(standing: Standing | None, defaults: Mapping[str, bool]) -> Holds:
    """The purposes that are allowed, and the choices."""
    purposes = frozenset(purpose for purpose in PURPOSES if allows(standing, purpose, defaults))
    return Holds(purposes, is_personalised([standing]), blocked_tags([standing]))


def changes(before: Holds, after: Holds) -> Counter[str]:
    """What holds otherwise, by kind: a refusal of `profile` is a withdrawal.

    >>> changes(holds(None, {}), holds(Standing({"profile": Word(False, 5.0)}), {}))
    Counter({'withdraw': 1})
    """
    refused = before.purposes - after.purposes
    counted = Counter(
        grant=len(after.purposes - before.purposes),
        withdraw=len(refused & {"profile"}),
        refuse=len(refused - {"profile"}),
        personalise=int(after.is_personalised > before.is_personalised),
        depersonalise=int(after.is_personalised < before.is_personalised),
        block=len(after.blocked - before.blocked),
        unblock=len(before.blocked - after.blocked),
    )
    return +counted


def allows(standing: Standing | None, purpose: Purpose, defaults: Mapping[str, bool]) -> bool:
    """Whether an account's data may serve a purpose."""
    word = None if standing is None else standing.consents.get(purpose)
    return defaults.get(purpose, True) if word is None else word.allows


def together(standings: Iterable[Standing | None], defaults: Mapping[str, bool]) -> dict[Purpose, Word]:
    """What a person allows: what every account allows. The time is that of the word that decides, 0 for a default.

    >>> together([Standing({"share": Word(True, 5.0)}), None], {"share": False})["share"]
    Word(allows=False, at_s=0.0)
    """
    listed = list(standings)
    return {purpose: _strictest(listed, purpose, defaults) for purpose in PURPOSES}


def is_personalised(standings: Iterable[Standing | None]) -> bool:
    """Whether no account of the person switched personalisation off."""
    return all(each is None or each.personalised is None or each.personalised.allows for each in standings)


def blocked_tags(standings: Iterable[Standing | None]) -> frozenset[str]:
    """Tags that an account of the person blocked for good."""
    return frozenset(
        tag for each in standings if each is not None for tag, word in each.tags.items() if not word.allows
    )


def _strictest(standings: list[Standing | None], purpose: Purpose, defaults: Mapping[str, bool]) -> Word:
    default = Word(defaults.get(purpose, True), 0.0)
    words = [default if each is None else each.consents.get(purpose, default) for each in standings] or [default]
    return min(words, key=lambda word: (word.allows, -word.at_s))


def _later(known: Word | None, said: Word) -> Word:
    if known is None or said.at_s > known.at_s:
        return said
    if said.at_s == known.at_s and not said.allows:
        return said
    return known
