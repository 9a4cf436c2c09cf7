"""Who is who among the simulated people: what an identity provider says, and how many profiles must come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal

from streams.simulation.people import HISTORY_S, Person
from streams.simulation.randomness import generator
from streams.simulation.records import JSON, CloudEvent, OutgoingRecord, identity_record, rfc3339

Verb = Literal["linked", "unlinked"]
Account = tuple[str, str]
"""(platform, raw id)."""

SOURCE: Final = "/identity/sign-in"
REASON: Final = "login"
#: Kinds of events that are about a person: nobody has a profile for them alone.
_ABOUT: Final = ("consent.changed", "user.erasure_requested")
_ERASURE: Final = _ABOUT[1]


def command(
    identifier: str, verb: Verb, accounts: Mapping[str, str], at_s: float, reason: str
) -> CloudEvent:
    """A link or unlink as a provider sends it. accounts: platform to raw id. at_s: UTC seconds. reason: a word."""
    named = [{"platform": platform, "account": account} for platform, account in accounts.items()]
    return {
        "specversion": "1.0",
        "id": identifier,
        "source": SOURCE,
        "type": f"identity.{verb}",
        "time": rfc3339(at_s),
        "datacontenttype": JSON,
        "data": {"accounts": named, "reason": reason},
    }


def links_of(people: Sequence[Person], seed: int, now_s: float) -> list[CloudEvent]:
    """Links of all who sign in with a provider, oldest first: one from each account of a person to the next."""
    random = generator(seed, "links")
    pairs = [dict(pair) for person in people if person.is_linked for pair in pairwise(person.accounts.items())]
    moments = sorted(now_s - random.random() * HISTORY_S for _ in pairs)
    random.shuffle(pairs)
    return [
        command(f"{int(now_s):x}-link-{number:04x}", "linked", pair, at_s, REASON)
        for number, (pair, at_s) in enumerate(zip(pairs, moments, strict=True))
    ]


def among(records: Sequence[OutgoingRecord], links: Sequence[CloudEvent]) -> list[OutgoingRecord]:
    """The records in their order with the links in theirs at even distances between them."""
    queue: list[tuple[float, OutgoingRecord]] = [(float(number), record) for number, record in enumerate(records)]
    gap = len(records) / max(1, len(links))
    queue += [((number + 0.5) * gap - 0.5, identity_record(link)) for number, link in enumerate(links)]
    queue.sort(key=lambda entry: entry[0])
    return [record for _, record in queue]


def n_profiles(people: Sequence[Person], events: Sequence[CloudEvent]) -> int:
    """Profiles that must be left of the people when all valid events and all links are applied.

    One of everybody whose accounts somebody knows, else one an account; none of accounts that did nothing or were
    erased, and none of a known person who was erased on any account.
    """
    seen: set[Account] = set()
    erased: set[Account] = set()
    for event in events:
        platform, _, action = event["type"].partition(".")
        if action == _ERASURE:
            erased.add((platform, event["subject"]))
        elif action not in _ABOUT:
            seen.add((platform, event["subject"]))
    total = 0
    for person in people:
        own = set(person.accounts.items())
        if person.is_known:
            total += bool(own & seen) and not own & erased
        else:
            total += len((own & seen) - erased)
    return total
