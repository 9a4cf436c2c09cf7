"""Routes about one person: by profile id, by account, and the way from one to the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import BaseModel, Field

from streams.domain.profiles import ProfileRecord
from streams.serve.answers import json_answer, profile_answer
from streams.serve.described import described
from streams.serve.lookups import living, person_of, unknown_profile
from streams.serve.parameters import (
    MAX_ID_CHARS,
    PLATFORM_PATTERN,
    AccountPath,
    PlatformPath,
    ProfileId,
    WithVectors,
    asked,
)
from streams.serve.parts import ServeParts
from streams.serve.problems import Problem, refusals
from streams.service.explain import Explanation
from streams.service.recommend import Recommender
from streams.service.recommendations import Ask, Recommendations


class AccountName(BaseModel, extra="forbid"):
    """A platform's user by the platform's own id."""

    platform: str = Field(pattern=PLATFORM_PATTERN)
    account: str = Field(min_length=1, max_length=MAX_ID_CHARS)


class FoundAccount(msgspec.Struct, frozen=True):
    """The person an account belongs to. known: whether there is a profile of this id."""

    profile_id: str
    known: bool


#: Vectors are sent only when they are asked for.
_PROFILE: Final = described(ProfileRecord, frozenset({"short", "long", "vector"}))
_RECOMMENDATIONS: Final = described(Recommendations)
_EXPLANATION: Final = described(Explanation)

Asked = Annotated[Ask, Depends(asked)]
Named = Annotated[AccountName, Body()]


class People:
    """Finds the profile a request is about."""

    def __init__(self, parts: ServeParts) -> None:
        self._parts = parts

    def id_of(self, platform: str, account: str) -> str:
        """The id of the person an account belongs to, known or not."""
        return person_of(self._parts, platform, account)

    def id_of_living(self, profile_id: str) -> str:
        """The id that a profile goes on under, if it was merged away."""
        profile = self.find(profile_id)
        return profile_id if profile is None else profile.profile_id

    def find(self, profile_id: str) -> ProfileRecord | None:
        """The living profile: one that was merged away leads to the one it went into."""
        return living(self._parts.profiles, profile_id)

    def get(self, profile_id: str) -> ProfileRecord:
        """The living profile. Raises Problem 404."""
        profile = self.find(profile_id)
        if profile is None:
            raise unknown_profile()
        return profile


def profile_routes(parts: ServeParts) -> APIRouter:
    """By profile id, and the look-up that keeps raw account ids out of URLs."""
    router, people = APIRouter(tags=["people"], responses=refusals(404, 422)), People(parts)

    @router.get("/v1/profiles/{profile_id}", summary="The profile as published", response_model=_PROFILE)
    def profile(profile_id: ProfileId, vectors: WithVectors = False) -> Response:
        return profile_answer(people.get(profile_id), vectors)

    @router.get(
        "/v1/profiles/{profile_id}/recommendations",
        summary="Items for the person, best first",
        response_model=_RECOMMENDATIONS,
    )
    def recommendations(profile_id: ProfileId, ask: Asked) -> Response:
        return _recommended(parts, profile_id, ask)

    @router.get(
        "/v1/profiles/{profile_id}/explanation",
        summary="What the profile holds and why, in words",
        response_model=_EXPLANATION,
    )
    def explanation(profile_id: ProfileId) -> Response:
        return json_answer(parts.spaces.present.explainer.explain(people.get(profile_id)))

    @router.post(
        "/v1/accounts/lookup",
        summary="The profile id of an account, with no raw id in a URL",
        response_model=described(FoundAccount),
        responses=refusals(400, 413),
    )
    def lookup(named: Named) -> Response:
        profile_id = people.id_of(named.platform, named.account)
        profile = people.find(profile_id)
        living_id = profile_id if profile is None else profile.profile_id
        return json_answer(FoundAccount(living_id, known=profile is not None))

    return router


def account_routes(parts: ServeParts) -> APIRouter:
    """The same by account, for callers inside a trusted network: the raw id is part of the URL."""
    allowed = [Depends(when_allowed(parts))]
    router = APIRouter(tags=["people"], dependencies=allowed, responses=refusals(404, 422))
    people = People(parts)

    @router.get(
        "/v1/accounts/{account_platform}/{account}/profile",
        summary="The profile of an account's person",
        response_model=_PROFILE,
    )
    def profile(account_platform: PlatformPath, account: AccountPath, vectors: WithVectors = False) -> Response:
        return profile_answer(people.get(people.id_of(account_platform, account)), vectors)

    @router.get(
        "/v1/accounts/{account_platform}/{account}/recommendations",
        summary="Items for an account's person",
        response_model=_RECOMMENDATIONS,
    )
    def recommendations(account_platform: PlatformPath, account: AccountPath, ask: Asked) -> Response:
        return _recommended(parts, people.id_of(account_platform, account), ask)

    @router.get(
        "/v1/accounts/{account_platform}/{account}/explanation",
        summary="Why, for an account's person",
        response_model=_EXPLANATION,
    )
    def explanation(account_platform: PlatformPath, account: AccountPath) -> Response:
        profile = people.get(people.id_of(account_platform, account))
        return json_answer(parts.spaces.present.explainer.explain(profile))

    return router


def recommended(parts: ServeParts, recommender: Recommender, profile_id: str, ask: Ask) -> Recommendations:
    """Items for a person. Somebody unknown is no error here: what is popular is an answer."""
    profile = living(parts.profiles, profile_id)
    named = profile_id if profile is None else profile.profile_id
    return recommender.recommend(named, profile, ask, parts.clock.now_s())


def _recommended(parts: ServeParts, profile_id: str, ask: Ask) -> Response:
    return json_answer(recommended(parts, parts.spaces.present.recommender, profile_id, ask))


def when_allowed(parts: ServeParts) -> Callable[[Request], None]:
    """A dependency that lets raw account ids in URLs pass or not. Raises Problem 404."""

    def check(_: Request) -> None:
        if not parts.account_urls:
            raise Problem(
                404, "account_urls_off", "raw account ids are not taken in URLs here", "use POST /v1/accounts/lookup"
            )

    return check
