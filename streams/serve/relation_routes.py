"""Relations both ways: what one person has to do with things, and how many people have to do with one thing."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response

from streams.domain.edges import EDGE_KINDS, MAX_NAME_CHARS, RELATIONS
from streams.domain.profiles import Relation
from streams.serve.answers import json_answer
from streams.serve.described import described
from streams.serve.parameters import ProfileId
from streams.serve.parts import ServeParts
from streams.serve.person_routes import People
from streams.serve.problems import refusals

#: Below this many people a count could point at somebody.
LEAST_PEOPLE: Final = 5

_ONE_OF_RELATIONS: Final = f"^({'|'.join(RELATIONS)})$"
_ONE_OF_KINDS: Final = f"^({'|'.join(EDGE_KINDS)})$"
RelationName = Annotated[str | None, Query(pattern=_ONE_OF_RELATIONS, description="Only this relation.")]
KindName = Annotated[str | None, Query(pattern=_ONE_OF_KINDS, description="Only things of this kind.")]
Kind = Annotated[str, Query(pattern=_ONE_OF_KINDS, description="The kind of the thing.")]
Name = Annotated[str, Query(min_length=1, max_length=MAX_NAME_CHARS, description="The thing, in any case.")]


class PersonRelations(msgspec.Struct, frozen=True):
    """Heaviest first."""

    profile_id: str
    relations: list[Relation]


class RelationCount(msgspec.Struct, frozen=True):
    """people: how many profiles say so; null for fewer than five, nobody included."""

    relation: str
    people: int | None


class ThingRelations(msgspec.Struct, frozen=True):
    """Counts alone: who they are is not told."""

    kind: str
    name: str
    relations: list[RelationCount]


def relation_routes(parts: ServeParts) -> APIRouter:
    """By profile id, and by thing."""
    router, people = APIRouter(tags=["relations"]), People(parts)

    @router.get(
        "/v1/profiles/{profile_id}/relations",
        summary="What the person views, buys, likes and dislikes",
        response_model=described(PersonRelations),
        responses=refusals(404, 422),
    )
    def of_person(profile_id: ProfileId, relation: RelationName = None, kind: KindName = None) -> Response:
        profile = people.get(profile_id)
        told = [
            each
            for each in profile.relations
            if relation in {None, each.relation} and kind in {None, each.kind}
        ]
        return json_answer(PersonRelations(profile.profile_id, told))

    @router.get(
        "/v1/relations",
        summary="How many people view, buy, like and dislike a thing",
        response_model=described(ThingRelations),
        responses=refusals(422),
    )
    def of_thing(kind: Kind, name: Name) -> Response:
        plain = name.casefold().strip()
        counts = parts.count_relations([f"{relation}:{kind}:{plain}" for relation in RELATIONS])
        return json_answer(
            ThingRelations(
                kind,
                plain,
                [
                    RelationCount(relation, count if count >= LEAST_PEOPLE else None)
                    for relation, count in zip(RELATIONS, counts, strict=True)
                ],
            )
        )

    return router
