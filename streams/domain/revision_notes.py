"""What a revision changed, in few bytes: the profile before and the profile after, compared.

`profiles` is compacted, so nobody can look a former revision up; whoever follows the topic can keep these notes.

A change of a tag is laid to **events** when an event touched it (its support moved), to **accounts** when accounts came
or went, to the person's **choice** when it was blocked, and to **time** otherwise: the half-life took it, or others
became stronger. Where accounts left, tags that are gone are counted and not named: they may be somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from streams.domain.profiles import Account, ProfileRecord, Tag

MAX_TRIGGERS: Final = 5
MAX_TAGS: Final = 8
#: Accounts that a note remembers; of a person with more it is not known any more who it was about.
MAX_ACCOUNTS: Final = 16
#: What time alone takes from a tag is told from this part of its score on.
FADES: Final = 0.01
#: What is less is rounding.
ROUNDING: Final = 1e-9
#: Shares of platforms and sentiments are told in so small steps.
STEP: Final = 0.001
#: Kinds of change after which accounts may be gone.
PARTING: Final = frozenset({"split", "erase", "expire"})
#: Those after which nothing of what is gone may be told, not even what it counted.
ERASING: Final = PARTING - {"split"}

How = Literal["new", "gone", "up", "down"]
By = Literal["events", "accounts", "choice", "time"]


class Trigger(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An event or command that made the revision. type, item, time: as far as the profile still listed the event."""

    id: str
    type: str = ""
    item: str = ""
    time: float = 0.0


class TagChange(msgspec.Struct, frozen=True, gc=False):
    """A published tag, `<kind>:<value>`, whose score is another one. before: 0 for a new one; after: for a gone one."""

    tag: str
    how: How
    by: By
    before: float
    after: float


class Moved(msgspec.Struct, frozen=True, gc=False):
    """A named number before and after."""

    name: str
    before: float
    after: float


class Turned(msgspec.Struct, frozen=True, gc=False):
    """A named word before and after; empty = nothing."""

    name: str
    before: str
    after: str


class AccountName(msgspec.Struct, frozen=True, gc=False):
    """An account by its keyed hash."""

    platform: str
    account: str


class RevisionNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """One revision. at: the broker's time, UTC seconds. of: profile id, where it was another one before a merge.

    after_revision: the one it was compared with, 0 for the first one of all, -1 where none was known. n_triggers: all
    of them; triggers: the first few. aged_s: how far the profile's own time went on. n_tags_gone: tags that are gone
    and not named. turned: intent, consents, traits, model and choices. accounts: keys of all it was about; empty where
    there were too many. is_bare: whether what it changed was let go of, because accounts left since.
    """

    revision: int
    kind: str
    at: float
    after_revision: int = -1
    of: str = ""
    triggers: list[Trigger] = []
    n_triggers: int = 0
    n_events_before: int = 0
    n_events: int = 0
    aged_s: float = 0.0
    tags: list[TagChange] = []
    n_tags_gone: int = 0
    shares: list[Moved] = []
    sentiment: list[Moved] = []
    turned: list[Turned] = []
    entered: list[str] = []
    left: list[str] = []
    joined: list[AccountName] = []
    parted: list[AccountName] = []
    accounts: list[str] = []
    is_bare: bool = False


def noted(before: ProfileRecord | None, after: ProfileRecord) -> RevisionNote:
    """What the second record of a person changed over the first. Where no first one is known only what is there."""
    is_first = before is None and after.revision == 1
    names = [account.account for account in after.identity.accounts]
    plain = RevisionNote(
        revision=after.revision,
        kind=after.change.kind,
        at=after.updated_at,
        after_revision=0 if is_first else -1 if before is None else before.revision,
        triggers=_triggers(after),
        n_triggers=len(after.change.trigger_ids),
        n_events=after.events_applied,
        entered=after.change.entered,
        left=after.change.left,
        accounts=names if len(names) <= MAX_ACCOUNTS else [],
    )
    if before is None and not is_first:
        return plain
    tags = _tag_changes([] if before is None else before.tags, after)
    if after.change.kind in ERASING:
        return msgspec.structs.replace(plain, n_tags_gone=sum(each.how == "gone" for each in tags))
    hides_gone = after.change.kind in PARTING
    told = [each for each in tags if not (hides_gone and each.how == "gone")]
    return msgspec.structs.replace(
        plain,
        n_events_before=0 if before is None else before.events_applied,
        aged_s=0.0 if before is None else max(0.0, after.as_of - before.as_of),
        tags=sorted(told, key=_largest_first)[:MAX_TAGS],
        n_tags_gone=len(tags) - len(told),
        shares=_moved(_shares(before), _shares(after)),
        sentiment=_moved(_sentiment(before), _sentiment(after)),
        turned=[] if hides_gone else _turned(_words(before), _words(after)),
        joined=_only_in(after, before),
        parted=[] if before is None else _only_in(before, after),
    )


