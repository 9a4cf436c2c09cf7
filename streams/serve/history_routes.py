"""What a person did lately, in order and in words: by profile id, and by account where that is allowed."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends, Response

from streams.domain.profiles import ProfileRecord
from streams.domain.sentences import Language
from streams.serve.answers import json_answer
from streams.serve.described import described
from streams.serve.parameters import AccountPath, InLanguage, PlatformPath, ProfileId, Steps
from streams.serve.parts import ServeParts
from streams.serve.person_routes import People, when_allowed
from streams.serve.problems import refusals
from streams.service.history import DEFAULT_STEPS, History, history_of

_HISTORY: Final = described(History)


def history_routes(parts: ServeParts) -> APIRouter:
    """Both ways to ask."""
    router, people = APIRouter(tags=["people"], responses=refusals(404, 422)), People(parts)

    def told(profile: ProfileRecord, language: Language, n: int) -> Response:
        return json_answer(history_of(profile, parts.items, language, n))

    @router.get(
        "/v1/profiles/{profile_id}/history",
        name="history",
        summary="What the person did lately, in order, as sentences and one text",
        response_model=_HISTORY,
    )
    def of_profile(profile_id: ProfileId, language: InLanguage = "en", n: Steps = DEFAULT_STEPS) -> Response:
        return told(people.get(profile_id), language, n)

    @router.get(
        "/v1/accounts/{account_platform}/{account}/history",
        name="history",
        summary="What an account's person did lately, in order",
        response_model=_HISTORY,
        dependencies=[Depends(when_allowed(parts))],
    )
    def of_account(
        account_platform: PlatformPath, account: AccountPath, language: InLanguage = "en", n: Steps = DEFAULT_STEPS
    ) -> Response:
        return told(people.get(people.id_of(account_platform, account)), language, n)

    return router
