"""Pages about one person: the profile, its revisions, what is recommended, and why or why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from streams.console.addresses import see_other, with_query
from streams.console.parts import ConsoleParts, PeopleParts
from streams.console.person_evidence import Evidence
from streams.console.person_view import PersonView, UnknownPerson
from streams.console.person_views import (
    RecommendationsView,
    RevisionsView,
    WhyView,
    segment_why,
    tag_why,
)
from streams.console.rendering import Pages, is_fragment, wants_json
from streams.domain.accounts import AccountKey
from streams.domain.profiles import ProfileRecord
from streams.domain.revision_notes import RevisionNote
from streams.serve.access import requires
from streams.serve.lookups import living, unknown_profile
from streams.serve.parameters import (
    DEFAULT_K,
    MAX_ID_CHARS,
    MAX_NAME_CHARS,
    PLATFORM_PATTERN,
    Diversity,
    K,
    ProfileId,
)
from streams.serve.subjects import names_its_subject
from streams.service.recommendations import DEFAULT_DIVERSITY, Ask
from streams.service.why_not import WhyNot


@dataclass(frozen=True)
class Asks:
    """What somebody wants to know the reason of. item: `<platform>:<item_id>`; tag: `<kind>:<value>`; empty = none."""

    item: str
    tag: str
    segment: str


def _named(
    item: Annotated[str, Query(max_length=MAX_ID_CHARS)] = "",
    tag: Annotated[str, Query(max_length=MAX_NAME_CHARS)] = "",
    segment: Annotated[str, Query(max_length=MAX_NAME_CHARS)] = "",
) -> Asks:
    return Asks(item.strip(), tag.strip().lower(), segment.strip())


def _asked(
    k: K = DEFAULT_K,
    diversity: Diversity = DEFAULT_DIVERSITY,
    platform: Annotated[str, Query(pattern=rf"^$|{PLATFORM_PATTERN}")] = "",
    category: Annotated[str, Query(max_length=MAX_NAME_CHARS)] = "",
) -> Ask:
    """As the API asks; a form sends what is not chosen as nothing."""
    return Ask(platform or None, category or None, k, explain=True, diversity=diversity)


Asked = Annotated[Ask, Depends(_asked)]
Named = Annotated[Asks, Depends(_named)]


def person_routes(parts: ConsoleParts, people: PeopleParts, pages: Pages) -> APIRouter:
    """`/people/{profile_id}` and what is below it."""
    reads = [Depends(requires("read", parts.serve.keys)), Depends(names_its_subject(parts.serve))]
    router, finder = APIRouter(include_in_schema=False, dependencies=reads), _Finder(parts, pages)

    @router.get("/people/{profile_id}")
    def person(request: Request, profile_id: ProfileId) -> Response:
        return finder.answer(request, profile_id, "person.html", lambda each: _person(parts, people, each))

    @router.get("/people/{profile_id}/revisions")
    def revisions(request: Request, profile_id: ProfileId) -> Response:
        return finder.answer(
            request,
            profile_id,
            "person_revisions.html",
            lambda each: RevisionsView.of(each, people.revisions(each.profile_id), parts.serve.items),
        )

    @router.get("/people/{profile_id}/recommendations")
    def recommendations(request: Request, profile_id: ProfileId, ask: Asked) -> Response:
        return finder.answer(
            request,
            profile_id,
            "person_recommendations.html",
            lambda each: _recommendations(parts, people, each, ask),
            platforms=parts.platforms,
        )

    @router.get("/people/{profile_id}/why")
    def why(request: Request, profile_id: ProfileId, ask: Asked, named: Named) -> Response:
        def view(profile: ProfileRecord) -> WhyView:
            return _why(parts, people, profile, ask, named)

        return finder.answer(request, profile_id, "person_why.html", view, platforms=parts.platforms)

    return router


class _Finder:
    """From an id in an address to a page, of the living profile only."""

    def __init__(self, parts: ConsoleParts, pages: Pages) -> None:
        self._parts = parts
        self._pages = pages

    def answer(
        self,
        request: Request,
        profile_id: str,
        template: str,
        view: Callable[[ProfileRecord], msgspec.Struct],
        platforms: Sequence[str] = (),
    ) -> Response:
        """The page; for somebody merged away the address of the profile that goes on, for nobody one that says so."""
        profile = self._living(profile_id)
        if profile is None:
            said = unknown_profile()
            nobody = UnknownPerson(profile_id, said.code, str(said), said.remedy)
            return self._pages.answer(request, "person_unknown.html", nobody, status=said.status)
        if profile.profile_id != profile_id:
            return _sent_on(request, profile_id, profile.profile_id)
        if is_fragment(request) and not wants_json(request):
            about = (profile.profile_id, profile.revision)
            return self._pages.shared(request, template, lambda: view(profile), about, platforms=platforms)
        return self._pages.answer(request, template, view(profile), platforms=platforms)

    def _living(self, profile_id: str) -> ProfileRecord | None:
        """A profile id is the key of an account, so the links know where somebody went whose record is gone."""
        serve = self._parts.serve
        profile = living(serve.profiles, profile_id) or living(serve.profiles, serve.resolve(AccountKey(profile_id)))
        return None if profile is None or not profile.identity.accounts else profile


def _sent_on(request: Request, gone: str, goes_on: str) -> Response:
    """A page is loaded anew, or its stream would still be about somebody who is gone."""
    address = with_query(request).replace(gone, goes_on, 1)
    if is_fragment(request):
        return Response(headers={"HX-Redirect": address})
    return see_other(address)


def _person(parts: ConsoleParts, people: PeopleParts, profile: ProfileRecord) -> PersonView:
    notes: list[RevisionNote] = people.revisions(profile.profile_id)
    rules = {segment.id: segment.condition.words for segment in people.segments.segments}
    explainer = parts.serve.spaces.present.explainer
    return _evidence(parts, people, profile).view(explainer, notes, rules)


def _recommendations(parts: ConsoleParts, people: PeopleParts, profile: ProfileRecord, ask: Ask) -> RecommendationsView:
    why_not, now_s = WhyNot(parts.serve.spaces.present.recommender), parts.serve.clock.now_s()
    answer = why_not.answer(profile, ask, now_s)
    return RecommendationsView(
        profile_id=profile.profile_id,
        revision=profile.revision,
        ask=ask,
        answer=answer,
        removed=why_not.removed(profile, ask, answer, now_s),
        history=_evidence(parts, people, profile).history(),
    )


def _why(parts: ConsoleParts, people: PeopleParts, profile: ProfileRecord, ask: Ask, named: Asks) -> WhyView:
    space, now_s = parts.serve.spaces.present, parts.serve.clock.now_s()
    tag = segment = item = None
    if named.tag:
        evidence = _evidence(parts, people, profile)
        tag = tag_why(profile, space.explainer.explain(profile), named.tag, evidence, parts.serve.items)
    if named.segment:
        segment = segment_why(people.segments, profile, named.segment)
    if named.item:
        item = WhyNot(space.recommender).why(profile, named.item, ask, now_s)
    return WhyView(
        profile_id=profile.profile_id,
        revision=profile.revision,
        ask=ask,
        tag=tag,
        segment=segment,
        item=item,
        tags=[f"{each.kind}:{each.tag}" for each in profile.tags],
        segments=[each.id for each in people.segments.segments],
    )


def _evidence(parts: ConsoleParts, people: PeopleParts, profile: ProfileRecord) -> Evidence:
    return Evidence(profile, parts.serve.items, people.half_lives_s)
