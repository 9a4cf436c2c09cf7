"""From a profile to what its page shows: each value is joined with the events that the profile still lists for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from streams.console.person_view import (
    Happened,
    PersonView,
    ShownAccount,
    ShownConsent,
    ShownEntity,
    ShownExperiment,
    ShownIntent,
    ShownInterest,
    ShownPlatform,
    ShownRelation,
    ShownSegment,
    ShownSentiment,
    ShownTag,
    ShownTrait,
)
from streams.domain.actions import built_in
from streams.domain.consents import PURPOSES
from streams.domain.decay import HalfLives, factor
from streams.domain.profiles import ProfileRecord, RecentEvent, Trait
from streams.domain.revision_notes import RevisionNote
from streams.service.explain import ExplainedEvent, ExplainedInterest, Explainer
from streams.service.explained_tags import ExplainedTag, TagEvent
from streams.service.tastes import Items


class Evidence:
    """One profile and its recent events, with what their items are called. half_lives_s: of the masses."""

    def __init__(self, profile: ProfileRecord, items: Items, half_lives_s: HalfLives) -> None:
        self._profile = profile
        self._half_lives_s = half_lives_s
        entries = items.entries_of([event.item for event in profile.recent])
        self._entries = {event.id: entry for event, entry in zip(profile.recent, entries, strict=True)}
        self._recent = {event.id: event for event in profile.recent}

    def view(self, explainer: Explainer, notes: Sequence[RevisionNote], rules: Mapping[str, str]) -> PersonView:
        """The whole screen. notes: revisions, latest first. rules: of segments, in words, by id."""
        profile = self._profile
        explained = explainer.explain(profile)
        largest = max((abs(tag.score) for tag in profile.tags), default=0.0) or 1.0
        return PersonView(
            profile_id=profile.profile_id,
            revision=profile.revision,
            updated_at=profile.updated_at,
            as_of=profile.as_of,
            n_events=profile.events_applied,
            change=profile.change.kind,
            model=profile.model.label,
            mass=sum(block.mass for block in profile.platforms.values()),
            interests=[self._interest(each) for each in explained.interests],
            tags=[self.tag(each, largest) for each in explained.tags],
            platforms=self._platforms(),
            sentiment=self._sentiment(),
            intent=self._intent(),
            segments=[ShownSegment(each.id, each.entered_at, rules.get(each.id, "")) for each in profile.segments],
            relations=self._relations(),
            traits=[self._trait(name, trait) for name, trait in profile.traits.items()],
            experiments=[
                ShownExperiment(name=each.name, variant=each.variant, at=each.at, events=self._at(each.at))
                for each in profile.experiments
            ],
            accounts=self._accounts(notes),
            consents=[ShownConsent(purpose, profile.consents.get(purpose)) for purpose in PURPOSES],
            personalised=profile.personalised,
            blocked_tags=profile.blocked_tags,
            quality=profile.quality,
        )

    def history(self) -> list[Happened]:
        """Recent events, latest first."""
        return [self._happened(event) for event in self._profile.recent]

    def tag(self, tag: ExplainedTag, largest: float) -> ShownTag:
        """A published tag. largest: absolute score that fills a bar."""
        return ShownTag(
            tag=tag.tag,
            kind=tag.kind,
            score=tag.score,
            part=min(1.0, abs(tag.score) / largest),
            polarity=tag.polarity,
            support=tag.support,
            first_seen=tag.first_seen,
            last_seen=tag.last_seen,
            platforms=tag.platforms,
            events=[self._named(each) for each in tag.evidence],
            others=tag.earlier,
        )

    def of_items_with(self, names: Iterable[str]) -> list[Happened]:
        """Recent events of the items named by key."""
        wanted = set(names)
        return [self._happened(event) for event in self._profile.recent if event.item in wanted]

    def _interest(self, interest: ExplainedInterest) -> ShownInterest:
        return ShownInterest(
            label=interest.label,
            mass=interest.mass,
            share=interest.share,
            platforms=interest.platforms,
            events=[self._named(each) for each in interest.events],
            others=interest.others,
        )

    def _platforms(self) -> list[ShownPlatform]:
        blocks = sorted(self._profile.platforms.items(), key=lambda each: (-each[1].share, each[0]))
        shown = []
        for name, block in blocks:
            events = [
                self._happened(event, abs(event.weight) * self._left(event))
                for event in self._profile.recent
                if event.platform == name
            ]
            listed = sum(event.contribution or 0.0 for event in events)
            shown.append(
                ShownPlatform(
                    platform=name,
                    share=block.share,
                    mass=block.mass,
                    n_events=sum(block.counts.values()),
                    counts=dict(sorted(block.counts.items(), key=lambda each: (-each[1], each[0]))),
                    first_seen=block.first_seen,
                    last_seen=block.last_seen,
                    events=events,
                    others=block.mass - listed,
                )
            )
        return shown

    def _sentiment(self) -> ShownSentiment | None:
        felt = self._profile.sentiment
        if felt is None:
            return None
        said = [event for event in self._profile.recent if _has_words(event)]
        return ShownSentiment(
            score=felt.score,
            positive=felt.positive,
            neutral=felt.neutral,
            negative=felt.negative,
            n=felt.n,
            entities=[
                ShownEntity(
                    entity=each.entity,
                    kind=each.kind,
                    score=each.score,
                    n=each.n,
                    last_seen=each.last_seen,
                    events=[self._happened(event) for event in said if event.time <= each.last_seen][: each.n],
                )
                for each in felt.entities
            ],
            events=[self._happened(event) for event in said],
        )

    def _intent(self) -> ShownIntent | None:
        intent = self._profile.intent
        if intent is None:
            return None
        return ShownIntent(
            kind=intent.kind,
            confidence=intent.confidence,
            started_at=intent.started_at,
            ended_at=intent.ended_at,
            events=self._known(intent.evidence),
        )

    def _relations(self) -> list[ShownRelation]:
        return [
            ShownRelation(
                relation=each.relation,
                kind=each.kind,
                name=each.name,
                weight=each.weight,
                support=each.support,
                first_seen=each.first_seen,
                last_seen=each.last_seen,
                events=self._known(each.evidence, each.last_seen),
            )
            for each in self._profile.relations
        ]

    def _trait(self, name: str, trait: Trait) -> ShownTrait:
        if trait.source == "declared":  # such an event moves nothing else, so it is not among the recent ones
            events = [Happened("", f"{trait.platform}.user.traits", trait.platform, "", "", trait.observed_at, 0.0)]
        else:
            events = [
                self._happened(event)
                for event in self._profile.recent
                if (entry := self._entries[event.id]) is not None and entry.item.language == trait.value
            ]
        return ShownTrait(
            name=name,
            value=trait.value,
            source=trait.source,
            confidence=trait.confidence,
            observed_at=trait.observed_at,
            platform=trait.platform,
            events=events,
        )

    def _accounts(self, notes: Sequence[RevisionNote]) -> list[ShownAccount]:
        joined = {each.account: note.revision for note in reversed(notes) if not note.of for each in note.joined}
        return [
            ShownAccount(
                platform=each.platform,
                account=each.account,
                first_seen=each.first_seen,
                last_seen=each.last_seen,
                joined_at_revision=joined.get(each.account),
                events=[self._happened(event) for event in self._profile.recent if event.platform == each.platform],
            )
            for each in self._profile.identity.accounts
        ]

    def _known(self, event_ids: Sequence[str], last_seen: float = 0.0) -> list[Happened]:
        """Events by id; one that is not listed any more keeps its id and, where that is known, its time."""
        found = [self._recent.get(each) or RecentEvent(each, "", "", "", 0.0, last_seen) for each in event_ids]
        return [self._happened(event) for event in found]

    def _at(self, at_s: float) -> list[Happened]:
        return [self._happened(event) for event in self._profile.recent if event.time == at_s]

    def _named(self, event: ExplainedEvent | TagEvent) -> Happened:
        """Evidence keeps an event after it left the recent ones; only its item is not known then."""
        event_id = event.event_id if isinstance(event, ExplainedEvent) else event.id
        listed = self._recent.get(event_id)
        known = listed or RecentEvent(event_id, event.type, event.platform, "", event.weight, event.time)
        return self._happened(known, event.contribution)

    def _happened(self, event: RecentEvent, contribution: float | None = None) -> Happened:
        entry = self._entries.get(event.id)
        title = "" if entry is None else entry.item.title
        return Happened(
            event.id, event.type, event.platform, event.item, title, event.time, event.weight, contribution
        )  # fmt: skip

    def _left(self, event: RecentEvent) -> float:
        return factor(max(0.0, self._profile.as_of - event.time), self._half_lives_s[event.type])


def _has_words(event: RecentEvent) -> bool:
    action = built_in(event.type)
    return action is not None and action.words == "text"
