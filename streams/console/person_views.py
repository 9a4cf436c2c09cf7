"""What the pages beside the profile show: the timeline, recommendations beside history, and why or why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from streams.console.person_evidence import Evidence
from streams.console.person_view import Happened, ShownTag
from streams.domain.permissions import why_nothing_personal
from streams.domain.profiles import ProfileRecord
from streams.domain.revision_notes import RevisionNote
from streams.domain.segment_clauses import Clause, judged
from streams.domain.segments import SegmentRules
from streams.service.explain import Explanation
from streams.service.recommendations import Ask, Recommendations
from streams.service.tastes import Items
from streams.service.why_not import WhyItem


class RevisionsView(msgspec.Struct, frozen=True):
    """notes: latest first. titles: of the items that triggers name."""

    profile_id: str
    revision: int
    notes: list[RevisionNote]
    titles: Mapping[str, str]

    @classmethod
    def of(cls, profile: ProfileRecord, notes: list[RevisionNote], items: Items) -> RevisionsView:
        """Tags that the person blocked are not shown again."""
        blocked = set(profile.blocked_tags)
        shown = [
            msgspec.structs.replace(note, tags=[each for each in note.tags if each.tag not in blocked])
            for note in notes
        ]
        keys = list(dict.fromkeys(each.item for note in shown for each in note.triggers if each.item))
        entries = zip(keys, items.entries_of(keys), strict=True)
        titles = {key: entry.item.title for key, entry in entries if entry is not None}
        return cls(profile.profile_id, profile.revision, shown, titles)


class RecommendationsView(msgspec.Struct, frozen=True):
    """answer: what the API says. removed: near the person, and kept out by a filter. history: latest first."""

    profile_id: str
    revision: int
    ask: Ask
    answer: Recommendations
    removed: list[WhyItem]
    history: list[Happened]


class TagWhy(msgspec.Struct, frozen=True):
    """verdict: published, blocked, too_weak or never_seen. shown: the published tag. weakest: least published score.

    events: recent events of items that bear it.
    """

    name: str
    verdict: str
    shown: ShownTag | None
    weakest: float | None
    events: list[Happened]


class SegmentWhy(msgspec.Struct, frozen=True):
    """is_in: as published. clause: the rule judged now; None for a segment that serve does not know.

    refusal: why the person is in no segment at all, in words, else empty.
    """

    id: str
    description: str
    is_in: bool
    entered_at: float | None
    refusal: str
    clause: Clause | None


class WhyView(msgspec.Struct, frozen=True):
    """What was asked, and what else can be: tags as published, ids of segments."""

    profile_id: str
    revision: int
    ask: Ask
    tag: TagWhy | None
    segment: SegmentWhy | None
    item: WhyItem | None
    tags: list[str]
    segments: list[str]


def tag_why(profile: ProfileRecord, explanation: Explanation, name: str, evidence: Evidence, items: Items) -> TagWhy:
    """Of a tag `<kind>:<value>`."""
    keys = list(dict.fromkeys(event.item for event in profile.recent if event.item))
    entries = zip(keys, items.entries_of(keys), strict=True)
    events = evidence.of_items_with(key for key, entry in entries if entry and name in entry.tags)
    scores: Sequence[float] = [abs(tag.score) for tag in profile.tags]
    found = next((tag for tag in explanation.tags if f"{tag.kind}:{tag.tag}" == name), None)
    if found is not None:
        verdict = "published"
    elif name in profile.blocked_tags:
        verdict = "blocked"
    else:
        verdict = "too_weak" if events else "never_seen"
    return TagWhy(
        name=name,
        verdict=verdict,
        shown=None if found is None else evidence.tag(found, max(scores)),
        weakest=min(scores, default=None),
        events=[] if verdict == "blocked" else events,
    )


def segment_why(rules: SegmentRules, profile: ProfileRecord, name: str) -> SegmentWhy:
    """Of a segment by its id."""
    segment = next((each for each in rules.segments if each.id == name), None)
    entered = next((each.entered_at for each in profile.segments if each.id == name), None)
    return SegmentWhy(
        id=name,
        description="" if segment is None else segment.description,
        is_in=entered is not None,
        entered_at=entered,
        refusal=why_nothing_personal(profile, rules.recommend_default),
        clause=None if segment is None else judged(segment.condition, profile),
    )
