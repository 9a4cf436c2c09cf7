"""Similar people over HTTP: pseudonyms only, for analysts, and never unaudited, since one answer names many."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from streams.serve.access import asking, requires
from streams.serve.answers import json_answer
from streams.serve.audit import audited
from streams.serve.described import described
from streams.serve.parameters import ProfileId
from streams.serve.parts import ServeParts
from streams.serve.person_routes import People
from streams.serve.problems import Problem, refusals
from streams.service.similar_people import SimilarPeople

MAX_PEOPLE = 50
DEFAULT_PEOPLE = 10

K = Annotated[int, Query(ge=1, le=MAX_PEOPLE, description="Most people in the answer.")]


def similar_routes(parts: ServeParts) -> APIRouter:
    """By profile id alone: whoever asks works with pseudonyms."""
    router, people = APIRouter(tags=["people"]), People(parts)

    @router.get(
        "/v1/profiles/{profile_id}/similar-people",
        summary="Other people with a like taste, by pseudonym",
        dependencies=[Depends(requires("analyst", parts.keys)), Depends(audited(parts.auditor, "similar-people"))],
        response_model=described(SimilarPeople),
        responses=refusals(404, 422, 503),
    )
    def similar_people(request: Request, profile_id: ProfileId, k: K = DEFAULT_PEOPLE) -> Response:
        if parts.similar is None:
            raise Problem(
                404,
                "similar_people_off",
                "people are not compared here",
                "set BRAID_INDEX__PEOPLE=true and restart serve",
            )
        caller = asking(request)
        platforms = caller.key.grant.platforms if caller.key is not None else frozenset()
        return json_answer(parts.similar.similar(people.get(profile_id), k, platforms))

    return router