def bare(note: RevisionNote) -> RevisionNote:
    """The note without anything that the accounts of then did: when, why in one word, and how much."""
    return RevisionNote(
        note.revision, note.kind, note.at, note.after_revision, note.of, n_triggers=note.n_triggers, is_bare=True
    )


def is_about(note: RevisionNote, accounts: Sequence[Account]) -> bool:
    """Whether everybody it was about is still among the accounts."""
    return bool(note.accounts) and set(note.accounts) <= {account.account for account in accounts}


def _triggers(profile: ProfileRecord) -> list[Trigger]:
    recent = {event.id: event for event in profile.recent}
    found = []
    for trigger_id in profile.change.trigger_ids[:MAX_TRIGGERS]:
        event = recent.get(trigger_id)
        found.append(Trigger(trigger_id) if event is None else Trigger(trigger_id, event.type, event.item, event.time))
    return found


def _tag_changes(before: Sequence[Tag], after: ProfileRecord) -> list[TagChange]:
    known, now = _by_name(before), _by_name(after.tags)
    changes = []
    for name in known.keys() | now.keys():
        was, is_now = known.get(name), now.get(name)
        score, new_score = 0.0 if was is None else was.score, 0.0 if is_now is None else is_now.score
        by = _cause(name, was, is_now, after)
        is_there = was is not None and is_now is not None
        if is_there and abs(new_score - score) <= (FADES * abs(score) if by == "time" else ROUNDING):
            continue
        how: How = "new" if was is None else "gone" if is_now is None else "up" if new_score > score else "down"
        changes.append(TagChange(name, how, by, score, new_score))
    return changes


def _cause(name: str, was: Tag | None, is_now: Tag | None, after: ProfileRecord) -> By:
    if name in after.blocked_tags:
        return "choice"
    if was is not None and is_now is not None and was.support == is_now.support and was.last_seen == is_now.last_seen:
        return "time"
    if after.change.kind in {"merge", *PARTING}:
        return "accounts"
    return "time" if is_now is None else "events"


def _by_name(tags: Sequence[Tag]) -> dict[str, Tag]:
    return {f"{tag.kind}:{tag.tag}": tag for tag in tags}


def _largest_first(change: TagChange) -> tuple[float, str]:
    return -abs(change.after - change.before), change.tag


def _shares(profile: ProfileRecord | None) -> dict[str, float]:
    return {} if profile is None else {name: block.share for name, block in profile.platforms.items()}


def _sentiment(profile: ProfileRecord | None) -> dict[str, float]:
    if profile is None or profile.sentiment is None:
        return {}
    return {"": profile.sentiment.score}


def _words(profile: ProfileRecord | None) -> dict[str, str]:
    """Values that are words, by what they are called."""
    if profile is None:
        return {}
    words = {f"consent {purpose}": consent.status for purpose, consent in profile.consents.items()}
    words |= {f"trait {name}": str(trait.value) for name, trait in profile.traits.items()}
    if profile.intent is not None:
        words["intent"] = profile.intent.kind
    words["model"] = profile.model.label
    words["personalised"] = "yes" if profile.personalised else "no"
    words["blocked tags"] = str(len(profile.blocked_tags))
    return words


def _moved(before: Mapping[str, float], after: Mapping[str, float]) -> list[Moved]:
    names = sorted(before.keys() | after.keys())
    pairs = [Moved(name, before.get(name, 0.0), after.get(name, 0.0)) for name in names]
    return [
        each for each in pairs
        if abs(each.after - each.before) >= STEP or (each.name in before) != (each.name in after)
    ]  # fmt: skip


def _turned(before: Mapping[str, str], after: Mapping[str, str]) -> list[Turned]:
    if not before:  # a first revision turns nothing
        return []
    names = sorted(before.keys() | after.keys())
    pairs = [Turned(name, before.get(name, ""), after.get(name, "")) for name in names]
    return [each for each in pairs if each.before != each.after]


def _only_in(one: ProfileRecord, other: ProfileRecord | None) -> list[AccountName]:
    known = set() if other is None else {account.account for account in other.identity.accounts}
    return [
        AccountName(each.platform, each.account) for each in one.identity.accounts if each.account not in known
    ][:MAX_ACCOUNTS]  # fmt: skip
