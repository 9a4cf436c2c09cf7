"""`/operations/people`: what a merge or split would give, and saying so; and erasing a person, from their page."""

from __future__ import annotations

from secrets import token_hex
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Form, Query, Request, Response

from streams.console.brokers import brokers_asked
from streams.console.formats import short_id
from streams.console.operations_acts import acting, in_scope
from streams.console.operations_parts import Operations
from streams.console.parts import ConsoleParts
from streams.console.rendering import Pages
from streams.domain.accounts import AccountKey
from streams.domain.profiles import Account, ProfileRecord
from streams.serve.access import requires
from streams.serve.lookups import living
from streams.serve.parameters import ProfileId
from streams.serve.person_routes import People
from streams.serve.privacy_routes import erase_person
from streams.serve.problems import Problem
from streams.service.people_preview import MixedPlatformError, PreviewRules, ProfilePreview, merged, split

PERSON_PATTERN: Final = r"^[!-~]{0,128}$"
Person = Annotated[str, Query(pattern=PERSON_PATTERN)]
Other = Annotated[str, Query(alias="with", pattern=PERSON_PATTERN)]
AccountId = Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$")]
CommandId = Annotated[str, Form(pattern=r"^[0-9a-f]{32}$")]

Trouble = Literal[
    "", "unknown_person", "unknown_other", "same_person", "unknown_account", "only_account", "mixed_platform"
]


class PeopleView(msgspec.Struct, frozen=True):
    """person, other: as they were asked for. accounts: of the person now. trouble: why there is no preview.

    merged: of both as one; stays and leaves: of the person without `account`, and of it alone.
    """

    person: str
    other: str
    account: str
    accounts: list[Account]
    trouble: Trouble
    merged: ProfilePreview | None = None
    stays: ProfilePreview | None = None
    leaves: ProfilePreview | None = None


class SaidView(msgspec.Struct, frozen=True):
    """The identity log has the command; it decides in a moment."""

    what: Literal["linked", "unlinked"]
    person: str
    other: str


class ErasedView(msgspec.Struct, frozen=True):
    """The request cannot be lost. request_id: as it is named in `change.trigger_ids` of the last record."""

    profile_id: str
    request_id: str


def people_routes(parts: ConsoleParts, operations: Operations, pages: Pages) -> APIRouter:
    """Previews and commands, role admin; erasures, role erase."""
    router, serve = APIRouter(include_in_schema=False), parts.serve
    seeing = [Depends(requires("admin", serve.keys)), Depends(in_scope(serve))]
    known = _Known(parts)

    @router.get("/operations/people", dependencies=seeing)
    def people(request: Request, person: Person = "", other: Other = "", account: AccountId = "") -> Response:
        view = _preview(known, operations, person, other, account)
        return pages.answer(request, "operations_people.html", view, command_id=token_hex(16))

    @router.post("/operations/people/link", dependencies=acting(serve, "admin", "link"))
    def link(request: Request, person: Person, other: Other, command_id: CommandId) -> Response:
        view = _preview(known, operations, person, other, "")
        if view.merged is None:
            raise _no_such(view.trouble)
        ends = [known.find(each) for each in (person, other)]
        accounts = [AccountKey(end.identity.accounts[0].account) for end in ends if end is not None]
        with brokers_asked():
            operations.identities.say("linked", accounts, command_id)
        return pages.answer(request, "operations_said.html", SaidView("linked", person, other))

    @router.post("/operations/people/unlink", dependencies=acting(serve, "admin", "unlink"))
    def unlink(request: Request, person: Person, account: AccountId, command_id: CommandId) -> Response:
        profile = known.find(person)
        if profile is None or account not in {each.account for each in profile.identity.accounts}:
            raise _no_such("unknown_account")
        with brokers_asked():
            operations.identities.say("unlinked", [AccountKey(account)], command_id)
        return pages.answer(request, "operations_said.html", SaidView("unlinked", person, account))

    @router.post("/people/{profile_id}/erase", dependencies=acting(serve, "erase", "erase"))
    def erase(request: Request, profile_id: ProfileId, confirmation: Annotated[str, Form(max_length=128)]) -> Response:
        if confirmation.strip() != short_id(profile_id):
            raise Problem(
                422, "not_confirmed", "the confirmation is not the beginning of the profile's id",
                f"type the first {len(short_id(profile_id))} characters of the id that is shown",
            )  # fmt: skip
        with brokers_asked():
            accepted = erase_person(serve, People(serve).id_of_living(profile_id))
        view = ErasedView(accepted.profile_id, accepted.request_id)
        return pages.answer(request, "operations_erased.html", view, status=202)

    return router


class _Known:
    """Living people with accounts."""

    def __init__(self, parts: ConsoleParts) -> None:
        self._profiles = parts.serve.profiles

    def find(self, profile_id: str) -> ProfileRecord | None:
        profile = living(self._profiles, profile_id) if profile_id else None
        return profile if profile is not None and profile.identity.accounts else None


def _preview(known: _Known, operations: Operations, person: str, other: str, account: str) -> PeopleView:
    profile = known.find(person)
    if profile is None:
        return PeopleView(person, other, account, [], "unknown_person" if person else "")
    view = PeopleView(person, other, account, profile.identity.accounts, "")
    if other:
        return _with_merged(view, operations.preview, profile, known.find(other))
    return _with_split(view, operations.preview, profile) if account else view


def _with_merged(
    view: PeopleView, rules: PreviewRules, profile: ProfileRecord, other: ProfileRecord | None
) -> PeopleView:
    replaced = msgspec.structs.replace
    if other is None:
        return replaced(view, trouble="unknown_other")
    if other.profile_id == profile.profile_id:
        return replaced(view, trouble="same_person")
    return replaced(view, merged=merged(rules, [profile, other]))


def _with_split(view: PeopleView, rules: PreviewRules, profile: ProfileRecord) -> PeopleView:
    replaced = msgspec.structs.replace
    if len(view.accounts) == 1:
        return replaced(view, trouble="only_account")
    try:
        stays, leaves = split(rules, profile, view.account)
    except KeyError:
        return replaced(view, trouble="unknown_account")
    except MixedPlatformError:
        return replaced(view, trouble="mixed_platform")
    return replaced(view, stays=stays, leaves=leaves)


def _no_such(trouble: str) -> Problem:
    return Problem(
        404, trouble or "unknown_person", "there is no such person or account", "look at the preview first"
    )
