"""A person's rights over HTTP: a copy of everything held, and erasure. Neither happens unaudited."""

from __future__ import annotations

from secrets import token_bytes

import msgspec
from fastapi import APIRouter, Depends, Response

from streams.domain.events import EVENT_ID_BYTES
from streams.domain.profiles import ProfileRecord
from streams.errors import Unavailable
from streams.serve.access import requires
from streams.serve.answers import json_answer
from streams.serve.audit import audited
from streams.serve.described import described
from streams.serve.parameters import AccountPath, PlatformPath, ProfileId
from streams.serve.parts import ServeParts
from streams.serve.person_routes import People, when_allowed
from streams.serve.problems import Problem, refusals
from streams.service.export import Export, Exporter

ACCEPTED = 202


class ErasureAccepted(msgspec.Struct, frozen=True):
    """The request is in the log and cannot be lost. request_id: as it is named in `change.trigger_ids` of the end."""

    profile_id: str
    request_id: str


_EXPORT = described(Export)
_ACCEPTED = described(ErasureAccepted)


def privacy_routes(parts: ServeParts) -> APIRouter:
    """By profile id, and by account where raw ids may be in URLs."""
    router, people = APIRouter(tags=["rights"]), People(parts)
    exporting = [Depends(requires("erase", parts.keys)), Depends(audited(parts.auditor, "export"))]
    erasing = [Depends(requires("erase", parts.keys)), Depends(audited(parts.auditor, "erase"))]
    by_account = [Depends(when_allowed(parts))]

    @router.get(
        "/v1/profiles/{profile_id}/export",
        summary="Everything held about a person, with the reason for each inference",
        dependencies=exporting,
        response_model=_EXPORT,
        responses=refusals(404, 422, 503),
    )
    def export(profile_id: ProfileId) -> Response:
        return json_answer(_exported(parts, people.get(profile_id)))

    @router.get(
        "/v1/accounts/{account_platform}/{account}/export",
        summary="The same by an account of the person",
        dependencies=[*by_account, *exporting],
        response_model=_EXPORT,
        responses=refusals(404, 422, 503),
    )
    def export_by_account(account_platform: PlatformPath, account: AccountPath) -> Response:
        return json_answer(_exported(parts, people.get(people.id_of(account_platform, account))))

    @router.delete(
        "/v1/profiles/{profile_id}",
        summary="Erase a person: state, evidence, profile, and what comes back by replays",
        status_code=ACCEPTED,
        dependencies=erasing,
        response_model=_ACCEPTED,
        responses=refusals(422, 503),
    )
    def erase(profile_id: ProfileId) -> Response:
        return _erased(parts, people.id_of_living(profile_id))

    @router.delete(
        "/v1/accounts/{account_platform}/{account}",
        summary="The same by an account of the person",
        status_code=ACCEPTED,
        dependencies=[*by_account, *erasing],
        response_model=_ACCEPTED,
        responses=refusals(404, 422, 503),
    )
    def erase_by_account(account_platform: PlatformPath, account: AccountPath) -> Response:
        return _erased(parts, people.id_of(account_platform, account))

    return router


def erase_person(parts: ServeParts, profile_id: str) -> ErasureAccepted:
    """Ask for an erasure; returns once the request cannot be lost. profile_id: of the living. Raises Problem.

    Somebody unknown here may be known to a stage that is ahead: the request goes out all the same.
    """
    request_id = token_bytes(EVENT_ID_BYTES)
    try:
        parts.erasures.request(profile_id, request_id)
    except Unavailable as error:
        raise Problem(503, "not_taken", str(error), "ask again; an operator looks at the brokers") from error
    return ErasureAccepted(profile_id, request_id.hex())


def _erased(parts: ServeParts, profile_id: str) -> Response:
    answer = json_answer(erase_person(parts, profile_id))
    answer.status_code = ACCEPTED
    return answer


def _exported(parts: ServeParts, profile: ProfileRecord) -> Export:
    return Exporter(parts.spaces.present.explainer).export(profile)
